package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.ctl.Table.Column;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code doctor}. */
@Command(
        name = "doctor",
        description =
                "Say on one line each what is wrong with a cluster, and what to do; exit status 1 if anything is.")
final class DoctorCommand implements Callable<Integer> {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(5);

    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private Format format = Format.PRETTY;

    DoctorCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            KeyCodec.Decoded decoded = KeyCodec.toView(store.read());
            Checkup checkup =
                    new Checkup(
                            store.scope(),
                            decoded.view(),
                            decoded.problems(),
                            ask(session, decoded.view()));
            List<Finding> findings = new ArrayList<>(ClusterFindings.of(checkup));
            findings.addAll(MemberFindings.of(checkup));
            session.terminal().print(text(store.scope(), findings));
            return findings.isEmpty() ? CommandTree.DONE : CommandTree.REFUSED;
        }
    }

    /** All at once, so that several that are silent cost the time of one. */
    private static SortedMap<MemberName, MemberReport> ask(Session session, ClusterView cluster) {
        SortedMap<MemberName, CompletionStage<Reply>> asked = new TreeMap<>();
        for (MemberRecord.Stored stored : cluster.members().values()) {
            asked.put(
                    stored.name(), session.members().status(stored.member().apiUrl(), REPLY_LIMIT));
        }
        SortedMap<MemberName, MemberReport> reports = new TreeMap<>();
        asked.forEach((name, reply) ->
                reports.put(
                        name,
                        switch (Replies.await(reply)) {
                            case Answer.Accepted(Reply answer) -> MemberReport.of(answer);
                            case Answer.Refused(Reply answer) -> MemberReport.of(answer);
                            case Answer.Silent(String why, _) -> new MemberReport.Silent(why);
                        }));
        return reports;
    }

    private String text(String scope, List<Finding> findings) {
        return switch (format) {
            case PRETTY -> lines(scope, findings);
            case TSV, JSON, YAML ->
                    format.write(
                            new Table(
                                    "",
                                    List.of(
                                            Column.left("Cluster"),
                                            Column.left("Where"),
                                            Column.left("Code"),
                                            Column.left("Finding"),
                                            Column.left("Advice")),
                                    findings.stream()
                                            .map(each ->
                                                    List.<Object>of(
                                                            scope,
                                                            each.where(),
                                                            each.code(),
                                                            each.what(),
                                                            each.advice()))
                                            .toList()));
        };
    }

    private static String lines(String scope, List<Finding> findings) {
        if (findings.isEmpty()) {
            return scope + ": all is well\n";
        }
        StringBuilder text = new StringBuilder();
        findings.forEach(each -> text.append(each.line()).append('\n'));
        return text.toString();
    }
}
