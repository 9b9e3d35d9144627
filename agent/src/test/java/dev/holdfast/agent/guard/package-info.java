/**
 * Tests of the guard through its client: real processes, and in the integration tests a real
 * PostgreSQL.
 */
@NullMarked
package dev.holdfast.agent.guard;

import org.jspecify.annotations.NullMarked;
