package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Replies.Answer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reload}. */
@Command(name = "reload", description = "Have members read their configuration files again.")
final class ReloadCommand implements Callable<Integer> {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(30);

    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    @Option(
            names = {"-r", "--role"},
            paramLabel = "ROLE",
            description = "Only those: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private RoleFilter role = RoleFilter.ANY;

    ReloadCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        return members.run(
                session,
                "reload",
                MemberArguments.byRole(role, UnaryOperator.identity()),
                (store, chosen) -> reload(session, store, chosen));
    }

    private static int reload(Session session, ClusterStore store, List<MemberRow> chosen) {
        long loopWaitSeconds =
                store.view()
                        .config()
                        .map(config -> config.value().loopWait().toSeconds())
                        .orElse(10L);
        int status = CommandTree.DONE;
        for (MemberRow member : chosen) {
            switch (Replies.await(
                    session.members().post(member.apiUrl(), "/reload", "{}", REPLY_LIMIT))) {
                case Answer.Accepted(Reply reply) ->
                        session.terminal()
                                .line(
                                        reply.status() == 202
                                                ? "Reload request received for member "
                                                        + member.name()
                                                        + " and will be processed within "
                                                        + loopWaitSeconds
                                                        + " seconds"
                                                : "No changes to apply on member " + member.name());
                case Answer.Refused(Reply reply) -> {
                    session.terminal()
                            .warn(
                                    "Failed: reload for member "
                                            + member.name()
                                            + ": "
                                            + Replies.refusal(member.name().value(), reply));
                    status = CommandTree.REFUSED;
                }
                case Answer.Silent(String why, _) -> {
                    session.terminal()
                            .warn("Failed: reload for member " + member.name() + ": " + why);
                    status = CommandTree.REFUSED;
                }
            }
        }
        return status;
    }
}
