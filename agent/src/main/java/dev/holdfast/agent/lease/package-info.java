/**
 * This member's lease in the store: kept alive, and until when it can be relied on. All state lives
 * on the loop's executor. May use {@code core} and the port of {@code dcs}.
 */
@NullMarked
package dev.holdfast.agent.lease;

import org.jspecify.annotations.NullMarked;
