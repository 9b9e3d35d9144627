package dev.holdfast.ctl;

import dev.holdfast.ctl.ClusterRoleChange.Wish;
import dev.holdfast.ctl.LeaderDialog.Consent;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code promote-cluster}. */
@Command(name = "promote-cluster", description = "Make a cluster of its own of a standby cluster.")
final class PromoteClusterCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    PromoteClusterCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            new ClusterRoleChange(session, store, Wish.PROMOTE)
                    .run(Map.of(), force ? Consent.FORCED : Consent.ASKED);
        }
    }
}
