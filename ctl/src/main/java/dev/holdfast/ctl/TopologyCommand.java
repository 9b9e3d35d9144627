package dev.holdfast.ctl;

import dev.holdfast.ctl.MemberTable.Detail;
import dev.holdfast.ctl.MemberTable.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code topology}. */
@Command(
        name = "topology",
        description = "Show the members of clusters, each below the one it follows.")
final class TopologyCommand implements Runnable {
    private final Options options;

    @Mixin private final WatchOptions watch = new WatchOptions();

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..*",
            description = "Clusters; the configured one by default.")
    private List<String> clusters = new ArrayList<>();

    TopologyCommand(Options options) {
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
                stores ->
                        watch.run(
                                session.surroundings(),
                                () -> {
                                    for (ClusterStore store : stores) {
                                        session.terminal()
                                                .print(
                                                        new MemberTable(store.scope(), store.view())
                                                                .pretty(
                                                                        Detail.USUAL,
                                                                        Order.BY_UPSTREAM));
                                    }
                                }));
    }
}
