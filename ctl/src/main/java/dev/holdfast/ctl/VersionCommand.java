package dev.holdfast.ctl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Replies.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code version}. */
@Command(
        name = "version",
        description = "Show the version of this program and, with a cluster, those of its members.")
final class VersionCommand implements Runnable {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(5);

    private final Options options;

    @Parameters(
            paramLabel = "[CLUSTER] [MEMBER]",
            arity = "0..*",
            hideParamSyntax = true,
            description = "A cluster, and its members, all by default.")
    private List<String> arguments = new ArrayList<>();

    VersionCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Terminal terminal = options.surroundings().terminal();
        terminal.line(
                "holdfastctl version "
                        + Optional.ofNullable(
                                        VersionCommand.class
                                                .getPackage()
                                                .getImplementationVersion())
                                .orElse("of no release"));
        if (arguments.isEmpty()) {
            return;
        }
        Session session = options.session();
        ClusterMembers.Named named = ClusterMembers.named(session, arguments);
        terminal.line("");
        try (ClusterStore store = session.open(named.scope())) {
            for (MemberRow member :
                    ClusterMembers.choose(
                            named.scope(), store.view(), named.members(), RoleFilter.ANY)) {
                terminal.line(member.name() + ": " + ask(session, member));
            }
        }
    }

    private static String ask(Session session, MemberRow member) {
        return switch (Replies.await(session.members().status(member.apiUrl(), REPLY_LIMIT))) {
            // A member that is not ready says so by its status, and its version all the same.
            case Answer.Accepted(Reply reply) -> versions(reply);
            case Answer.Refused(Reply reply) -> versions(reply);
            case Answer.Silent(String why, _) -> why;
        };
    }

    private static String versions(Reply reply) {
        try {
            JsonNode status = JsonMapper.builder().build().readTree(reply.body());
            String agent = status.path("patroni").path("version").asText();
            int server = status.path("server_version").asInt();
            return agent.isEmpty()
                    ? "answered with status " + reply.status() + " and no version"
                    : "Holdfast " + agent + (server == 0 ? "" : " PostgreSQL " + postgres(server));
        } catch (JsonProcessingException e) {
            return "answered with status " + reply.status() + " and something that is not JSON";
        }
    }

    /** 150004 is 15.4, and 90603 is 9.6.3. */
    private static String postgres(int number) {
        return number >= 100_000
                ? number / 10_000 + "." + number % 10_000
                : number / 10_000 + "." + number / 100 % 100 + "." + number % 100;
    }
}
