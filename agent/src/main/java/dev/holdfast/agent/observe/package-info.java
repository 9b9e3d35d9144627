/**
 * Observers that each run on their own and tell facts: the running server, the other members. May
 * use {@code core} and ports.
 */
@NullMarked
package dev.holdfast.agent.observe;

import org.jspecify.annotations.NullMarked;
