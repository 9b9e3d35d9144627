/**
 * Certificates and keys in PEM files, as operators keep them: read, checked and handed out as the
 * JDK's trust and key managers. Knows nothing of who speaks TLS with them. May depend on core and
 * the JDK.
 */
@NullMarked
package dev.holdfast.tls;

import org.jspecify.annotations.NullMarked;
