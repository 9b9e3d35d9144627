package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.PAUSED;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/**
 * The cluster is paused: PostgreSQL is left alone, nobody fails over, the guard is disarmed. The
 * leader keeps its key while its server runs as primary, and a switchover that an operator asks for
 * is carried out.
 */
final class PauseRules {
    private PauseRules() {}

    static Decision decide(Observation o, ClusterView cluster) {
        if (o.task() instanceof Task.Running running) {
            return paused(o, Words.of(running.action()) + Words.progress(running)).decision();
        }
        if (!(o.guard() instanceof GuardFact.Present present)) {
            return paused(o, "the guard is being sought")
                    .service(Serving.whileRunning(o))
                    .decision();
        }
        if (!(present.mode() instanceof GuardFact.Mode.Paused)) {
            return paused(o, "disarming the guard")
                    .act(new Action.SetGuard(new GuardFact.Mode.Paused()))
                    .service(Serving.whileRunning(o))
                    .decision();
        }
        if (o.orders().shutdown()) {
            return ShutdownRules.exitPaused(o);
        }
        if (o.data().isEmpty()) {
            return paused(o, "the data directory is being looked at")
                    .act(new Action.Inspect())
                    .decision();
        }
        Optional<Decision> ordered = ordered(o, cluster);
        if (ordered.isPresent()) {
            return ordered.get();
        }
        if (o.server().orElse(null) instanceof Server.Primary primary) {
            return primary(o, cluster, primary);
        }
        if (cluster.isLeader(o.me()) && o.lease().leaderEpoch().isPresent()) {
            return leader(o, cluster);
        }
        if (isAskedFor(o, cluster)) {
            return RaceRules.decide(o, cluster);
        }
        if (cluster.leader().isPresent()
                && o.serverGone()
                && o.data().orElse(null) instanceof DataDirectory.Valid(ControlData control, var _)
                && RejoinRules.wasHandedOver(cluster, control)) {
            return FollowerRules.decide(o, cluster, cluster.leader().get());
        }
        return paused(o, "PostgreSQL is left as it is").decision();
    }

    /**
     * A restart or a fresh copy that an operator orders is made in a pause too. A server is only
     * stopped for it where it can be started again: as primary with the lease, as standby while
     * somebody leads.
     */
    private static Optional<Decision> ordered(Observation o, ClusterView cluster) {
        boolean leads = cluster.isLeader(o.me()) && o.proof().isPresent();
        boolean follows = cluster.leader().isPresent() && !cluster.isLeader(o.me());
        boolean primary = o.server().orElse(null) instanceof Server.Primary;
        boolean standbyLeader =
                leads
                        && o.config().standbyCluster().isPresent()
                        && o.server().orElse(null) instanceof Server.Standby;
        if (standbyLeader || (primary ? leads : follows)) {
            Optional<Decision> begun = OrderRules.now(o, cluster);
            if (begun.isPresent()) {
                return begun;
            }
        }
        boolean copied = o.task() instanceof Task.Ended(Action.Clone _, var _, Task.Outcome.Done _);
        boolean isToStart = o.orders().restart().isPresent() || copied;
        return follows && o.serverGone() && isToStart
                ? Optional.of(FollowerRules.decide(o, cluster, cluster.leader().get()))
                : Optional.empty();
    }

    /**
     * This member leads and its server is no primary: it is being handed over, in either direction,
     * or the operator stopped it, perhaps through the agent for a restart.
     */
    private static Decision leader(Observation o, ClusterView cluster) {
        if (o.config().standbyCluster().isPresent()
                && o.server().orElse(null) instanceof Server.Standby) {
            return paused(o, "the standby leader is left as it is").decision();
        }
        boolean handedOver =
                cluster.epoch()
                        .map(Versioned::value)
                        .filter(e -> e.member().equals(o.me()) && e.handedOverAt().isPresent())
                        .isPresent();
        boolean underWay =
                o.memory().switchover().isPresent()
                        || o.orders().restart().isPresent()
                        || cluster.failover().filter(f -> !f.value().isScheduled()).isPresent();
        if (underWay || (handedOver && !o.serverGone())) {
            return LeaderRules.decide(o, cluster);
        }
        return Action.Fenced.unused(o).isPresent()
                ? LeaderRules.release(o, "paused, and PostgreSQL here does not run as primary")
                : paused(o, "PostgreSQL is being asked").eager().decision();
    }

    /** Nobody leads, and the operator asked for this member. */
    private static boolean isAskedFor(Observation o, ClusterView cluster) {
        return cluster.leader().isEmpty()
                && o.server().orElse(null) instanceof Server.Standby
                && cluster.failover()
                        .map(Versioned::value)
                        .filter(f -> !f.isScheduled())
                        .flatMap(FailoverRequest::candidate)
                        .filter(o.me()::equals)
                        .isPresent();
    }

    private static Decision primary(Observation o, ClusterView cluster, Server.Primary primary) {
        Optional<TimelineClaim> overtaker = FenceRules.overtaker(o, cluster, primary);
        if (cluster.leader().isEmpty()
                && o.lease().isGood(o.now())
                && belongsHere(o, cluster)
                && overtaker.isEmpty()
                && RestoredRules.elects(o, cluster).isEmpty()) {
            return RaceRules.predecessor(o, cluster)
                    .map(wait ->
                            paused(o, wait.reason().sentence())
                                    .actAll(wait.actions())
                                    .lookAt(wait.lookAgain())
                                    .service(Serving.whileRunning(o))
                                    .decision())
                    .orElseGet(() -> takeKey(o, cluster));
        }
        Optional<LeaderProof> proof = o.proof();
        if (!cluster.isLeader(o.me()) || proof.isEmpty()) {
            // With the key it would have everybody follow it, and what was written since be lost.
            return paused(
                            o,
                            "PostgreSQL runs as primary without the lease, by the operator's wish"
                                    + overtaker
                                            .map(c ->
                                                    "; it is not given one, since "
                                                            + c.member()
                                                            + " has led since and claimed timeline "
                                                            + c.timeline())
                                            .orElse(""))
                    .decision();
        }
        Decision upkeep = PrimaryRules.decide(o, cluster, proof.get(), primary);
        return new Decision(
                new Reason(PAUSED, "paused: " + upkeep.reason().sentence()),
                upkeep.actions().stream().filter(a -> !(a instanceof Action.SetGuard)).toList(),
                upkeep.memory(),
                upkeep.lookAgain(),
                upkeep.probe(),
                upkeep.service());
    }

    private static Decision takeKey(Observation o, ClusterView cluster) {
        return paused(o, "PostgreSQL runs as primary and nobody leads: taking the leader key")
                .act(Action.CreateLeader.of(o.lease().id().orElseThrow(), cluster))
                .service(Serving.whileRunning(o))
                .decision();
    }

    private static boolean belongsHere(Observation o, ClusterView cluster) {
        return o.data().orElse(null) instanceof DataDirectory.Valid valid
                && cluster.system().map(valid.control().system()::equals).orElse(true);
    }

    private static Say paused(Observation o, String sentence) {
        return Say.of(o, PAUSED, "paused: " + sentence);
    }
}
