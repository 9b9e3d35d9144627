/**
 * The loop: facts come in, {@code decide} is asked, actions go out. All state lives on one
 * executor, the event loop; nothing here blocks it. What blocks runs on the workers ({@link
 * dev.holdfast.agent.loop.Workers}), and comes back as a fact. May use {@code core}, the port of
 * {@code dcs}, and the ports to the guard, PostgreSQL, the other members and the host's disks.
 */
@NullMarked
package dev.holdfast.agent.loop;

import org.jspecify.annotations.NullMarked;
