/**
 * The rules. {@link dev.holdfast.core.decide.Decide#decide} is the one function that decides: an
 * observation in, a decision out, pure and total. Each rule set is a class that reads from top to
 * bottom; {@code Decide} says in which order they are asked.
 */
@NullMarked
package dev.holdfast.core.decide;

import org.jspecify.annotations.NullMarked;
