/**
 * The asynchronous client of the REST interface, by which an agent asks its peers and the control
 * command asks the members. May depend on core, the seam in {@link dev.holdfast.api}, Vert.x and
 * Jackson.
 */
@NullMarked
package dev.holdfast.api.client;

import org.jspecify.annotations.NullMarked;
