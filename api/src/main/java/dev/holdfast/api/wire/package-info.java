/**
 * What Holdfast shows of a cluster and a member, in the form that the REST server writes and the
 * control command prints. Pure: values in, values or JSON out. May depend on core and Jackson.
 */
@NullMarked
package dev.holdfast.api.wire;

import org.jspecify.annotations.NullMarked;
