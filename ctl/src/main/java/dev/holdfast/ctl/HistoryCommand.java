package dev.holdfast.ctl;

import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.ctl.Table.Column;
import java.math.BigInteger;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code history}. */
@Command(name = "history", description = "Show where each timeline ended, and who led the next.")
final class HistoryCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

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
        try (ClusterStore store = session.open(cluster.scope(session))) {
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
