package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.FENCE_DEADLINE;
import static dev.holdfast.core.decide.Reason.Code.FENCE_KEY_GONE;
import static dev.holdfast.core.decide.Reason.Code.FENCE_NOT_ENTITLED;
import static dev.holdfast.core.decide.Reason.Code.FENCE_NO_LEASE;
import static dev.holdfast.core.decide.Reason.Code.FENCE_OTHER_LEADER;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/** First of all: a server that may accept writes without a proved lease is ended. */
final class FenceRules {
    private FenceRules() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (!mayWrite(o) || BootstrapRules.isClaimedByMe(o, cluster)) {
            return Optional.empty();
        }
        Optional<LeaderKey> other = cluster.leader().filter(l -> !l.member().equals(o.me()));
        if (other.isPresent() && !isOlderThanMine(o, other.get().epoch())) {
            return Optional.of(
                    fence(
                            o,
                            FENCE_OTHER_LEADER,
                            "the leader key says "
                                    + other.get().member()
                                    + " (epoch "
                                    + other.get().epoch()
                                    + "), and PostgreSQL here may be writing"));
        }
        if (o.proof().isEmpty() && o.staying().isPresent()) {
            // An agent that is to end stops PostgreSQL first, which needs no lease.
            return o.orders().shutdown() ? Optional.empty() : FailsafeRules.stay(o, cluster);
        }
        if (o.lease().leaderEpoch().isEmpty()) {
            return isLost(o, cluster)
                    ? Optional.of(
                            fence(
                                    o,
                                    FENCE_NO_LEASE,
                                    "the lease under which PostgreSQL here was primary is gone from the store"))
                    : overtaken(o, cluster).or(() -> armUntilProved(o));
        }
        if (o.proof().isEmpty()) {
            return Optional.of(
                    fence(
                            o,
                            FENCE_DEADLINE,
                            o.vitals()
                                            .writing(o.now(), o.deadlines())
                                            .map(hangs -> hangs + ": ")
                                            .orElse("")
                                    + "the leader lease could not be renewed and its end is near"));
        }
        return cluster.leader().isEmpty()
                ? keyGone(o, cluster, o.lease().leaderEpoch().get())
                : Optional.empty();
    }

    /**
     * Out of recovery, on the way out of it, or held by an armed guard and not known to be a
     * standby: a server that rejects sessions ("too many clients") or says nothing may be writing
     * all the same.
     */
    private static boolean mayWrite(Observation o) {
        boolean leaving =
                o.task() instanceof Task.Running running
                        && switch (running.action()) {
                            case Action.Promote _, Action.StartPrimary _ -> true;
                            case Action.InitDb _,
                                    Action.StartNewCluster _,
                                    Action.StartStandby _,
                                    Action.Stop _,
                                    Action.PrePromote _,
                                    Action.KeepAside _,
                                    Action.Rewind _,
                                    Action.Clone _,
                                    Action.PlaceSlots _,
                                    Action.Restore _ ->
                                    false;
                        };
        boolean armed =
                o.guard() instanceof GuardFact.Present(GuardFact.Mode mode, long pid, boolean _)
                        && pid != 0
                        && mode instanceof GuardFact.Mode.Armed;
        boolean running = o.serverMayRun() && Decide.isPrimary(o.server());
        boolean standby = o.server().filter(Server.Standby.class::isInstance).isPresent();
        return leaving || running || (armed && !standby);
    }

    /** A view from before our own epoch says nothing about it. */
    private static boolean isOlderThanMine(Observation o, Epoch epoch) {
        return o.lease().leaderEpoch().filter(mine -> mine.compareTo(epoch) > 0).isPresent();
    }

    private static Decision fence(Observation o, Reason.Code code, String sentence) {
        Say say = Say.of(o, code, sentence).remember(o.memory().withGate(Optional.empty()));
        // A guard that is at it goes on until nothing is left: telling it again and again helps
        // nobody.
        boolean underWay = o.guard() instanceof GuardFact.Present present && present.ending();
        return (underWay ? say : say.act(new Action.Kill())).decision();
    }

    /**
     * This agent led with this very server, and the lease it led under is not the one it has now:
     * somebody else may take the leader key at any moment.
     */
    private static boolean isLost(Observation o, ClusterView cluster) {
        boolean led =
                o.server().orElse(null) instanceof Server.Primary primary
                        && o.memory()
                                .lead()
                                .filter(l -> l.startMicros() == primary.common().startMicros())
                                .isPresent();
        // An agent and a guard before us led with it: whoever takes the key next waits for that
        // lease alone.
        boolean ledBefore =
                Decide.isPrimary(o.server())
                        && o.lease().isGood(o.now())
                        && cluster.leader().isEmpty()
                        && cluster.epoch()
                                .map(Versioned::value)
                                .filter(r -> r.member().equals(o.me()) && !r.released())
                                .isPresent();
        boolean kept = o.lease().isGood(o.now()) && isRecorded(o, cluster);
        return (led || ledBefore) && !kept && o.guard() instanceof GuardFact.Present;
    }

    private static Optional<Decision> overtaken(Observation o, ClusterView cluster) {
        return o.server().orElse(null) instanceof Server.Primary primary
                ? overtaker(o, cluster, primary)
                        .map(c ->
                                fence(
                                        o,
                                        FENCE_NOT_ENTITLED,
                                        "PostgreSQL was found running as primary on timeline "
                                                + primary.timeline()
                                                + ", and "
                                                + c.member()
                                                + " has led since and claimed timeline "
                                                + c.timeline()))
                : Optional.empty();
    }

    /** Somebody else has set out to create this primary's timeline, or a later one, since. */
    static Optional<TimelineClaim> overtaker(
            Observation o, ClusterView cluster, Server.Primary primary) {
        return cluster.timeline()
                .map(Versioned::value)
                .filter(c ->
                        !c.member().equals(o.me()) && !primary.timeline().isAfter(c.timeline()));
    }

    /** The last to take the leader key was this member, under the lease that it has now. */
    private static boolean isRecorded(Observation o, ClusterView cluster) {
        return cluster.epoch()
                .map(Versioned::value)
                .filter(r -> r.member().equals(o.me()) && !r.released())
                .filter(r -> Optional.of(r.lease()).equals(o.lease().id()))
                .isPresent();
    }

    /**
     * A server that was found running: the guard gives it one TTL in which the lease must be
     * proved.
     */
    private static Optional<Decision> armUntilProved(Observation o) {
        if (o.guard() instanceof GuardFact.Present(GuardFact.Mode mode, long _, boolean _)
                && !(mode instanceof GuardFact.Mode.Armed)
                && Decide.isPrimary(o.server())) {
            return Optional.of(
                    Say.of(
                                    o,
                                    FENCE_NO_LEASE,
                                    "PostgreSQL was found running as primary without a lease: it has one TTL to prove it")
                            .act(
                                    new Action.SetGuard(
                                            new GuardFact.Mode.Armed(
                                                    o.now().plus(o.config().ttl()))))
                            .decision());
        }
        return Optional.empty();
    }

    /**
     * The key was removed by somebody, while our lease lives: nobody may take it before that lease
     * is gone, so take it back.
     */
    private static Optional<Decision> keyGone(Observation o, ClusterView cluster, Epoch mine) {
        if (cluster.revision() <= mine.revision()) {
            return Optional.empty();
        }
        Optional<LeaseId> lease = o.lease().id();
        if (lease.isEmpty() || !isRecorded(o, cluster)) {
            return Optional.of(
                    fence(
                            o,
                            FENCE_KEY_GONE,
                            "the leader key is gone, and somebody else has held it since"));
        }
        return Optional.of(
                Say.of(
                                o,
                                FENCE_KEY_GONE,
                                "the leader key was removed while the lease lives: taking it back")
                        .act(Action.CreateLeader.of(lease.get(), cluster))
                        .service(Serving.whileRunning(o))
                        .decision());
    }
}
