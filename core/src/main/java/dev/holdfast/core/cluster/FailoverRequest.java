package dev.holdfast.core.cluster;

import dev.holdfast.core.MemberName;
import java.util.Optional;

/**
 * The key {@code failover}: an operator's wish for another leader. With {@code leader} it is a
 * switchover, without it a manual failover to {@code candidate}.
 *
 * @param scheduledAt ISO 8601 with offset; empty means at once
 * @param operation Holdfast's own: under which identifier its end is written down; empty where
 *     nobody asked for one
 */
public record FailoverRequest(
        Optional<MemberName> leader,
        Optional<MemberName> candidate,
        Optional<String> scheduledAt,
        Optional<String> operation) {

    /** One that Patroni's own command would write. */
    public FailoverRequest(
            Optional<MemberName> leader,
            Optional<MemberName> candidate,
            Optional<String> scheduledAt) {
        this(leader, candidate, scheduledAt, Optional.empty());
    }

    /**
     * Whether it is a manual failover, which may name a member that is not in the sync set; a
     * switchover never does.
     */
    public boolean isManual() {
        return leader.isEmpty();
    }

    /** Whether it is for later, and nothing is to be done about it yet. */
    public boolean isScheduled() {
        return scheduledAt.isPresent();
    }

    /** The same, now that its time has come. */
    public FailoverRequest atOnce() {
        return new FailoverRequest(leader, candidate, Optional.empty(), operation);
    }
}
