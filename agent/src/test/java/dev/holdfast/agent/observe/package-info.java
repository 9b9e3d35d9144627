/** Tests of the observers, in virtual time or on real directories. */
@NullMarked
package dev.holdfast.agent.observe;

import org.jspecify.annotations.NullMarked;
