package dev.holdfast.ctl;

import dev.holdfast.ctl.PauseSwitch.Patience;
import dev.holdfast.ctl.PauseSwitch.Wish;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code resume}. */
@Command(name = "resume", description = "Go on with automatic failover after a pause.")
final class ResumeCommand implements Runnable {
    private final Options options;

    @Parameters(
            paramLabel = "CLUSTER",
            arity = "0..1",
            description = "The configured one by default.")
    private Optional<String> cluster = Optional.empty();

    @Option(names = "--wait", description = "Wait until every member acts on it.")
    private boolean wait;

    ResumeCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(session.scope(cluster))) {
            PauseSwitch.turn(
                    session, store, Wish.RESUME, wait ? Patience.UNTIL_SEEN : Patience.NONE);
        }
    }
}
