package dev.holdfast.core.status;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.postgres.Server;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * One immutable picture of a member, replaced whenever something changes. What holds only for a
 * while carries the instant until which it holds, so that a reader who looks late is not deceived.
 *
 * @param server what the last probe found; empty while no server runs
 * @param cluster the last view of the store; empty until it was read once
 * @param storeSeenEpochSeconds when the store last answered, seconds since 1970, 0 for never
 * @param leaderUntil until when this member holds the leader lease, unless it is renewed; {@link
 *     MonoTime#BEGINNING} when it does not
 * @param primaryUntil until when clients may be sent here to write: the lease holds, the server is
 *     out of recovery, a fresh probe said so, and what it shows cannot be lost any more; {@link
 *     MonoTime#BEGINNING} when they may not
 * @param settlesBy set while a change of role is under way here: the answer to a health check is
 *     about to change and may be held back until it has, or until this instant; {@link
 *     MonoTime#BEGINNING} otherwise
 * @param syncStandby this member stands in {@code /sync} while a synchronous mode is on
 * @param pauseSeen this member acts on the cluster's pause
 * @param scheduledRestart the restart that an operator has ordered for later
 * @param reasonCode why the member did what it last decided, as a stable code
 * @param reason the same as one sentence
 * @param task the long action under way, one sentence with progress, or empty
 * @param guard the guard's state: {@code standby}, {@code armed}, {@code paused} or {@code
 *     unreachable}
 * @param condition what an operator may want to look into though the member goes on
 * @param services those that follow the leader, and run here or should not any more
 * @param host what there is to say of the host
 */
public record MemberStatus(
        String scope,
        MemberName name,
        String version,
        MemberState state,
        MemberRole role,
        Optional<Server> server,
        Optional<ClusterView> cluster,
        Optional<SystemIdentifier> system,
        long storeSeenEpochSeconds,
        MonoTime leaderUntil,
        MonoTime primaryUntil,
        MonoTime settlesBy,
        boolean syncStandby,
        boolean pauseSeen,
        Tags tags,
        SortedMap<String, String> pendingRestart,
        Optional<ScheduledRestart> scheduledRestart,
        String reasonCode,
        String reason,
        String task,
        String guard,
        Condition condition,
        List<ServiceStatus> services,
        HostStatus host) {
    public MemberStatus {
        services = List.copyOf(services);
    }

    /**
     * A voter: some of those that stand in {@code /sync} confirm each commit, not this one for
     * sure.
     */
    public boolean isQuorumStandby() {
        return syncStandby
                && cluster.flatMap(ClusterView::config)
                        .filter(config -> config.value().quorum())
                        .isPresent();
    }

    /** Each commit waits for this member. */
    public boolean isSyncStandby() {
        return syncStandby && !isQuorumStandby();
    }

    public boolean holdsLease(MonoTime now) {
        return now.isBefore(leaderUntil);
    }

    /** Whether {@code /primary} answers 200. */
    public boolean servesAsPrimary(MonoTime now) {
        return now.isBefore(primaryUntil);
    }
}
