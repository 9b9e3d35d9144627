package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.TimelineHistory;

/** What the leader's server said of its history when it was asked over the replication protocol. */
public record SourceFact(
        MonoTime askedAt,
        Epoch leader,
        SystemIdentifier system,
        boolean inRecovery,
        TimelineHistory history) {}
