package dev.holdfast.ctl;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code show-config}. */
@Command(name = "show-config", description = "Show the dynamic configuration.")
final class ShowConfigCommand implements Runnable {
    private final Options options;

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..1",
            description = "The configured one by default.")
    private Optional<String> cluster = Optional.empty();

    ShowConfigCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(session.scope(cluster))) {
            session.terminal().print(ConfigPatch.sortedYaml(store.config().tree()));
        }
    }
}
