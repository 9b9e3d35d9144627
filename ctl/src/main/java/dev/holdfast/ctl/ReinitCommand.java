package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.json.Trees;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reinit}. */
@Command(
        name = "reinit",
        description = "Have standbys throw away their data and copy the leader's anew.")
final class ReinitCommand implements Callable<Integer> {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(60);

    /** How long a member may take to begin. */
    private static final Duration BEGIN_LIMIT = Duration.ofSeconds(60);

    private static final Duration COPY_LIMIT = Duration.ofDays(7);

    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    @Option(names = "--wait", description = "Wait until it is done.")
    private boolean wait;

    @Option(
            names = "--from-leader",
            description = "Copy from the leader, also where another source is preferred.")
    private boolean fromLeader;

    ReinitCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        return members.run(
                session,
                "reinitialize",
                ReinitCommand::named,
                (store, chosen) -> reinitialize(session, store, chosen));
    }

    /** Never all by default: what is thrown away has to be named. */
    private static List<MemberRow> named(String scope, ClusterView cluster, List<String> names) {
        List<MemberRow> chosen =
                MemberArguments.named("whose data is to be thrown away", RoleFilter.REPLICA)
                        .of(scope, cluster, names);
        chosen.stream()
                .filter(MemberRow::leads)
                .findFirst()
                .ifPresent(leader -> {
                    throw new CtlException(
                            "member \""
                                    + leader.name()
                                    + "\" leads cluster \""
                                    + scope
                                    + "\", and only standbys can be reinitialized.");
                });
        return chosen;
    }

    private int reinitialize(Session session, ClusterStore store, List<MemberRow> chosen) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("force", members.forced());
        body.put("from-leader", fromLeader);
        TreeSet<MemberName> begun = new TreeSet<>();
        try (MemberCall call =
                new MemberCall(
                        session.surroundings(),
                        store.dcs(),
                        store.read(),
                        cluster ->
                                cluster.members().keySet().stream()
                                        .filter(name -> !runs(cluster, name))
                                        .forEach(begun::add))) {
            for (MemberRow member : chosen) {
                String failed = "reinitialize of member " + member.name() + " failed: ";
                switch (call.await(
                        session.members()
                                .post(
                                        member.apiUrl(),
                                        "/reinitialize",
                                        Trees.toJson(body),
                                        REPLY_LIMIT))) {
                    case Answer.Accepted _ ->
                            session.terminal()
                                    .line("Success: reinitialize for member " + member.name());
                    case Answer.Refused(Reply reply) ->
                            throw new CtlException(
                                    failed + Replies.refusal(member.name().value(), reply));
                    case Answer.Silent(String why, _) -> throw new CtlException(failed + why);
                }
                if (wait) {
                    awaitCopy(session, call, member.name(), begun);
                }
            }
        }
        return CommandTree.DONE;
    }

    private static void awaitCopy(
            Session session, MemberCall call, MemberName member, Set<MemberName> begun) {
        session.terminal().line("Waiting for reinitialize to complete on: " + member);
        if (!call.until(BEGIN_LIMIT, cluster -> begun.contains(member) || !runs(cluster, member))) {
            throw new CtlException(
                    "member "
                            + member
                            + " has accepted, but did not begin within "
                            + BEGIN_LIMIT.toSeconds()
                            + " s: look at its log.");
        }
        if (!call.until(COPY_LIMIT, cluster -> runs(cluster, member))) {
            throw new CtlException(
                    "member "
                            + member
                            + " was not done within "
                            + COPY_LIMIT.toDays()
                            + " days: look at its log.");
        }
        session.terminal().line("Reinitialize is completed on: " + member);
    }

    private static boolean runs(ClusterView cluster, MemberName member) {
        return cluster.member(member)
                .map(MemberRecord::state)
                .filter(state -> state == MemberState.RUNNING || state == MemberState.STREAMING)
                .isPresent();
    }
}
