package dev.holdfast.core.cluster;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.Upstream;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The value of {@code members/<name>}: what a member says of itself. Its being there means that the
 * member's agent was alive within the last TTL.
 *
 * @param connUrl how to reach PostgreSQL, {@code postgres://host:port/database}
 * @param apiUrl how to reach the agent, {@code http://host:port/patroni}
 * @param version the agent's version
 * @param xlogLocation the primary's flush position, a standby's higher one of received and replayed
 * @param replicationState {@code streaming}, {@code in archive recovery} or empty
 * @param pendingRestartReason parameter to {@code old->new}; empty when no restart is pending
 * @param scheduledRestart what an operator has ordered for later
 * @param pause the member has seen that the cluster is paused
 * @param note Holdfast's own: one sentence when something needs an operator, else empty
 * @param health Holdfast's own: whether the member could lead as far as its server and disks go
 * @param store Holdfast's own: what the member thinks of the store
 * @param generation Holdfast's own: the newest generation of the key {@code epoch} that the member
 *     has seen, 0 before any: see {@link KnownStore}
 * @param services Holdfast's own: the services that follow the leader, by name, with their state
 */
public record MemberRecord(
        String connUrl,
        String apiUrl,
        MemberState state,
        MemberRole role,
        String version,
        Optional<Lsn> xlogLocation,
        Optional<Timeline> timeline,
        Optional<Lsn> receiveLsn,
        Optional<Lsn> replayLsn,
        Optional<String> replicationState,
        Tags tags,
        SortedMap<String, String> pendingRestartReason,
        Optional<ScheduledRestart> scheduledRestart,
        boolean pause,
        String note,
        Health health,
        Store store,
        int generation,
        SortedMap<String, String> services) {

    public MemberRecord {
        services = FrozenMap.copyOf(services);
    }

    /** What the member has seen of the store, against what the store shows. */
    public enum Store {
        CURRENT,
        /** The store was restored to an older state than the member has seen. */
        OLDER
    }

    /** How the member finds its server's door and its disks. */
    public enum Health {
        WELL,
        /** The server does not answer, or a disk hangs or has no room; {@link #note} says which. */
        UNWELL
    }

    public boolean isWell() {
        return health == Health.WELL;
    }

    /** Its standby runs and receives WAL as it is written. */
    public boolean isStreaming() {
        return state == MemberState.STREAMING
                || (state == MemberState.RUNNING
                        && replicationState.filter("streaming"::equals).isPresent());
    }

    /**
     * As found in the store: with its key's mod revision and the lease it hangs on.
     *
     * @param upstream where to stream from this member; empty when its {@code conn_url} is none
     */
    public record Stored(
            MemberName name,
            MemberRecord member,
            long revision,
            Optional<LeaseId> lease,
            Optional<Upstream> upstream) {

        /** The address is read here, once, and not by each decision that rests on the record. */
        public Stored(
                MemberName name, MemberRecord member, long revision, Optional<LeaseId> lease) {
            this(name, member, revision, lease, Upstream.of(name, member.connUrl()));
        }
    }

    /** Whether nothing but positions differs, so that the write may wait. */
    public boolean sameButPositions(MemberRecord other) {
        return equals(other.at(this));
    }

    /** The same, with the positions of another record. */
    private MemberRecord at(MemberRecord other) {
        return new MemberRecord(
                connUrl,
                apiUrl,
                state,
                role,
                version,
                other.xlogLocation,
                timeline,
                other.receiveLsn,
                other.replayLsn,
                replicationState,
                tags,
                pendingRestartReason,
                scheduledRestart,
                pause,
                note,
                health,
                store,
                generation,
                services);
    }
}
