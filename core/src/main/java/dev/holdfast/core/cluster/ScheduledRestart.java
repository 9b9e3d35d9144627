package dev.holdfast.core.cluster;

import java.time.Duration;
import java.util.Optional;

/**
 * A restart for later.
 *
 * @param schedule when, ISO 8601 with offset
 * @param conditions looked at when the time has come
 * @param timeout how long it may take
 * @param startMicros the start of the server that is meant: one that was restarted meanwhile is not
 *     restarted again
 */
public record ScheduledRestart(
        String schedule,
        RestartConditions conditions,
        Optional<Duration> timeout,
        long startMicros) {

    /** As a list shows it, in Patroni's words. */
    public String text() {
        return schedule + conditions.postgresVersion().map(v -> " if version < " + v).orElse("");
    }
}
