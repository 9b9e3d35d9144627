package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.FOLLOW_APPLY;
import static dev.holdfast.core.decide.Reason.Code.STANDBY_ASK;
import static dev.holdfast.core.decide.Reason.Code.STANDBY_DEMOTE;
import static dev.holdfast.core.decide.Reason.Code.STANDBY_LEAD;
import static dev.holdfast.core.decide.Reason.Code.STANDBY_RECORD;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * This member leads a standby cluster: its server stays in recovery and follows another cluster,
 * and the other members follow it. The lease tells who that is and nothing more: no writer rests on
 * it, so the guard is not armed, and a server whose lease has ended goes on until it is told whom
 * to follow. A server that is still a primary is stopped cleanly first.
 *
 * <p>What this member may have sent to the store meanwhile is not looked after: should the cluster
 * become one of its own, the leader key is written anew before the promotion, which also begins a
 * new epoch there.
 */
final class StandbyLeaderRules {
    /** How soon a standby leader that gets no WAL asks the other cluster why. */
    private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

    /** A checkpoint that takes longer is not waited for: the one of the shutdown does the rest. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(15);

    private StandbyLeaderRules() {}

    static Decision decide(Observation seen, ClusterView cluster, LeaderKey key) {
        Observation o =
                seen.withMemory(
                        seen.memory()
                                .withLeadership(
                                        seen.memory()
                                                .leadership()
                                                .map(Memory.Leadership::doubtful)));
        if (o.serverGone()) {
            return withoutServer(o, cluster, key);
        }
        return switch (o.server().orElse(null)) {
            case null -> FollowerRules.awaitServer(o, cluster);
            case Server.Silent _ -> FollowerRules.awaitServer(o, cluster);
            case Server.Rejecting rejecting ->
                    FollowerRules.recovering(o, cluster, rejecting, Outside.upstream(o));
            case Server.Standby standby -> follow(o, cluster, key, standby);
            case Server.Primary _ -> demote(o);
        };
    }

    /** Whether the leader of a standby cluster is this member. */
    static boolean leads(Observation o, ClusterView cluster) {
        return o.config().standbyCluster().isPresent() && cluster.isLeader(o.me());
    }

    private static String whom(Observation o) {
        return Outside.upstream(o).map(Upstream::name).orElse("the archive");
    }

    private static Decision withoutServer(Observation o, ClusterView cluster, LeaderKey key) {
        boolean spent = o.memory().crashes().count() >= LeaderRules.GIVE_UP;
        boolean empty = !(o.data().orElse(null) instanceof DataDirectory.Valid);
        if ((spent || empty) && Candidates.bestStandby(o, cluster).isPresent()) {
            return LeaderRules.release(
                    o,
                    empty
                            ? "there is no data directory to lead with"
                            : "PostgreSQL ended "
                                    + o.memory().crashes().count()
                                    + " times soon after its start");
        }
        return RejoinRules.decide(o, cluster, key, Outside.upstream(o));
    }

    /**
     * The cluster becomes a standby cluster while this member runs as its primary: what was
     * acknowledged is flushed, streamed to the standbys and closed by the checkpoint of a clean
     * shutdown.
     */
    private static Decision demote(Observation o) {
        Memory.Switchover now =
                o.memory()
                        .switchover()
                        .filter(s -> s.candidate().isEmpty())
                        .orElse(
                                new Memory.Switchover(
                                        Optional.empty(), o.now(), false, Optional.empty()));
        Memory memory = o.memory().withSwitchover(Optional.of(now));
        boolean ready =
                !o.checkpointedAt().isBefore(now.since())
                        || o.now().isAfter(now.since().plus(CHECKPOINT));
        String sentence = "the cluster is to follow " + whom(o) + ": ";
        if (!ready) {
            return Say.of(
                            o,
                            STANDBY_DEMOTE,
                            sentence + "a checkpoint is made before PostgreSQL stops")
                    .act(new Action.Checkpoint())
                    .remember(memory)
                    .lookAt(now.since().plus(CHECKPOINT))
                    .service(Serving.whileRunning(o))
                    .decision();
        }
        return Say.of(
                        o,
                        STANDBY_DEMOTE,
                        sentence + "PostgreSQL is stopped, to come back as a standby")
                .act(new Action.Stop(Action.StopMode.FAST, ShutdownRules.patience(o)))
                .remember(memory.withGate(Optional.empty()))
                .decision();
    }

    private static Decision follow(
            Observation o, ClusterView cluster, LeaderKey key, Server.Standby standby) {
        Optional<Decision> limits = FollowerRules.limits(o, standby);
        if (limits.isPresent()) {
            return limits.get();
        }
        Optional<Upstream> upstream = Outside.upstream(o);
        List<Action> actions = new ArrayList<>(SlotRules.onStandby(o, cluster, standby));
        FollowerRules.disarm(o).ifPresent(actions::add);
        ServerFiles wanted = Files.forStandby(o, cluster, upstream);
        if (!o.applied().equals(Optional.of(wanted))) {
            return Say.of(
                            o,
                            FOLLOW_APPLY,
                            "the configuration is brought up to date to follow " + whom(o))
                    .act(new Action.ApplyFiles(wanted))
                    .actAll(actions)
                    .decision();
        }
        if (!standby.isStreaming() && FollowerRules.isDiverged(o, key, standby, upstream)) {
            return FollowerRules.diverged(o, key, standby, whom(o));
        }
        return StandbySwitchover.decide(o, cluster)
                .orElseGet(() -> upkeep(o, cluster, key, standby, actions));
    }

    private static Decision upkeep(
            Observation o,
            ClusterView cluster,
            LeaderKey key,
            Server.Standby standby,
            List<Action> actions) {
        Optional<Upstream> upstream = Outside.upstream(o);
        boolean streams = standby.isStreaming();
        Optional<SourceFact> heard = Outside.heard(o, key.epoch(), upstream);
        // From an archive nothing else can come than what is in its history.
        boolean follows =
                upstream.isEmpty()
                        || (streams
                                && heard.isPresent()
                                && !FollowerRules.isDiverged(o, key, standby, upstream));
        Optional<Action> record =
                o.proof()
                        .filter(proof -> proof.epoch().equals(key.epoch()))
                        .flatMap(proof -> record(o, cluster, key, proof, standby, follows));
        boolean unsettled = isUnsettled(cluster, standby);
        boolean ask = upstream.isPresent() && (unsettled || !streams);
        if (ask && isTimeToAsk(o, key, upstream.get())) {
            actions.addAll(FollowerRules.questions(o, key, standby, upstream));
            actions.add(new Action.AskSource(upstream.get(), key.epoch()));
        }
        Memory memory = o.memory().withSwitchover(Optional.empty());
        Memory.Wake looked = memory.wake();
        MonoTime again = looked.lastAt().plus(ASK_AGAIN);
        boolean behind = upstream.isEmpty() && isUnexplained(o, standby);
        if (behind && !o.now().isBefore(again)) {
            actions.add(new Action.Inspect());
            memory = memory.withWake(looked.again(looked.revision(), looked.count(), o.now()));
            again = o.now().plus(ASK_AGAIN);
        }
        Optional<Action.WriteFailsafe> failsafe =
                o.proof().flatMap(proof -> FailsafeRules.write(o, cluster, proof));
        if (failsafe.isPresent()) {
            actions.add(failsafe.get());
            memory = FailsafeRules.remember(memory, failsafe.get());
        }
        record.ifPresent(actions::add);
        Say say =
                Say.of(
                                o,
                                record.isPresent()
                                        ? STANDBY_RECORD
                                        : ask ? STANDBY_ASK : STANDBY_LEAD,
                                "standby leader on timeline "
                                        + standby.timeline()
                                        + (streams
                                                ? ", streaming from " + whom(o)
                                                : upstream.isPresent()
                                                        ? ", waiting for WAL from " + whom(o)
                                                        : ", restoring from the archive"))
                        .actAll(actions.stream().distinct().toList())
                        .remember(memory);
        if (ask) {
            say.lookAt(o.now().plus(ASK_AGAIN));
        }
        return (behind ? say.lookAt(again) : say).decision();
    }

    private static boolean isTimeToAsk(Observation o, LeaderKey key, Upstream upstream) {
        return o.source()
                .filter(s -> s.leader().equals(key.epoch()) && s.source().equals(upstream))
                .filter(s -> o.now().isBefore(s.askedAt().plus(ASK_AGAIN)))
                .isEmpty();
    }

    /** The store's keys tell of the time before, when this cluster was one of its own. */
    private static boolean isUnsettled(ClusterView cluster, Server.Standby standby) {
        return cluster.sync().value().leader().isPresent() || !isReached(cluster, standby);
    }

    /**
     * What was looked up of the directory is older than the timeline that it is on now. Whom it
     * could ask else is not there: its WAL comes from an archive, and so did the history of it.
     */
    private static boolean isUnexplained(Observation o, Server.Standby standby) {
        return !(o.data().orElse(null) instanceof DataDirectory.Valid valid)
                || standby.timeline().isAfter(valid.history().timeline());
    }

    private static boolean isReached(ClusterView cluster, Server.Standby standby) {
        return cluster.timeline()
                .map(Versioned::value)
                .filter(c -> c.opened() && c.timeline().equals(standby.timeline()))
                .isPresent();
    }

    /**
     * Brings the store's keys up to date, one after the other. Who may be elected and which
     * timeline the cluster has reached is as it was before, until this member follows the other
     * cluster for certain: should the operator change his mind before that, nothing has been lost.
     */
    private static Optional<Action> record(
            Observation o,
            ClusterView cluster,
            LeaderKey key,
            LeaderProof proof,
            Server.Standby standby,
            boolean follows) {
        if (cluster.system().isEmpty()) {
            return o.data().orElse(null) instanceof DataDirectory.Valid valid
                    ? Optional.of(
                            new Action.WriteInitialize(proof.epoch(), valid.control().system()))
                    : Optional.of(new Action.Inspect());
        }
        if (cluster.config().isEmpty()) {
            return Optional.of(new Action.WriteConfig(proof.epoch()));
        }
        if (cluster.handedOverAt().isPresent()) {
            // Up to where somebody had to replay then is nothing that this cluster need reach now.
            return Optional.of(
                    new Action.RenewEpoch(
                            proof.epoch(),
                            o.lease().id().orElseThrow(),
                            Optional.empty(),
                            cluster.sync().revision()));
        }
        if (!follows) {
            return Optional.empty();
        }
        if (cluster.sync().value().leader().isPresent()) {
            return Optional.of(
                    new Action.WriteSync(
                            proof.epoch(), SyncState.none(), cluster.sync().revision()));
        }
        List<HistoryEntry> history =
                followed(o, key, standby)
                        .map(known -> PrimaryRules.history(o, cluster, known))
                        .orElse(cluster.history());
        return isReached(cluster, standby) && history.equals(cluster.history())
                ? Optional.empty()
                : Optional.of(
                        new Action.FollowTimeline(
                                proof.epoch(),
                                new TimelineClaim(
                                        standby.timeline(),
                                        o.me(),
                                        proof.epoch(),
                                        standby.position(),
                                        true),
                                cluster.claimRevision(),
                                history));
    }

    /** How the timeline came to be that is followed, as the other cluster or the directory says. */
    private static Optional<TimelineHistory> followed(
            Observation o, LeaderKey key, Server.Standby standby) {
        return Outside.heard(o, key.epoch(), Outside.upstream(o))
                .map(SourceFact::history)
                .filter(theirs -> theirs.timeline().equals(standby.timeline()))
                .or(() -> FollowerRules.ownHistory(o, standby));
    }
}
