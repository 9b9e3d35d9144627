package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Whom a standby streams from while somebody leads: the one place that decides it. */
final class Following {
    /** How long a standby that does not let another one stream is passed over at first. */
    private static final Duration PASS = Duration.ofSeconds(10);

    private static final int MOST_DOUBLINGS = 5;

    private Following() {}

    /**
     * Whom this standby is to stream from while {@code leader} leads: another standby where its tag
     * says so, nobody where it takes its WAL from the archive.
     */
    static Optional<Upstream> upstream(Observation o, ClusterView cluster, MemberName leader) {
        return source(o, cluster)
                .flatMap(MemberRecord.Stored::upstream)
                .or(() -> direct(o, cluster, leader));
    }

    /** The same for a standby that only comes back, and needs whoever surely has all. */
    static Optional<Upstream> direct(Observation o, ClusterView cluster, MemberName leader) {
        return o.self().tags().noStream() ? Optional.empty() : Files.upstream(o, cluster, leader);
    }

    /**
     * The standby that this member is to stream from in place of the leader. Whoever stands in
     * {@code /sync} stays with the leader, whose commits wait for it, until the leader has taken it
     * out.
     */
    static Optional<MemberRecord.Stored> source(Observation o, ClusterView cluster) {
        boolean awaited =
                o.config().synchronous() && cluster.sync().value().standbys().contains(o.me());
        boolean passed =
                o.memory().wake().pass().filter(p -> o.now().isBefore(p.until())).isPresent();
        return awaited || passed ? Optional.empty() : named(cluster, o.me());
    }

    /**
     * The standby that {@code member} is to stream from in place of the leader: the one that its
     * tag {@code replicatefrom} names, while that one runs and streams itself, and does not come
     * from {@code member} in the end.
     */
    static Optional<MemberRecord.Stored> named(ClusterView cluster, MemberName member) {
        return cluster.member(member)
                .filter(m -> !m.tags().noStream())
                .flatMap(m -> m.tags().replicateFrom())
                .flatMap(name -> Optional.ofNullable(cluster.members().get(name)))
                .filter(s -> !cluster.isLeader(s.name()) && !cluster.isLeader(member))
                .filter(s -> s.member().isStreaming())
                .filter(s -> !comesFrom(cluster, s.name(), member));
    }

    /**
     * Whether the tags lead from {@code member} to {@code origin} before they end at the leader.
     */
    private static boolean comesFrom(ClusterView cluster, MemberName member, MemberName origin) {
        Set<MemberName> seen = new TreeSet<>();
        Optional<MemberName> next = Optional.of(member);
        while (next.isPresent() && !cluster.isLeader(next.get()) && seen.add(next.get())) {
            if (next.get().equals(origin)) {
                return true;
            }
            next = cluster.member(next.get()).flatMap(m -> m.tags().replicateFrom());
        }
        return false;
    }

    /** Through whom {@code member} says that it streams, in place of from the leader. */
    static Optional<MemberName> above(ClusterView cluster, MemberName member) {
        return cluster.member(member)
                .filter(MemberRecord::isStreaming)
                .flatMap(_ -> named(cluster, member))
                .map(MemberRecord.Stored::name);
    }

    /** The one through which {@code member} streams in the end from the leader; itself at last. */
    static MemberName first(ClusterView cluster, MemberName member) {
        return above(cluster, member).map(next -> first(cluster, next)).orElse(member);
    }

    /** The standby to stream from lets this one down: it is passed over, longer each time. */
    static Memory.Wake passing(Observation o) {
        int times = o.memory().wake().pass().map(Memory.Pass::times).orElse(0);
        MonoTime until = o.now().plus(PASS.multipliedBy(1L << Math.min(MOST_DOUBLINGS, times)));
        return new Memory.Wake(
                0, 0, MonoTime.BEGINNING, Optional.of(new Memory.Pass(until, times + 1)));
    }
}
