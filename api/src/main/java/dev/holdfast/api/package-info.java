/**
 * The REST interface: server, wire records and client. May depend on core, Vert.x Web, Jackson and
 * Micrometer.
 */
@NullMarked
package dev.holdfast.api;

import org.jspecify.annotations.NullMarked;
