/**
 * The words of Holdfast: the values that every other part speaks in, valid by construction. Nothing
 * here does I/O, reads a clock or draws a random number; only the JDK's pure parts and the JSpecify
 * annotations may be used.
 */
@NullMarked
package dev.holdfast.core;

import org.jspecify.annotations.NullMarked;
