package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.config.StandbyCluster;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** What the server's configuration should be. */
final class Files {
    private Files() {}

    static ServerFiles forPrimary(Observation o, String syncNames) {
        return files(
                o,
                RoleSettings.ByRole::primary,
                new Source(Optional.empty(), Optional.of(o.me().slotName()), new TreeMap<>()),
                syncNames);
    }

    /**
     * A standby has the names already that it would need as primary, so that a promotion need not
     * wait for a change of them to count: the first that comes among all others confirms.
     */
    static ServerFiles forStandby(Observation o, ClusterView cluster, Optional<Upstream> upstream) {
        String names = armedNames(o, cluster).render();
        SortedMap<String, String> parameters = new TreeMap<>();
        o.config().standbyCluster().ifPresent(s -> parameters.putAll(s.parameters()));
        Optional<StandbyCluster> outside = Outside.asStandbyLeader(o, cluster, upstream);
        if (outside.isEmpty()) {
            return files(
                    o,
                    RoleSettings.ByRole::replica,
                    new Source(upstream, Optional.of(o.me().slotName()), parameters),
                    names);
        }
        parameters.putAll(outside.get().leaderParameters());
        return files(
                o,
                RoleSettings.ByRole::standbyLeader,
                new Source(upstream, outside.get().slot(), parameters),
                names);
    }

    /**
     * Where the WAL comes from.
     *
     * @param parameters that belong to it, and win over all others
     */
    private record Source(
            Optional<Upstream> upstream,
            Optional<String> slot,
            SortedMap<String, String> parameters) {}

    static SyncNames armedNames(Observation o, ClusterView cluster) {
        if (!o.config().synchronous()) {
            return SyncNames.NONE;
        }
        SortedSet<MemberName> others = eligible(o, cluster);
        if (others.isEmpty()) {
            return o.config().syncStrict() ? SyncNames.nobody() : SyncNames.NONE;
        }
        int number = Math.min(o.config().syncNodeCount(), others.size());
        return o.config().quorum()
                ? SyncNames.any(number, others)
                : new SyncNames(SyncNames.Form.FIRST, number, List.copyOf(others));
    }

    /** The other members that are alive and may be synchronous standbys. */
    static SortedSet<MemberName> eligible(Observation o, ClusterView cluster) {
        SortedSet<MemberName> others = new TreeSet<>();
        for (MemberRecord.Stored stored : cluster.members().values()) {
            if (!stored.name().equals(o.me()) && !stored.member().tags().noSync()) {
                others.add(stored.name());
            }
        }
        return others;
    }

    /**
     * Whom to stream from when {@code leader} leads; what was used before while the leader's record
     * is missing.
     */
    static Optional<Upstream> upstream(Observation o, ClusterView cluster, MemberName leader) {
        return Optional.ofNullable(cluster.members().get(leader))
                .flatMap(MemberRecord.Stored::upstream)
                .or(() -> o.applied().flatMap(ServerFiles::upstream));
    }

    /** What is for the role wins over what is for both, and the member's over the cluster's. */
    private static ServerFiles files(
            Observation o,
            Function<RoleSettings.ByRole, RoleSettings> role,
            Source source,
            String syncNames) {
        RoleSettings ours = role.apply(o.self().roles());
        RoleSettings everybodys = role.apply(o.config().roles());
        SortedMap<String, String> parameters = new TreeMap<>(o.config().parameters());
        parameters.putAll(o.self().parameters());
        parameters.putAll(everybodys.parameters());
        parameters.putAll(ours.parameters());
        if (o.config().useSlots() && o.config().slots().hasLogical()) {
            // Else the primary removes rows of the catalogs that the standbys' slots need.
            parameters.put("hot_standby_feedback", "on");
        }
        parameters.putAll(source.parameters());
        return new ServerFiles(
                parameters,
                firstOf(
                        List.of(
                                ours.pgHba(),
                                everybodys.pgHba(),
                                o.self().hba(),
                                o.config().pgHba(),
                                o.self().defaultHba())),
                firstOf(
                        List.of(
                                ours.pgIdent(),
                                everybodys.pgIdent(),
                                o.self().ident(),
                                o.config().pgIdent())),
                source.upstream(),
                source.slot().filter(_ -> o.config().useSlots() && !o.self().tags().noStream()),
                syncNames);
    }

    /** The first that has lines. */
    private static List<String> firstOf(List<List<String>> candidates) {
        for (List<String> lines : candidates) {
            if (!lines.isEmpty()) {
                return lines;
            }
        }
        return List.of();
    }
}
