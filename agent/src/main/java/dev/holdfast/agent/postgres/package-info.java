/**
 * Control of the one PostgreSQL server of this member: its data directory, its files, its programs
 * and sessions with it. It decides nothing: what is wanted comes in as values of {@code
 * dev.holdfast.core.postgres}, what was found goes out as such. Starting and ending the server is
 * the guard's. May use {@code core}, the PostgreSQL driver and Jackson; nothing else of the agent.
 */
@NullMarked
package dev.holdfast.agent.postgres;

import org.jspecify.annotations.NullMarked;
