package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.config.StandbyCluster;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The cluster that a standby cluster follows: its leader does, and all do while nobody leads; the
 * others follow their own leader, as {@link Following} says.
 */
final class Outside {
    /** How long what a server said of its history holds, where that may change under one leader. */
    private static final Duration HOLDS = Duration.ofSeconds(5);

    /** The method that every member has. */
    static final List<String> BASE_BACKUP = List.of("basebackup");

    private Outside() {}

    /** The cluster that a standby cluster follows; empty in any other, and without hosts. */
    static Optional<Upstream> upstream(Observation o) {
        return o.config()
                .standbyCluster()
                .map(StandbyCluster::hosts)
                .filter(hosts -> !hosts.isEmpty())
                .map(hosts ->
                        Upstream.outside(
                                hosts.stream()
                                        .map(h -> new Upstream.Address(h.host(), h.port()))
                                        .toList()));
    }

    /** The section, for a server that follows {@code upstream} as a standby leader does. */
    static Optional<StandbyCluster> asStandbyLeader(
            Observation o, ClusterView cluster, Optional<Upstream> upstream) {
        return o.config()
                .standbyCluster()
                .filter(_ ->
                        upstream.equals(upstream(o))
                                && (upstream.isPresent() || cluster.isLeader(o.me())));
    }

    /**
     * Whose history is the cluster's: to take back what contradicts it, a server is needed that
     * takes writes. A standby leader does not.
     */
    static Optional<Upstream> rewindSource(
            Observation o, ClusterView cluster, Optional<Upstream> upstream) {
        return o.config().standbyCluster().isPresent()
                ? upstream(o)
                : upstream.filter(_ -> cluster.runningPrimary().isPresent());
    }

    /** By which methods a copy of the other cluster is made; empty for the member's own ones. */
    static List<String> copyMethods(Observation o, Optional<Upstream> source) {
        boolean own = source.flatMap(Upstream::member).isPresent();
        return o.config()
                .standbyCluster()
                .filter(_ -> !own)
                .map(s ->
                        s.createReplicaMethods().isEmpty() ? BASE_BACKUP : s.createReplicaMethods())
                .orElse(List.of());
    }

    /**
     * What is known of the history to follow, under this leader. In a standby cluster nobody is
     * promoted, so that what a server in recovery says holds too, as far as it has come itself.
     */
    static Optional<SourceFact> heard(Observation o, Epoch leader, Optional<Upstream> upstream) {
        boolean standbyCluster = o.config().standbyCluster().isPresent();
        return o.source()
                .filter(s -> s.leader().equals(leader))
                .filter(s ->
                        standbyCluster
                                ? upstream.equals(Optional.of(s.source()))
                                        && o.now().isBefore(s.askedAt().plus(HOLDS))
                                : !s.inRecovery());
    }
}
