package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.postgres.Upstream;

/**
 * What a server said of its history when it was asked over the replication protocol.
 *
 * @param leader under which leader it was asked
 * @param source which server: the leader's or, for a standby cluster, one of another cluster
 */
public record SourceFact(
        MonoTime askedAt,
        Epoch leader,
        Upstream source,
        SystemIdentifier system,
        boolean inRecovery,
        TimelineHistory history) {}
