/**
 * The agent's side of the guard, the native process that holds PostgreSQL and ends it when the
 * lease's deadline passes. May depend on core and the JDK; knows nothing of leases or of
 * PostgreSQL's state.
 */
@NullMarked
package dev.holdfast.agent.guard;

import org.jspecify.annotations.NullMarked;
