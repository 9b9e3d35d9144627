/**
 * What an operator sees when things break: each class shows one promise on real members, while
 * clients write. May use the harness only.
 */
@NullMarked
package dev.holdfast.chaos;

import org.jspecify.annotations.NullMarked;
