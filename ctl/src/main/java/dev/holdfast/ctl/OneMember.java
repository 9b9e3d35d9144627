package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import java.util.Comparator;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code -r ROLE} or {@code -m MEMBER}, for commands that go to one member. */
final class OneMember {
    @Option(
            names = {"-r", "--role"},
            paramLabel = "ROLE",
            description = "One of those: ${COMPLETION-CANDIDATES}; leader by default.")
    private Optional<RoleFilter> role = Optional.empty();

    @Option(
            names = {"-m", "--member"},
            paramLabel = "MEMBER",
            description = "That one.")
    private Optional<String> member = Optional.empty();

    RoleFilter role() {
        return role.orElse(member.isPresent() ? RoleFilter.ANY : RoleFilter.LEADER);
    }

    /** The member that is meant; of several the leader. */
    MemberRow of(ClusterView cluster) {
        if (role.isPresent() && member.isPresent()) {
            throw new CtlException("--role and --member are mutually exclusive options");
        }
        return ClusterRows.rows(cluster).stream()
                .filter(row -> role().matches(row))
                .filter(row -> member.isEmpty() || row.name().value().equals(member.get()))
                .filter(row -> !row.host().isEmpty())
                .min(Comparator.comparing(row -> !row.leads()))
                .orElseThrow(() -> new CtlException("Can not find a suitable member"));
    }
}
