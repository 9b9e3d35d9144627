package dev.holdfast.ctl;

import java.util.Optional;
import picocli.CommandLine.Parameters;

/** {@code CLUSTER}, for commands that are about one. */
final class OneCluster {
    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..1",
            description = "The configured one by default.")
    private Optional<String> named = Optional.empty();

    String scope(Session session) {
        return session.scope(named);
    }
}
