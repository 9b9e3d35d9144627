package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.SHUTDOWN;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;

/** The agent was told to stop: a leader hands over, PostgreSQL is stopped, then the agent ends. */
final class ShutdownRules {
    private ShutdownRules() {}

    static Decision decide(Observation o, ClusterView cluster) {
        boolean leads =
                cluster.isLeader(o.me())
                        && o.lease().leaderEpoch().isPresent()
                        && o.now().isBefore(o.lease().leaderUntil());
        if (leads && o.server().orElse(null) instanceof Server.Primary primary) {
            return SwitchoverRules.handOver(
                    o, cluster, primary, SwitchoverRules.candidate(o, cluster, primary));
        }
        if (!o.serverGone()) {
            return stop(o);
        }
        if (leads && o.lease().leaderEpoch().equals(cluster.leader().map(l -> l.epoch()))) {
            Optional<Decision> afterStop = SwitchoverRules.afterStop(o, cluster);
            return afterStop.orElseGet(() ->
                    LeaderRules.release(
                            o, "PostgreSQL is stopped and nobody is fit to be handed the lease"));
        }
        return exit(o, "PostgreSQL is stopped");
    }

    /** It is not known who leads, nor whether the cluster is paused; the guard may know that. */
    static Decision withoutStore(Observation o) {
        if (o.serverGone()) {
            return exit(o, "PostgreSQL is stopped");
        }
        boolean paused =
                o.guard() instanceof GuardFact.Present(GuardFact.Mode.Paused _, long _, boolean _);
        return paused ? exitPaused(o) : stop(o);
    }

    static Decision exitPaused(Observation o) {
        return exit(o, "the cluster is paused, so PostgreSQL is left running");
    }

    private static Decision stop(Observation o) {
        return Say.of(o, SHUTDOWN, "PostgreSQL is stopped before the agent ends")
                .act(new Action.Stop(Action.StopMode.FAST, patience(o)))
                .decision();
    }

    static Duration patience(Observation o) {
        return o.config().primaryStopTimeout().isZero()
                ? Duration.ofMinutes(1)
                : o.config().primaryStopTimeout();
    }

    private static Decision exit(Observation o, String sentence) {
        return Say.of(o, SHUTDOWN, sentence).act(new Action.Exit(0, sentence)).decision();
    }
}
