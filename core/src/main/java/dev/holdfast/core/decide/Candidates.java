package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.WalSender;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;

/** Who may take over from a running primary. */
public final class Candidates {
    private Candidates() {}

    /**
     * Whether a candidate outside the sync set, or one that lags far behind, will do: it will for a
     * manual failover, which waits until it has everything.
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
        Optional<String> never = neverRefusal(o, cluster, candidate);
        if (never.isPresent()) {
            return never;
        }
        MemberRecord.Stored stored = Objects.requireNonNull(cluster.members().get(candidate));
        if (rule == SyncSetRule.MUST_BE_IN && !stored.member().isWell()) {
            return Optional.of(isUnwell(candidate, stored));
        }
        if (stored.lease().isEmpty()) {
            return Optional.of(
                    "candidate "
                            + candidate
                            + " shows no lease, so the leader key cannot be handed to it");
        }
        Optional<Lsn> flushed = flushed(cluster, primary, candidate);
        if (flushed.isEmpty()) {
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
        long lagBytes = primary.flushed().bytesPast(flushed.get());
        return !o.config().synchronous()
                        && rule == SyncSetRule.MUST_BE_IN
                        && lagBytes > o.config().maximumLagOnFailover()
                ? Optional.of(
                        "candidate "
                                + candidate
                                + " lags "
                                + lagBytes
                                + " bytes, more than maximum_lag_on_failover, "
                                + o.config().maximumLagOnFailover())
                : Optional.empty();
    }

    /**
     * How much of the primary's WAL a member has that streams, from the primary or from another
     * standby that does; of the latter as it told last.
     */
    private static Optional<Lsn> flushed(
            ClusterView cluster, Server.Primary primary, MemberName member) {
        Optional<Lsn> direct =
                WalSender.only(primary.senders(), member)
                        .filter(WalSender::isStreaming)
                        .map(WalSender::flushed);
        return direct.or(() ->
                Following.above(cluster, member)
                        .flatMap(above -> flushed(cluster, primary, above))
                        .flatMap(_ -> cluster.member(member))
                        .flatMap(MemberRecord::xlogLocation));
    }

    /** What speaks against a candidate whatever is asked of it. */
    private static Optional<String> neverRefusal(
            Observation o, ClusterView cluster, MemberName candidate) {
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
        return stored.member().tags().noFailover()
                ? Optional.of("candidate " + candidate + " has the tag nofailover")
                : Optional.empty();
    }

    private static String isUnwell(MemberName candidate, MemberRecord.Stored stored) {
        return "candidate " + candidate + " is not well: " + stored.member().note();
    }

    /** The fit member that has received most; of equals, the one that is preferred. */
    public static Optional<MemberName> best(
            Observation o, ClusterView cluster, Server.Primary primary) {
        Optional<MemberName> best = Optional.empty();
        Lsn most = Lsn.ZERO;
        int preferred = 0;
        for (MemberName member : cluster.members().keySet()) {
            if (refusal(o, cluster, primary, member, SyncSetRule.MUST_BE_IN).isEmpty()) {
                Lsn flushed = flushed(cluster, primary, member).orElseThrow();
                int preference = cluster.member(member).orElseThrow().tags().failoverPriority();
                boolean level = flushed.equals(most) && preference > preferred;
                if (best.isEmpty() || flushed.isAfter(most) || level) {
                    best = Optional.of(member);
                    most = flushed;
                    preferred = preference;
                }
            }
        }
        return best;
    }

    /**
     * Why {@code candidate} cannot take over a standby cluster now; empty when it can. Nobody need
     * stream from the leader for that.
     */
    public static Optional<String> refusalOfStandby(
            Observation o, ClusterView cluster, MemberName candidate) {
        Optional<String> never = neverRefusal(o, cluster, candidate);
        if (never.isPresent()) {
            return never;
        }
        MemberRecord.Stored stored = Objects.requireNonNull(cluster.members().get(candidate));
        if (!stored.member().isWell()) {
            return Optional.of(isUnwell(candidate, stored));
        }
        return stored.member().role() == MemberRole.REPLICA && stored.member().state().isRunning()
                ? Optional.empty()
                : Optional.of(
                        "candidate "
                                + candidate
                                + " does not run as a replica: it is "
                                + stored.member().role().text()
                                + ", "
                                + stored.member().state().text());
    }

    /** Who may take over a standby cluster; of several, the one that has received most. */
    public static Optional<MemberName> bestStandby(Observation o, ClusterView cluster) {
        return cluster.members().values().stream()
                .filter(m -> refusalOfStandby(o, cluster, m.name()).isEmpty())
                .max(
                        Comparator.<MemberRecord.Stored, Lsn>comparing(
                                        m -> m.member().xlogLocation().orElse(Lsn.ZERO))
                                .thenComparingInt(m -> m.member().tags().failoverPriority()))
                .map(MemberRecord.Stored::name);
    }
}
