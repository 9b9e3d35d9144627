package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_ABORT;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_ASK;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_BALANCER;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_CHECKPOINT;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_HAND_OVER;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_STOP;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A planned hand-over: checkpoint while still serving, close to clients, stop, see that the
 * candidate has replayed the shutdown checkpoint, hand the lease to it. Whatever fails on the way
 * ends with this member serving again, in place.
 */
final class SwitchoverRules {
    /**
     * A checkpoint that takes longer is not waited for: the one of the shutdown will do the rest.
     */
    private static final Duration CHECKPOINT = Duration.ofSeconds(15);

    /** How long a stop may take before it is forced and the hand-over given up. */
    private static final Duration STOP = Duration.ofSeconds(15);

    /** How long the candidate may take to replay the last of the WAL. */
    private static final Duration REPLAY = Duration.ofSeconds(3);

    private static final Duration ASK_AGAIN = Duration.ofMillis(5);

    /**
     * How long a load balancer's next health check is waited for: one interval of a second, and
     * some.
     */
    private static final Duration BALANCER = Duration.ofMillis(1200);

    private static final Duration BALANCER_AGAIN = Duration.ofMillis(25);

    /** A health check that was held longer than this is answered before the new primary is open. */
    private static final Duration FRESH_CHECK = Duration.ofMillis(150);

    private SwitchoverRules() {}

    /**
     * The candidate on which the hand-over under way was settled, while it is still fit, so that
     * two standbys that are level do not take turns for ever; else the best one.
     */
    static Optional<MemberName> candidate(
            Observation o, ClusterView cluster, Server.Primary primary) {
        return o.memory()
                .switchover()
                .flatMap(Memory.Switchover::candidate)
                .filter(c ->
                        Candidates.refusal(
                                        o, cluster, primary, c, Candidates.SyncSetRule.MUST_BE_IN)
                                .isEmpty())
                .or(() -> Candidates.best(o, cluster, primary));
    }

    /**
     * The server runs: checkpoint, then stop. Without a candidate (the agent is to end, nobody is
     * fit) it is only stopped.
     */
    static Decision handOver(
            Observation o,
            ClusterView cluster,
            Server.Primary primary,
            Optional<MemberName> candidate) {
        Memory.Switchover now =
                o.memory()
                        .switchover()
                        .filter(s ->
                                s.candidate().equals(candidate)
                                        || (s.stopping() && s.candidate().isPresent()))
                        .orElse(new Memory.Switchover(candidate, o.now(), false, Optional.empty()));
        boolean ready =
                now.stopping()
                        || !o.checkpointedAt().isBefore(now.since())
                        || o.now().isAfter(now.since().plus(CHECKPOINT));
        String why = o.self().barred().map(barred -> ", since " + barred).orElse("");
        String whom = now.candidate().map(c -> " before handing over to " + c + why).orElse("");
        if (!ready) {
            return Say.of(o, SWITCHOVER_CHECKPOINT, "a checkpoint is made" + whom)
                    .act(new Action.Checkpoint())
                    .remember(o.memory().withSwitchover(Optional.of(now)))
                    .lookAt(now.since().plus(CHECKPOINT))
                    .service(Serving.whileRunning(o))
                    .decision();
        }
        MonoTime readyAt = now.stopping() ? o.now() : now.reachedAt().orElse(o.now());
        if (!now.stopping()
                && now.candidate().isPresent()
                && o.now().isBefore(readyAt.plus(BALANCER))
                && !holdsHealthCheck(o, now.candidate().get())) {
            return awaitBalancer(o, now, now.candidate().get(), readyAt);
        }
        return Say.of(o, SWITCHOVER_STOP, "PostgreSQL is stopped" + whom)
                .act(new Action.Stop(Action.StopMode.FAST, STOP))
                .remember(
                        o.memory()
                                .withCrashes(Memory.Crashes.NONE)
                                .withSwitchover(
                                        Optional.of(
                                                new Memory.Switchover(
                                                        now.candidate(),
                                                        now.since(),
                                                        true,
                                                        Optional.empty()))))
                .service(Decision.Service.CHANGING)
                .decision();
    }

    /**
     * A load balancer that asks every second learns of the new primary by the check that the
     * candidate holds back. Stopping right after one has come, while we still serve, spares clients
     * the wait for the next.
     */
    private static Decision awaitBalancer(
            Observation o, Memory.Switchover now, MemberName candidate, MonoTime readyAt) {
        Say say =
                Say.of(o, SWITCHOVER_BALANCER, "waiting for a load balancer to ask " + candidate)
                        .remember(
                                o.memory()
                                        .withSwitchover(
                                                Optional.of(
                                                        new Memory.Switchover(
                                                                now.candidate(),
                                                                now.since(),
                                                                false,
                                                                Optional.of(readyAt)))))
                        .service(Serving.whileRunning(o));
        return ask(o, say, candidate, readyAt, BALANCER_AGAIN).decision();
    }

    private static boolean holdsHealthCheck(Observation o, MemberName candidate) {
        return o.peers().get(candidate) instanceof Peer.Answered answered
                && answered.heldCheck()
                        .filter(age ->
                                o.now().since(answered.askedAt()).plus(age).compareTo(FRESH_CHECK)
                                        < 0)
                        .isPresent();
    }

    /** Asks the candidate, unless it was asked since {@code since} and a moment ago. */
    private static Say ask(
            Observation o, Say say, MemberName candidate, MonoTime since, Duration pause) {
        return Optional.ofNullable(o.peers().get(candidate))
                .map(Peer::askedAt)
                .filter(at -> !at.isBefore(since) && o.now().isBefore(at.plus(pause)))
                .map(at -> say.lookAt(at.plus(pause)))
                .orElseGet(() -> say.act(new Action.AskPeers(new TreeSet<>(List.of(candidate)))));
    }

    /**
     * The server has just stopped for a hand-over and its directory is being looked at: the
     * candidate is asked meanwhile.
     */
    static Say askAhead(Observation o, Say say) {
        Optional<Memory.Switchover> stopped =
                o.memory()
                        .switchover()
                        .filter(s -> s.stopping() && s.candidate().isPresent() && o.serverGone());
        if (stopped.isEmpty()) {
            return say;
        }
        MonoTime since = stopped.get().reachedAt().orElse(o.now());
        say.remember(
                o.memory()
                        .withSwitchover(
                                Optional.of(
                                        new Memory.Switchover(
                                                stopped.get().candidate(),
                                                stopped.get().since(),
                                                true,
                                                Optional.of(since)))));
        return ask(o, say, stopped.get().candidate().get(), since, ASK_AGAIN);
    }

    /**
     * The server is gone in the course of a hand-over; empty when there is none, or when it was
     * given up.
     */
    static Optional<Decision> afterStop(Observation seen, ClusterView cluster) {
        Optional<Memory.Switchover> switchover =
                seen.memory().switchover().filter(Memory.Switchover::stopping);
        if (switchover.isEmpty() || switchover.get().candidate().isEmpty()) {
            return Optional.empty();
        }
        MonoTime stoppedAt = switchover.get().reachedAt().orElse(seen.now());
        MemberName candidate = switchover.get().candidate().get();
        Observation o =
                seen.withMemory(
                        seen.memory()
                                .withSwitchover(
                                        Optional.of(
                                                new Memory.Switchover(
                                                        switchover.get().candidate(),
                                                        switchover.get().since(),
                                                        true,
                                                        Optional.of(stoppedAt)))));
        if (!(o.data().orElse(null) instanceof DataDirectory.Valid(ControlData control, var _))
                || control.state() != ControlData.State.SHUT_DOWN) {
            return abort(o, cluster, "PostgreSQL did not shut down cleanly");
        }
        if (o.now().isAfter(stoppedAt.plus(REPLAY))) {
            return abort(
                    o,
                    cluster,
                    candidate
                            + " did not replay the shutdown checkpoint at "
                            + control.checkpoint()
                            + " within "
                            + Words.seconds(REPLAY));
        }
        MemberRecord.Stored stored = cluster.members().get(candidate);
        if (stored == null || stored.lease().isEmpty()) {
            return abort(o, cluster, candidate + " is not alive any more");
        }
        Optional<Action.Fenced> fenced = Action.Fenced.of(o.guard());
        if (fenced.isPresent() && hasReplayed(o, candidate, stoppedAt, control.checkpoint())) {
            return Optional.of(
                    Say.of(
                                    o,
                                    SWITCHOVER_HAND_OVER,
                                    candidate + " has everything: the lease is handed to it")
                            .act(
                                    new Action.HandOver(
                                            cluster.leader().orElseThrow().epoch(),
                                            candidate,
                                            stored.lease().get(),
                                            control.checkpoint(),
                                            fenced.get()))
                            .decision());
        }
        return Optional.of(ask(o, candidate, stoppedAt, control.checkpoint()));
    }

    private static Decision ask(
            Observation o, MemberName candidate, MonoTime stoppedAt, Lsn checkpoint) {
        Say say =
                Say.of(
                        o,
                        SWITCHOVER_ASK,
                        "asking whether "
                                + candidate
                                + " has replayed the shutdown checkpoint at "
                                + checkpoint);
        return ask(o, say, candidate, stoppedAt, ASK_AGAIN).decision();
    }

    private static boolean hasReplayed(
            Observation o, MemberName candidate, MonoTime stoppedAt, Lsn checkpoint) {
        return o.peers().get(candidate) instanceof Peer.Answered answered
                && !answered.askedAt().isBefore(stoppedAt)
                && answered.serverAnswers()
                && answered.inRecovery()
                && answered.replayed().isAfter(checkpoint);
    }

    /**
     * Gives the hand-over up. When the agent is to end, the lease is given back instead; else the
     * server starts again in place, in pause too: it is remembered that it was stopped here.
     */
    private static Optional<Decision> abort(Observation o, ClusterView cluster, String why) {
        Memory forgotten =
                o.memory()
                        .withSwitchover(
                                o.memory()
                                        .switchover()
                                        .map(s ->
                                                new Memory.Switchover(
                                                        Optional.empty(),
                                                        s.since(),
                                                        true,
                                                        s.reachedAt())));
        Say say =
                Say.of(o, SWITCHOVER_ABORT, "the hand-over is given up: " + why)
                        .remember(forgotten)
                        .lookAt(o.now())
                        .service(Decision.Service.CHANGING);
        cluster.failover().ifPresent(f -> say.act(new Action.ClearFailover(f.revision())));
        return Optional.of(say.decision());
    }
}
