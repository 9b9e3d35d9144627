/**
 * The host's clock that no one can set. May depend on core, and on the C library by the foreign
 * function API.
 */
@NullMarked
package dev.holdfast.agent.time;

import org.jspecify.annotations.NullMarked;
