/** Tests of the callbacks on real programs. */
@NullMarked
package dev.holdfast.agent.callback;

import org.jspecify.annotations.NullMarked;
