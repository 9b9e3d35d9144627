package dev.holdfast.ctl;

import dev.holdfast.ctl.PauseSwitch.Patience;
import dev.holdfast.ctl.PauseSwitch.Wish;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code resume}. */
@Command(name = "resume", description = "Go on with automatic failover after a pause.")
final class ResumeCommand implements Runnable {
    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(names = "--wait", description = "Wait until every member acts on it.")
    private boolean wait;

    ResumeCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        try (ClusterStore store = session.open(cluster.scope(session))) {
            PauseSwitch.turn(
                    session, store, Wish.RESUME, wait ? Patience.UNTIL_SEEN : Patience.NONE);
        }
    }
}
