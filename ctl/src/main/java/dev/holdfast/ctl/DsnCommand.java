package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dsn}. */
@Command(name = "dsn", description = "Show how to connect to a member's PostgreSQL.")
final class DsnCommand implements Runnable {
    private final Options options;

    @Mixin private final OneMember member = new OneMember();

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..1",
            description = "The configured one by default.")
    private Optional<String> cluster = Optional.empty();

    DsnCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(session.scope(cluster))) {
            MemberRow row = member.of(store.view());
            session.terminal().line("host=" + row.host() + " port=" + row.port().orElse(5432));
        }
    }
}
