/**
 * Tells those that route clients what they would find out by themselves a little later. What is
 * said is bounded by the lease, and nobody has to believe it for longer than until its own next
 * look. May use {@code core} and what a turn of the loop shows.
 */
@NullMarked
package dev.holdfast.agent.routing;

import org.jspecify.annotations.NullMarked;
