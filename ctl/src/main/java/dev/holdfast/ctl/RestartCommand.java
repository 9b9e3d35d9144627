package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.json.Trees;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code restart}. */
@Command(
        name = "restart",
        description = "Restart PostgreSQL on members, one after the other, standbys first.")
final class RestartCommand implements Callable<Integer> {
    /** What a member answers when it is not as the request wants it. */
    private static final String NOT_MEANT = "restart conditions are not satisfied";

    private static final Duration DELETE_LIMIT = Duration.ofSeconds(10);

    private static final Duration LONGEST = Duration.ofMinutes(30);

    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    @Option(
            names = {"-r", "--role"},
            paramLabel = "ROLE",
            description = "Only those: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private RoleFilter role = RoleFilter.ANY;

    @Option(names = "--any", description = "Only one of them, whichever.")
    private boolean any;

    @Option(
            names = "--pending",
            description = "Only those whose configuration waits for a restart.")
    private boolean pending;

    @Option(
            names = "--pg-version",
            paramLabel = "VERSION",
            description = "Only those whose PostgreSQL is older.")
    private Optional<String> pgVersion = Optional.empty();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "How long a restart may take.")
    private Optional<Integer> timeoutSeconds = Optional.empty();

    @Option(
            names = "--scheduled",
            paramLabel = "TIME",
            description = "When, ISO 8601; now by default.")
    private Optional<String> scheduled = Optional.empty();

    RestartCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        if (timeoutSeconds.filter(seconds -> seconds < 1).isPresent()) {
            throw new CtlException(
                    "--timeout "
                            + timeoutSeconds.get()
                            + " is no time: 1 second or more is expected.");
        }
        Optional<String> time =
                scheduled.flatMap(text -> Schedule.at(text, session.surroundings().now().get()));
        return members.run(
                session,
                "restart",
                MemberArguments.byRole(role, this::narrowed),
                (store, chosen) -> {
                    if (time.isPresent() && members.forced()) {
                        forget(session, chosen);
                    }
                    return restart(session, store, chosen, body(time));
                });
    }

    private List<MemberRow> narrowed(List<MemberRow> rows) {
        List<MemberRow> left =
                rows.stream().filter(row -> !pending || !row.pendingRestart().isEmpty()).toList();
        return any && left.size() > 1
                ? List.of(left.get(ThreadLocalRandom.current().nextInt(left.size())))
                : left;
    }

    private String body(Optional<String> time) {
        Map<String, Object> body = new LinkedHashMap<>();
        if (pending) {
            body.put("restart_pending", true);
        }
        role.condition().ifPresent(condition -> body.put("role", condition));
        pgVersion.ifPresent(version -> body.put("postgres_version", version));
        timeoutSeconds.ifPresent(seconds -> body.put("timeout", seconds));
        time.ifPresent(at -> body.put("schedule", at));
        return Trees.toJson(body);
    }

    /** With {@code --force} what is scheduled already gives way. */
    private static void forget(Session session, List<MemberRow> chosen) {
        for (MemberRow member : chosen) {
            if (member.scheduledRestart().isPresent()) {
                Replies.await(session.members().delete(member.apiUrl(), "/restart", DELETE_LIMIT));
            }
        }
    }

    /** A restart that fails ends it: the others are better left running then. */
    private int restart(Session session, ClusterStore store, List<MemberRow> chosen, String body) {
        Terminal terminal = session.terminal();
        int status = CommandTree.DONE;
        Duration limit =
                timeoutSeconds.map(seconds -> Duration.ofSeconds(seconds + 60L)).orElse(LONGEST);
        try (MemberCall call =
                new MemberCall(session.surroundings(), store.dcs(), store.read(), _ -> {})) {
            for (int i = 0; i < chosen.size(); i++) {
                MemberRow member = chosen.get(i);
                switch (call.await(
                        session.members().post(member.apiUrl(), "/restart", body, limit))) {
                    case Answer.Accepted(Reply reply) ->
                            terminal.line(
                                    reply.status() == 202
                                            ? "Success: restart scheduled on member "
                                                    + member.name()
                                            : "Success: restart on member " + member.name());
                    case Answer.Refused(Reply reply) -> {
                        if (reply.status() == 409) {
                            terminal.warn(
                                    "Failed: another restart is already scheduled on member "
                                            + member.name());
                            status = CommandTree.REFUSED;
                            continue;
                        }
                        if (!reply.body().startsWith(NOT_MEANT)) {
                            throw new CtlException(
                                    failed(
                                            member,
                                            Replies.refusal(member.name().value(), reply),
                                            chosen.subList(i + 1, chosen.size())));
                        }
                        terminal.line(
                                "Skipped: member "
                                        + member.name()
                                        + " ("
                                        + reply.body().strip()
                                        + ")");
                    }
                    case Answer.Silent(String why, _) ->
                            throw new CtlException(
                                    failed(member, why, chosen.subList(i + 1, chosen.size())));
                }
            }
        }
        return status;
    }

    private static String failed(MemberRow member, String why, List<MemberRow> untouched) {
        return "restart of member "
                + member.name()
                + " failed: "
                + (why.endsWith(".") ? why : why + ".")
                + (untouched.isEmpty()
                        ? ""
                        : " Not restarted because of that: "
                                + ClusterMembers.names(untouched)
                                + ".");
    }
}
