package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.STORE_OLDER;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import java.util.Optional;

/**
 * The store shows an older state than was seen: a backup of etcd was restored. By its keys a member
 * could be elected that misses acknowledged commits, and one that has them be rewound. So nobody is
 * elected, and nobody follows whoever the old keys say leads, until an operator decides. PostgreSQL
 * is left as it is; one that may write without the lease is ended as ever.
 */
final class RestoredRules {
    private RestoredRules() {}

    /**
     * Somebody leads by the store's keys. A key that was restored may hang on a lease that its
     * member still renews, so the leader may be one that has followed another since.
     */
    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (cluster.isLeader(o.me())) {
            return Decide.isPrimary(o.server()) ? Optional.empty() : elects(o, cluster);
        }
        return o.known().isAheadInEpoch(cluster)
                ? Optional.of(decision(o, mine(o, cluster)))
                : Optional.empty();
    }

    /** Whether this member, or another one, has seen more than what would elect it. */
    static Optional<Decision> elects(Observation o, ClusterView cluster) {
        if (o.known().isAheadOf(cluster)) {
            return Optional.of(decision(o, mine(o, cluster)));
        }
        return cluster.members().values().stream()
                .filter(m -> m.member().store() == MemberRecord.Store.OLDER)
                .findFirst()
                .map(m ->
                        decision(
                                o,
                                m.name()
                                        + " has seen a newer state of the store than this one, so nobody is elected by it: see the reason there"));
    }

    private static Decision decision(Observation o, String sentence) {
        return Say.of(o, STORE_OLDER, sentence).decision();
    }

    private static String mine(Observation o, ClusterView cluster) {
        return "the store was restored to an older state: its keys epoch, timeline and sync have the revisions "
                + revisions(
                        cluster.epochRevision(), cluster.claimRevision(), cluster.sync().revision())
                + ", and this member has seen "
                + revisions(o.known().epoch(), o.known().timeline(), o.known().sync())
                + "; nobody is elected by it. Remove these three keys and the key leader: then the member that has received most leads";
    }

    private static String revisions(long epoch, long timeline, long sync) {
        return epoch + ", " + timeline + " and " + sync;
    }
}
