package dev.holdfast.ctl;

import dev.holdfast.ctl.MemberTable.Detail;
import dev.holdfast.ctl.MemberTable.Order;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code list}. */
@Command(name = "list", description = "Show the members of clusters.")
final class ListCommand implements Runnable {
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    private final Options options;

    @Mixin private final WatchOptions watch = new WatchOptions();

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..*",
            description = "Clusters; the configured one by default.")
    private List<String> clusters = new ArrayList<>();

    @Option(
            names = {"-e", "--extended"},
            description = "Show all columns, also where they say nothing.")
    private boolean extended;

    @Option(
            names = {"-t", "--timestamp"},
            description = "Show the time first.")
    private boolean timestamp;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private Format format = Format.PRETTY;

    ListCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        List<String> scopes =
                clusters.isEmpty() ? List.of(session.scope(Optional.empty())) : clusters;
        Stores.with(
                session,
                scopes,
                stores -> watch.run(session.surroundings(), () -> show(session, stores)));
    }

    private void show(Session session, List<ClusterStore> stores) {
        if (timestamp) {
            session.terminal().line(TIMESTAMP.format(session.surroundings().now().get()));
        }
        for (ClusterStore store : stores) {
            session.terminal()
                    .print(
                            new MemberTable(store.scope(), store.view())
                                    .write(
                                            format,
                                            extended ? Detail.EXTENDED : Detail.USUAL,
                                            Order.BY_NAME));
        }
    }
}
