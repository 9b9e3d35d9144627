package dev.holdfast.ctl;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate haproxy}. */
@Command(
        name = "haproxy",
        description = "Write a configuration of HAProxy: a port for writers and one for readers.")
final class GenerateHaproxyCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Mixin private final RoutingOptions routing = new RoutingOptions();

    @Option(
            names = "--bind",
            paramLabel = "ADDRESS",
            description = "Where clients connect; ${DEFAULT-VALUE} by default.")
    private String bind = "*";

    @Option(
            names = "--writer-port",
            paramLabel = "PORT",
            description = "For writers; ${DEFAULT-VALUE} by default.")
    private int writerPort = 5000;

    @Option(
            names = "--reader-port",
            paramLabel = "PORT",
            description = "For readers; ${DEFAULT-VALUE} by default.")
    private int readerPort = 5001;

    @Option(
            names = "--runtime",
            paramLabel = "ADDRESS",
            description =
                    "Where agents tell HAProxy of a new primary (haproxy.runtime in their files):"
                            + " a socket's path, or ADDRESS:PORT.")
    private Optional<String> runtime = Optional.empty();

    GenerateHaproxyCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        String scope = cluster.scope(session);
        try (ClusterStore store = session.open(scope)) {
            var members = RoutedMember.of(scope, store.view());
            session.terminal()
                    .print(
                            new HaproxyFile(
                                            scope,
                                            members,
                                            RoutedMember.bracketed(bind),
                                            writerPort,
                                            readerPort,
                                            runtime,
                                            routing.replicaPath(),
                                            routing.trust(session, members),
                                            routing.certfile())
                                    .text());
        }
    }
}
