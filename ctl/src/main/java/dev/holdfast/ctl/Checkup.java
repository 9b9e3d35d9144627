package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All that {@code doctor} judges by.
 *
 * @param problems what of the store could not be read, or does nothing, a sentence each
 * @param reports what each member that the store lists answered
 */
record Checkup(
        String scope,
        ClusterView cluster,
        List<String> problems,
        SortedMap<MemberName, MemberReport> reports) {
    Checkup {
        problems = List.copyOf(problems);
        reports = FrozenMap.copyOf(reports);
    }

    ClusterConfig config() {
        return cluster.config().map(Versioned::value).orElse(ClusterConfig.defaults());
    }

    /** In a standby cluster nothing is committed, so that nothing waits for a standby. */
    boolean waitsForStandbys() {
        return config().synchronous() && config().standbyCluster().isEmpty();
    }

    List<MemberRow> rows() {
        return ClusterRows.rows(cluster);
    }

    Optional<MemberName> leader() {
        return cluster.leader().map(key -> key.member());
    }

    Optional<MemberReport.Told> told(MemberName member) {
        return Optional.ofNullable(reports.get(member))
                .filter(MemberReport.Told.class::isInstance)
                .map(MemberReport.Told.class::cast);
    }

    /** Why the member does what it does, as the end of a sentence; empty when it does not say. */
    String because(MemberName member) {
        return told(member)
                .map(report -> " (" + report.reasonCode() + ": " + report.reason() + ")")
                .orElse("");
    }
}
