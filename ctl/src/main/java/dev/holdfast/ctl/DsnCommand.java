package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dsn}. */
@Command(name = "dsn", description = "Show how to connect to a member's PostgreSQL.")
final class DsnCommand implements Runnable {
    private final Options options;

    @Mixin private final OneMember member = new OneMember();

    @Mixin private final OneCluster cluster = new OneCluster();

    DsnCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            MemberRow row = member.of(store.view());
            session.terminal().line("host=" + row.host() + " port=" + row.port().orElse(5432));
        }
    }
}
