package dev.holdfast.core.cluster;

import dev.holdfast.core.MemberName;
import java.util.Optional;

/**
 * The key {@code failover}: an operator's wish for another leader. With {@code leader} it is a
 * switchover, without it a manual failover to {@code candidate}.
 *
 * @param scheduledAt ISO 8601 with offset; empty means at once
 */
public record FailoverRequest(
        Optional<MemberName> leader, Optional<MemberName> candidate, Optional<String> scheduledAt) {

    /**
     * Whether it is a manual failover, which may name a member that is not in the sync set; a
     * switchover never does.
     */
    public boolean isManual() {
        return leader.isEmpty();
    }
}
