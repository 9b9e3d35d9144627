package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.json.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code flush}. */
@Command(
        name = "flush",
        description =
                "Forget what is scheduled: flush CLUSTER switchover, flush CLUSTER [MEMBER...] restart.")
final class FlushCommand implements Callable<Integer> {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(10);

    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    @Option(
            names = {"-r", "--role"},
            paramLabel = "ROLE",
            description =
                    "Restarts of those only: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private RoleFilter role = RoleFilter.ANY;

    FlushCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        String what =
                members.take(List.of("restart", "switchover"))
                        .orElseThrow(() ->
                                new CtlException(
                                        "it was not said what to forget: restart or switchover is expected, last."));
        return what.equals("restart")
                ? members.run(
                        session,
                        "flush",
                        MemberArguments.byRole(role, UnaryOperator.identity()),
                        (_, chosen) -> restarts(session, chosen))
                : switchover(session);
    }

    private static int restarts(Session session, List<MemberRow> chosen) {
        int status = CommandTree.DONE;
        for (MemberRow member : chosen) {
            if (member.scheduledRestart().isEmpty()) {
                session.terminal().line("No scheduled restart for member " + member.name());
                continue;
            }
            String done = "flush scheduled restart for member " + member.name();
            switch (Replies.await(
                    session.members().delete(member.apiUrl(), "/restart", REPLY_LIMIT))) {
                case Answer.Accepted _ -> session.terminal().line("Success: " + done);
                case Answer.Refused(Reply reply) -> {
                    session.terminal()
                            .warn(
                                    "Failed: "
                                            + done
                                            + ", status code="
                                            + reply.status()
                                            + ", ("
                                            + Replies.refusal(member.name().value(), reply)
                                            + ")");
                    status = CommandTree.REFUSED;
                }
                case Answer.Silent(String why, _) -> {
                    session.terminal().warn("Failed: " + done + ": " + why);
                    status = CommandTree.REFUSED;
                }
            }
        }
        return status;
    }

    /** The leader is asked first, then whoever answers; when nobody does, the store is written. */
    private int switchover(Session session) {
        try (ClusterStore store = session.open(members.scope(session))) {
            ClusterView cluster = store.view();
            Optional<Versioned<FailoverRequest>> request =
                    cluster.failover().filter(f -> f.value().isScheduled());
            if (request.isEmpty()) {
                session.terminal().line("No pending scheduled switchover");
                return CommandTree.DONE;
            }
            if (!members.forced()) {
                session.terminal()
                        .confirm("Are you sure you want to flush the scheduled switchover?");
            }
            List<MemberRecord> toAsk = new ArrayList<>();
            cluster.leader().flatMap(l -> cluster.member(l.member())).ifPresent(toAsk::add);
            cluster.members().values().forEach(m -> toAsk.add(m.member()));
            for (MemberRecord member : toAsk.stream().distinct().toList()) {
                switch (Replies.await(
                        session.members().delete(member.apiUrl(), "/switchover", REPLY_LIMIT))) {
                    case Answer.Accepted(Reply reply) -> {
                        session.terminal().line("Success: " + reply.body().strip());
                        return CommandTree.DONE;
                    }
                    case Answer.Refused(Reply reply) ->
                            throw new CtlException(Replies.refusal(member.apiUrl(), reply));
                    case Answer.Silent _ -> {}
                }
            }
            return inStore(session, store, request.get().revision());
        }
    }

    private static int inStore(Session session, ClusterStore store, long revision) {
        TxnResult result =
                ClusterStore.await(
                        store.dcs()
                                .commit(
                                        List.of(new Compare.AtRevision(Keys.FAILOVER, revision)),
                                        List.of(Op.delete(Keys.FAILOVER))));
        if (!(result instanceof TxnResult.Applied)) {
            throw new CtlException(
                    "no member answered, and the scheduled switchover was changed in the store meanwhile; look again with list.");
        }
        session.terminal()
                .line(
                        "Success: no member answered; the scheduled switchover was deleted in the store");
        return CommandTree.DONE;
    }
}
