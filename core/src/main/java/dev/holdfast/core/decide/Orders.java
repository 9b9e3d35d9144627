package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;

/**
 * What an operator asked of this one member and is not done yet.
 *
 * @param restart end a server and start it anew
 * @param scheduled a restart for later
 * @param reinitialize replace the data directory by a fresh base backup
 * @param shutdown hand over, stop PostgreSQL and end the agent
 */
public record Orders(
        Optional<Restart> restart,
        Optional<ScheduledRestart> scheduled,
        Optional<Reinitialize> reinitialize,
        boolean shutdown) {
    public static final Orders NONE =
            new Orders(Optional.empty(), Optional.empty(), Optional.empty(), false);

    /**
     * A restart for now.
     *
     * @param startMicros the start of the server that is to end
     * @param timeout how long it may take; empty for what the configuration says
     */
    public record Restart(long startMicros, MonoTime orderedAt, Optional<Duration> timeout) {}

    /**
     * A fresh copy.
     *
     * @param orderedAt a copy that ended before does not fulfil it
     * @param from whose copy it may be
     */
    public record Reinitialize(MonoTime orderedAt, CopyOf from) {}

    /** Whom a copy is made from. */
    public enum CopyOf {
        LEADER,
        /** A standby that offers itself, else the leader. */
        ANYBODY
    }

    public Orders withRestart(Optional<Restart> order) {
        return new Orders(order, scheduled, reinitialize, shutdown);
    }

    public Orders withScheduled(Optional<ScheduledRestart> order) {
        return new Orders(restart, order, reinitialize, shutdown);
    }

    public Orders withReinitialize(Optional<Reinitialize> order) {
        return new Orders(restart, scheduled, order, shutdown);
    }

    public Orders withShutdown() {
        return new Orders(restart, scheduled, reinitialize, true);
    }

    /** What is left to do once {@code server} runs. */
    public Orders with(Server server) {
        Optional<Long> start = Restarts.startOf(server);
        boolean done =
                start.isPresent()
                        && restart.filter(r -> r.startMicros() != start.get()).isPresent();
        return done ? withRestart(Optional.empty()) : this;
    }
}
