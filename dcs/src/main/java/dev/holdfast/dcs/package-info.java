/**
 * The port to the store ({@link dev.holdfast.dcs.Dcs}) and what is told through it. May use {@code
 * core} only.
 */
@NullMarked
package dev.holdfast.dcs;

import org.jspecify.annotations.NullMarked;
