/** What a member shows of itself. */
@NullMarked
package dev.holdfast.agent.show;

import org.jspecify.annotations.NullMarked;
