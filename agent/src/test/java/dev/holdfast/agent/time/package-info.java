/** Tests of the clock, against the kernel's own account of it. */
@NullMarked
package dev.holdfast.agent.time;

import org.jspecify.annotations.NullMarked;
