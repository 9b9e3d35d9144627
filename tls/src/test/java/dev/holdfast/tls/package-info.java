/** Certificates made on the fly, and what is read of them. */
@NullMarked
package dev.holdfast.tls;

import org.jspecify.annotations.NullMarked;
