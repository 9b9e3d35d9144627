package dev.holdfast.ctl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code show-config}. */
@Command(name = "show-config", description = "Show the dynamic configuration.")
final class ShowConfigCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    ShowConfigCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            session.terminal().print(ConfigPatch.sortedYaml(store.config().tree()));
        }
    }
}
