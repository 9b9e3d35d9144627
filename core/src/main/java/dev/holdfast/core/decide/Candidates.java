package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.WalSender;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Who may take over from a running primary. */
public final class Candidates {
    private Candidates() {}

    /**
     * Whether a candidate outside the sync set will do: it will for a manual failover, which waits
     * until it has everything.
     */
    public enum SyncSetRule {
        MUST_BE_IN,
        MAY_BE_OUT
    }

    /** Why {@code candidate} cannot take over now, as one sentence; empty when it can. */
    public static Optional<String> refusal(
            Observation o,
            ClusterView cluster,
            Server.Primary primary,
            MemberName candidate,
            SyncSetRule rule) {
        if (candidate.equals(o.me())) {
            return Optional.of("candidate " + candidate + " is the leader already");
        }
        MemberRecord.Stored stored = cluster.members().get(candidate);
        if (stored == null) {
            return Optional.of(
                    "candidate "
                            + candidate
                            + " is not a member that is alive: members are "
                            + cluster.members().keySet());
        }
        if (stored.member().tags().noFailover()) {
            return Optional.of("candidate " + candidate + " has the tag nofailover");
        }
        if (rule == SyncSetRule.MUST_BE_IN && !stored.member().isWell()) {
            return Optional.of(
                    "candidate " + candidate + " is not well: " + stored.member().note());
        }
        if (stored.lease().isEmpty()) {
            return Optional.of(
                    "candidate "
                            + candidate
                            + " shows no lease, so the leader key cannot be handed to it");
        }
        List<WalSender> senders =
                primary.senders().stream()
                        .filter(s -> candidate.matches(s.applicationName()))
                        .toList();
        if (senders.size() != 1 || !senders.getFirst().isStreaming()) {
            return Optional.of("candidate " + candidate + " is not streaming from " + o.me());
        }
        if (o.config().synchronous()
                && rule == SyncSetRule.MUST_BE_IN
                && !cluster.sync().value().standbys().contains(candidate)) {
            return Optional.of(
                    "candidate name does not match with sync_standby: "
                            + candidate
                            + " is not in "
                            + cluster.sync().value().standbys());
        }
        long lagBytes = primary.flushed().bytesPast(senders.getFirst().flushed());
        return !o.config().synchronous() && lagBytes > o.config().maximumLagOnFailover()
                ? Optional.of(
                        "candidate "
                                + candidate
                                + " lags "
                                + lagBytes
                                + " bytes, more than maximum_lag_on_failover, "
                                + o.config().maximumLagOnFailover())
                : Optional.empty();
    }

    /** The fit member that has received most. */
    public static Optional<MemberName> best(
            Observation o, ClusterView cluster, Server.Primary primary) {
        Comparator<MemberName> byFlushed =
                Comparator.comparing((MemberName m) -> flushed(primary, m));
        return cluster.members().keySet().stream()
                .filter(m -> refusal(o, cluster, primary, m, SyncSetRule.MUST_BE_IN).isEmpty())
                .max(byFlushed.thenComparing(Comparator.reverseOrder()));
    }

    private static Lsn flushed(Server.Primary primary, MemberName member) {
        return primary.senders().stream()
                .filter(s -> member.matches(s.applicationName()))
                .map(WalSender::flushed)
                .max(Comparator.naturalOrder())
                .orElse(Lsn.ZERO);
    }
}
