package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.util.Optional;

/**
 * What an operator asked of this one member and is not done yet.
 *
 * @param restart end the server that was started at this instant ({@code startMicros}) and start it
 *     anew
 * @param reinitialize replace the data directory by a fresh base backup
 * @param shutdown hand over, stop PostgreSQL and end the agent
 */
public record Orders(
        Optional<Long> restart, Optional<Reinitialize> reinitialize, boolean shutdown) {
    public static final Orders NONE = new Orders(Optional.empty(), Optional.empty(), false);

    /** When it was ordered: a copy that ended before does not fulfil it. */
    public record Reinitialize(MonoTime orderedAt) {}

    public Orders withRestart(Optional<Long> start) {
        return new Orders(start, reinitialize, shutdown);
    }

    public Orders withReinitialize(Optional<Reinitialize> order) {
        return new Orders(restart, order, shutdown);
    }

    public Orders withShutdown() {
        return new Orders(restart, reinitialize, true);
    }
}
