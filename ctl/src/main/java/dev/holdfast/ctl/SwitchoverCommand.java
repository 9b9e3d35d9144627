package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.ctl.LeaderChange.Kind;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code switchover}. */
@Command(name = "switchover", description = "Have another member lead, in a healthy cluster.")
final class SwitchoverCommand implements Callable<Integer> {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(
            names = {"--leader", "--primary"},
            paramLabel = "MEMBER",
            description = "Who leads now; refused if it is another.")
    private Optional<String> leader = Optional.empty();

    @Option(
            names = "--candidate",
            paramLabel = "MEMBER",
            description = "Who is to lead; any fit one by default.")
    private Optional<String> candidate = Optional.empty();

    @Option(
            names = "--scheduled",
            paramLabel = "TIME",
            description = "When, ISO 8601; now by default.")
    private Optional<String> scheduled = Optional.empty();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    SwitchoverCommand(Options options) {
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
            String current =
                    dialog.leader()
                            .map(MemberName::value)
                            .orElseThrow(() ->
                                    new CtlException(
                                            "cluster \""
                                                    + scope
                                                    + "\" has no leader, so there is nothing to switch over from: use failover --candidate MEMBER."));
            String named =
                    leader.orElseGet(() ->
                            force
                                    ? current
                                    : terminal.ask("Primary", current, "--leader or --force"));
            if (!named.equals(current)) {
                throw new CtlException(
                        "member \""
                                + named
                                + "\" is not the leader of cluster \""
                                + scope
                                + "\": \""
                                + current
                                + "\" is.");
            }
            if (dialog.others().isEmpty()) {
                throw new CtlException(
                        "cluster \"" + scope + "\" has no other member to switch over to.");
            }
            String wished =
                    candidate.orElseGet(() ->
                            force
                                    ? ""
                                    : terminal.ask(
                                            "Candidate " + dialog.others(),
                                            "",
                                            "--candidate or --force"));
            Optional<MemberName> target =
                    wished.isEmpty() ? Optional.empty() : Optional.of(dialog.candidate(wished));
            String when =
                    scheduled.orElseGet(() ->
                            force
                                    ? "now"
                                    : terminal.ask(
                                            "When should the switchover take place",
                                            "now",
                                            "--scheduled or --force"));
            Optional<String> time = Schedule.at(when, session.surroundings().now().get());
            if (!force) {
                terminal.confirm(
                        "Are you sure you want to "
                                + time.map(at -> "schedule the switchover of").orElse("switch over")
                                + " cluster "
                                + scope
                                + time.map(at -> " at " + at).orElse("")
                                + ", demoting the current leader "
                                + current
                                + "?");
            }
            return dialog.change(
                    Kind.SWITCHOVER,
                    new FailoverRequest(Optional.of(new MemberName(current)), target, time));
        }
    }
}
