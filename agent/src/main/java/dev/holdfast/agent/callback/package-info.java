/**
 * Calls the operator's callback scripts, one at a time, on a thread of its own: nothing waits for
 * them. Which call follows from which change is {@code core}'s to say ({@code
 * dev.holdfast.core.decide.Callbacks}). May use {@code core} and what a turn of the loop shows.
 */
@NullMarked
package dev.holdfast.agent.callback;

import org.jspecify.annotations.NullMarked;
