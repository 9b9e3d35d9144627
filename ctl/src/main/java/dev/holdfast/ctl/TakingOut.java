package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Whether the cluster can do without a member, and whether it does already. */
final class TakingOut {
    private TakingOut() {}

    /** Why {@code member} must not be taken out now, as one sentence; empty when it may be. */
    static Optional<String> refusal(ClusterView cluster, MemberName member) {
        ClusterConfig config =
                cluster.config().map(Versioned::value).orElse(ClusterConfig.defaults());
        List<MemberRow> others =
                ClusterRows.rows(cluster).stream()
                        .filter(row -> !row.name().equals(member))
                        .toList();
        if (cluster.isLeader(member)) {
            return leader(cluster, config, others);
        }
        if (cluster.leader().isEmpty()
                && others.stream().allMatch(row -> row.tags().noFailover())) {
            return Optional.of("nobody leads, and no other member may");
        }
        return cluster.leader().isPresent() ? commitsWait(config, others, 1) : Optional.empty();
    }

    /**
     * In strict mode somebody has to confirm commits.
     *
     * @param needed how many of {@code others} have to be left: one to confirm, and one to lead
     *     where the leader goes
     */
    private static Optional<String> commitsWait(
            ClusterConfig config, List<MemberRow> others, int needed) {
        long able =
                others.stream()
                        .filter(row ->
                                !row.leads()
                                        && !row.tags().noSync()
                                        && row.state().equals("streaming"))
                        .count();
        return config.synchronous() && config.syncStrict() && able < needed
                ? Optional.of(
                        "no other standby could be synchronous, and without one commits wait"
                                + " (synchronous_mode_strict)")
                : Optional.empty();
    }

    private static Optional<String> leader(
            ClusterView cluster, ClusterConfig config, List<MemberRow> others) {
        if (config.pause()) {
            return Optional.of(
                    "it leads, and in a pause it hands over only by switchover: do that, or resume, first");
        }
        boolean any = others.stream().anyMatch(row -> unfit(cluster, config, row).isEmpty());
        return any
                ? commitsWait(config, others, 2)
                : Optional.of(
                        "it leads, and nobody else can"
                                + others.stream()
                                        .map(row ->
                                                "; "
                                                        + row.name()
                                                        + " "
                                                        + unfit(cluster, config, row).orElse(""))
                                        .collect(Collectors.joining()));
    }

    private static Optional<String> unfit(
            ClusterView cluster, ClusterConfig config, MemberRow row) {
        if (row.settings().isOut()) {
            return Optional.of("is taken out itself");
        }
        if (row.tags().noFailover()) {
            return Optional.of("has the tag nofailover");
        }
        if (!row.state().equals("streaming")) {
            return Optional.of("does not stream");
        }
        if (cluster.member(row.name()).filter(MemberRecord::isWell).isEmpty()) {
            return Optional.of("is not well: " + row.note());
        }
        return config.synchronous() && !cluster.sync().value().standbys().contains(row.name())
                ? Optional.of("is no synchronous standby")
                : Optional.empty();
    }

    /** Whether the cluster does without {@code member}, as far as the store shows it. */
    static boolean isDone(ClusterView cluster, MemberName member, Duty duty) {
        return !cluster.isLeader(member)
                && !cluster.sync().value().standbys().contains(member)
                && cluster.member(member).filter(record -> acts(record, duty)).isPresent();
    }

    private static boolean acts(MemberRecord record, Duty duty) {
        boolean out =
                record.tags().noFailover()
                        && record.tags().noSync()
                        && record.tags().noLoadBalance();
        return switch (duty) {
            case FULL, STANDBY, REMOVED -> out;
            case STOPPED -> out && record.state() == MemberState.STOPPED;
        };
    }
}
