package dev.holdfast.core.cluster;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
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
 * @param pause the member has seen that the cluster is paused
 * @param note Holdfast's own: one sentence when something needs an operator, else empty
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
        boolean pause,
        String note) {

    /** As found in the store: with its key's mod revision and the lease it hangs on. */
    public record Stored(
            MemberName name, MemberRecord member, long revision, Optional<LeaseId> lease) {}

    /** Whether nothing but positions differs, so that the write may wait. */
    public boolean sameButPositions(MemberRecord other) {
        return withoutPositions().equals(other.withoutPositions());
    }

    private MemberRecord withoutPositions() {
        return new MemberRecord(
                connUrl,
                apiUrl,
                state,
                role,
                version,
                Optional.empty(),
                timeline,
                Optional.empty(),
                Optional.empty(),
                replicationState,
                tags,
                pendingRestartReason,
                pause,
                note);
    }
}
