package dev.holdfast.agent.guard;

import dev.holdfast.core.config.AgentConfig;

/**
 * What the guard says of the host's watchdog.
 *
 * @param seconds the time-out of the device while it runs, else 0
 * @param failure why the device cannot be used; empty when it can be, as far as is known, or none
 *     is wanted
 */
public record WatchdogState(AgentConfig.Watchdog.Mode mode, int seconds, String failure) {}
