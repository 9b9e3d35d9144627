/** The agent's process and its only wiring. May depend on core, dcs and api. */
@NullMarked
package dev.holdfast.agent;

import org.jspecify.annotations.NullMarked;
