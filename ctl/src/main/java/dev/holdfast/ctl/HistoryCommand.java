package dev.holdfast.ctl;

import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.ctl.Table.Column;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code history}. */
@Command(name = "history", description = "Show where each timeline ended, and who led the next.")
final class HistoryCommand implements Runnable {
    private final Options options;

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..1",
            description = "The configured one by default.")
    private Optional<String> cluster = Optional.empty();

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private Format format = Format.PRETTY;

    HistoryCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(session.scope(cluster))) {
            session.terminal().print(format.write(table(store.view().history())));
        }
    }

    private static Table table(List<HistoryEntry> history) {
        return new Table(
                "",
                List.of(
                        Column.right("TL"),
                        Column.right("LSN"),
                        Column.left("Reason"),
                        Column.left("Timestamp"),
                        Column.left("New Leader")),
                history.stream()
                        .map(entry ->
                                List.<Object>of(
                                        entry.timeline().id(),
                                        new BigInteger(Long.toUnsignedString(entry.lsn().value())),
                                        entry.reason(),
                                        entry.timestamp(),
                                        entry.newLeader()))
                        .toList());
    }
}
