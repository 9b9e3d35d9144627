package dev.holdfast.ctl;

import dev.holdfast.ctl.ClusterRoleChange.Wish;
import dev.holdfast.ctl.LeaderDialog.Consent;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code demote-cluster}. */
@Command(
        name = "demote-cluster",
        description = "Make a standby cluster of it, which follows another cluster.")
final class DemoteClusterCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(
            names = "--host",
            paramLabel = "HOST[,HOST]",
            description = "Servers of the other cluster.")
    private Optional<String> host = Optional.empty();

    @Option(names = "--port", paramLabel = "PORT", description = "Their port; 5432 by default.")
    private Optional<Integer> port = Optional.empty();

    @Option(
            names = "--restore-command",
            paramLabel = "COMMAND",
            description = "Restores WAL of the other cluster.")
    private Optional<String> restoreCommand = Optional.empty();

    @Option(
            names = "--primary-slot-name",
            paramLabel = "SLOT",
            description = "A replication slot on the other cluster's primary.")
    private Optional<String> slot = Optional.empty();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    DemoteClusterCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Map<String, Object> section = new LinkedHashMap<>();
        host.ifPresent(value -> section.put("host", value));
        port.ifPresent(value -> section.put("port", value));
        restoreCommand.ifPresent(value -> section.put("restore_command", value));
        if (section.isEmpty()) {
            throw new CtlException(
                    "At least --host, --port or --restore-command should be specified");
        }
        slot.ifPresent(value -> section.put("primary_slot_name", value));
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            new ClusterRoleChange(session, store, Wish.DEMOTE)
                    .run(section, force ? Consent.FORCED : Consent.ASKED);
        }
    }
}
