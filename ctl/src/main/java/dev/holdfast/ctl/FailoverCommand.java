package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.ctl.LeaderChange.Kind;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code failover}. */
@Command(
        name = "failover",
        description =
                "Have a named member lead, also in an unhealthy cluster. May cost what it has not received.")
final class FailoverCommand implements Callable<Integer> {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(names = "--candidate", paramLabel = "MEMBER", description = "Who is to lead.")
    private Optional<String> candidate = Optional.empty();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    FailoverCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        String scope = cluster.scope(session);
        Terminal terminal = session.terminal();
        try (ClusterStore store = session.open(scope)) {
            LeaderDialog dialog = new LeaderDialog(session, store);
            dialog.showCurrent();
            if (dialog.others().isEmpty()) {
                throw new CtlException("cluster \"" + scope + "\" has no member to fail over to.");
            }
            if (candidate.isEmpty() && force) {
                throw new CtlException(
                        "a failover goes to a named member only: give --candidate, one of "
                                + String.join(", ", dialog.others())
                                + ".");
            }
            String wished =
                    candidate.orElseGet(
                            () -> terminal.ask("Candidate " + dialog.others(), "", "--candidate"));
            if (wished.isEmpty()) {
                throw new CtlException(
                        "a failover goes to a named member only, and none was named.");
            }
            MemberName target = dialog.candidate(wished);
            if (!force) {
                terminal.confirm(
                        "Are you sure you want to fail over cluster "
                                + scope
                                + " to "
                                + target
                                + dialog.leader()
                                        .map(leader -> ", demoting the current leader " + leader)
                                        .orElse("")
                                + "?"
                                + cost(dialog.cluster(), target));
            }
            return dialog.change(
                    Kind.FAILOVER,
                    new FailoverRequest(Optional.empty(), Optional.of(target), Optional.empty()));
        }
    }

    private static String cost(ClusterView cluster, MemberName target) {
        boolean synchronous =
                cluster.config().filter(config -> config.value().synchronous()).isPresent();
        if (!synchronous) {
            return "";
        }
        if (!cluster.sync().value().entitles(target)) {
            return " It is no synchronous standby: transactions that were acknowledged can be lost.";
        }
        return cluster.leader().isEmpty() && cluster.sync().value().needsVotes(target)
                ? " Nobody leads, and if too few of "
                        + cluster.sync().value().standbys()
                        + " vote within the TTL, transactions that were acknowledged can be lost."
                : "";
    }
}
