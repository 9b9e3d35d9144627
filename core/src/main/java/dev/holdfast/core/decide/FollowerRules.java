package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.FOLLOW;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_APPLY;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_DIVERGED;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_LIMITS;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_SLOTS;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_WAKE;
import static dev.holdfast.core.decide.Reason.Code.SILENT;
import static dev.holdfast.core.decide.Reason.Code.STARTING;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Somebody else leads. */
final class FollowerRules {
    private static final Duration FIRST_WAKE = Duration.ofMillis(100);

    /** A change of timeline is through within milliseconds, or something is wrong. */
    private static final Duration CHANGES = Duration.ofSeconds(5);

    /** So many times woken in vain, a standby asks whether it can follow at all. */
    private static final int LONG = 2;

    private FollowerRules() {}

    static Decision decide(Observation o, ClusterView cluster, LeaderKey leader) {
        if (o.serverGone()) {
            return RejoinRules.decide(
                    o, cluster, leader, Files.upstream(o, cluster, leader.member()));
        }
        Optional<Upstream> upstream = Following.upstream(o, cluster, leader.member());
        return switch (o.server().orElse(null)) {
            case null -> awaitServer(o, cluster);
            case Server.Rejecting rejecting ->
                    before(o).equals(Following.direct(o, cluster, leader.member()))
                            ? awaitServer(o, cluster)
                            : recovering(o, cluster, rejecting, upstream);
            case Server.Silent _, Server.Primary _ -> awaitServer(o, cluster);
            case Server.Standby standby -> follow(o, cluster, leader, standby, upstream);
        };
    }

    /**
     * A standby that was copied or rewound takes no sessions before it has what its source had
     * then. One that was started while nobody led, or whose primary has changed since, would wait
     * for that without end: it is told whom to follow although it cannot be asked.
     */
    static Decision recovering(
            Observation o,
            ClusterView cluster,
            Server.Rejecting rejecting,
            Optional<Upstream> upstream) {
        boolean told = upstream.isEmpty() || before(o).equals(upstream);
        return told || !rejecting.sqlState().equals(Server.Rejecting.CANNOT_CONNECT_NOW)
                ? awaitServer(o, cluster)
                : Say.of(
                                o,
                                FOLLOW_APPLY,
                                "PostgreSQL is not ready, and is told to follow "
                                        + upstream.get().name())
                        .act(new Action.ApplyFiles(Files.forStandby(o, cluster, upstream)))
                        .eager()
                        .service(Serving.whileRunning(o))
                        .decision();
    }

    private static Optional<Upstream> before(Observation o) {
        return o.applied().flatMap(ServerFiles::upstream);
    }

    static Decision awaitServer(Observation o, ClusterView cluster) {
        Say say =
                o.server().orElse(null) instanceof Server.Silent silent
                        ? Say.of(o, SILENT, "PostgreSQL does not answer: " + silent.message())
                        : Say.of(
                                o,
                                STARTING,
                                o.server().orElse(null) instanceof Server.Rejecting rejecting
                                        ? "PostgreSQL is not ready (" + rejecting.message() + ")"
                                        : "PostgreSQL is being asked");
        return say.eager().service(Serving.whileRunning(o)).decision();
    }

    private static Decision follow(
            Observation o,
            ClusterView cluster,
            LeaderKey leader,
            Server.Standby standby,
            Optional<Upstream> upstream) {
        Optional<Decision> limits = limits(o, standby);
        if (limits.isPresent()) {
            return limits.get();
        }
        List<Action> actions = new ArrayList<>(SlotRules.onStandby(o, cluster, standby));
        disarm(o).ifPresent(actions::add);
        ServerFiles wanted = Files.forStandby(o, cluster, upstream);
        if (!o.applied().equals(Optional.of(wanted))) {
            return Say.of(
                            o,
                            FOLLOW_APPLY,
                            "the configuration is brought up to date to follow "
                                    + followed(leader, upstream))
                    .act(new Action.ApplyFiles(wanted))
                    .actAll(actions)
                    .service(Serving.whileChanging(o))
                    .decision();
        }
        if (o.self().tags().noStream()) {
            return fromArchive(o, cluster, leader, standby, actions);
        }
        boolean streams = standby.isStreaming();
        Optional<MemberRecord.Stored> primary = cluster.runningLeader();
        Optional<MemberRecord.Stored> between = Following.source(o, cluster);
        Optional<Action.PlaceSlots> copy =
                isChangingTimeline(o, cluster, standby)
                        ? Optional.empty()
                        : PermanentSlots.copy(o, cluster, standby, wanted);
        if (copy.isPresent()) {
            return Say.of(
                            o,
                            FOLLOW_SLOTS,
                            "this standby is restarted with the logical slots "
                                    + copy.get().slots().keySet()
                                    + " of "
                                    + leader.member())
                    .act(copy.get())
                    .remember(o.memory().withSlots(o.memory().slots().copying(o.now())))
                    .service(Serving.whileChanging(o))
                    .decision();
        }
        if (streams || primary.isEmpty()) {
            Say say =
                    Say.of(
                            o,
                            FOLLOW,
                            streams
                                    ? "standby of "
                                            + followed(leader, upstream)
                                            + " on timeline "
                                            + standby.timeline()
                                    : "waiting for " + leader.member() + " to run as primary");
            say.actAll(actions).service(Serving.whileChanging(o));
            if (streams && between.isPresent()) {
                say.remember(o.memory().withWake(Memory.Wake.NONE));
            }
            if (!streams) {
                wakeReplay(o, standby, say);
            }
            Optional<Memory.Pass> pass = o.memory().wake().pass();
            pass.filter(p -> o.now().isBefore(p.until())).ifPresent(p -> say.lookAt(p.until()));
            return (isChangingTimeline(o, cluster, standby) ? say.eager() : say).decision();
        }
        return between.isPresent() && isLetDown(o)
                ? passOver(o, cluster, leader, between.get())
                : reconnect(o, cluster, leader, standby, between.orElse(primary.get()), actions);
    }

    /**
     * It may be handed the lease once it has replayed what the primary left behind, and PostgreSQL
     * may sleep for {@code wal_retrieve_retry_interval} (5 s) over WAL that has come here already
     * and whose sender is gone. Each reload wakes it.
     */
    private static void wakeReplay(Observation o, Server.Standby standby, Say say) {
        boolean waits =
                standby.replay() == Server.Replay.ON
                        && standby.position().isAfter(standby.replayed());
        if (!waits || Serving.whileChanging(o) != Decision.Service.CHANGING) {
            return;
        }
        Memory.Wake wake = o.memory().wake();
        MonoTime next = wake.lastAt().plus(FIRST_WAKE);
        if (o.now().isBefore(next)) {
            say.lookAt(next);
        } else {
            Memory.Wake woken = wake.again(wake.revision(), wake.count(), o.now());
            say.act(new Action.Reload())
                    .remember(o.memory().withWake(woken))
                    .lookAt(o.now().plus(FIRST_WAKE));
        }
    }

    /** The member that is streamed from, in words. */
    private static MemberName followed(LeaderKey leader, Optional<Upstream> upstream) {
        return upstream.flatMap(Upstream::member).orElse(leader.member());
    }

    /**
     * What comes from the archive comes late, so that nobody can tell from waiting whether it comes
     * at all: once the leader has gone on to another timeline, its history is asked for.
     */
    private static Decision fromArchive(
            Observation o,
            ClusterView cluster,
            LeaderKey leader,
            Server.Standby standby,
            List<Action> actions) {
        Optional<Upstream> upstream = Files.upstream(o, cluster, leader.member());
        if (isDiverged(o, leader, standby, upstream)) {
            return diverged(o, leader, standby, leader.member().value());
        }
        Say say =
                Say.of(
                                o,
                                FOLLOW,
                                "standby that takes its WAL from the archive, by its tag nostream")
                        .actAll(actions)
                        .service(Serving.whileChanging(o));
        boolean left =
                cluster.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.opened() && c.timeline().isAfter(standby.timeline()))
                        .isPresent();
        if (left
                && Outside.heard(o, leader.epoch(), upstream).isEmpty()
                && cluster.runningLeader().isPresent()) {
            upstream.ifPresent(u -> say.act(new Action.AskSource(u, leader.epoch())));
        }
        return say.decision();
    }

    /** It was woken so often that a standby which can be streamed from would be streamed from. */
    private static boolean isLetDown(Observation o) {
        Memory.Wake wake = o.memory().wake();
        return wake.count() > LONG && !o.now().isBefore(wake.lastAt().plus(pause(wake)));
    }

    private static Duration pause(Memory.Wake wake) {
        return FIRST_WAKE.multipliedBy(1L << Math.min(6, wake.count()));
    }

    private static Decision passOver(
            Observation o, ClusterView cluster, LeaderKey leader, MemberRecord.Stored between) {
        Observation next = o.withMemory(o.memory().withWake(Following.passing(o)));
        Optional<Upstream> direct = Following.upstream(next, cluster, leader.member());
        return Say.of(
                        next,
                        FOLLOW_APPLY,
                        between.name()
                                + " does not let this standby stream: following "
                                + leader.member()
                                + " for a while")
                .act(new Action.ApplyFiles(Files.forStandby(next, cluster, direct)))
                .service(Serving.whileChanging(next))
                .decision();
    }

    /** Its primary runs with higher limits than this server was started with. */
    static Optional<Decision> limits(Observation o, Server.Standby standby) {
        return standby.replay() == Server.Replay.NEEDS_HIGHER_LIMITS
                ? Optional.of(
                        Say.of(
                                        o,
                                        FOLLOW_LIMITS,
                                        "PostgreSQL has paused replay, because its primary runs with higher limits; it is"
                                                + " restarted with these")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .service(Serving.whileChanging(o))
                                .decision())
                : Optional.empty();
    }

    /** A guard that is armed would end a standby too. */
    static Optional<Action> disarm(Observation o) {
        return o.guard() instanceof GuardFact.Present(GuardFact.Mode mode, long _, boolean _)
                        && !(mode instanceof GuardFact.Mode.Standby)
                ? Optional.of(new Action.SetGuard(new GuardFact.Mode.Standby()))
                : Optional.empty();
    }

    /**
     * The leader has just opened a timeline that has not come here yet. A receiver that the new
     * timeline shuts out looks alive in between its attempts, so it is looked at closely.
     */
    private static boolean isChangingTimeline(
            Observation o, ClusterView cluster, Server.Standby standby) {
        boolean fresh =
                o.memory()
                        .leadership()
                        .filter(l -> o.now().isBefore(l.since().plus(CHANGES)))
                        .isPresent();
        return fresh
                && cluster.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.opened() && c.timeline().isAfter(standby.timeline()))
                        .isPresent();
    }

    /**
     * The one to stream from is there and we do not stream from it: wake the receiver, which else
     * tries every 5 s; then ask why.
     */
    private static Decision reconnect(
            Observation o,
            ClusterView cluster,
            LeaderKey leader,
            Server.Standby standby,
            MemberRecord.Stored source,
            List<Action> actions) {
        Memory.Wake wake = o.memory().wake();
        boolean news = wake.revision() != source.revision();
        Duration pause = pause(wake);
        boolean due = news || !o.now().isBefore(wake.lastAt().plus(pause));
        Optional<Upstream> direct = Files.upstream(o, cluster, leader.member());
        if (wake.count() >= LONG && isDiverged(o, leader, standby, direct)) {
            return diverged(o, leader, standby, leader.member().value());
        }
        Say say =
                Say.of(
                                o,
                                FOLLOW_WAKE,
                                source.name()
                                        + (source.name().equals(leader.member())
                                                ? " runs as primary"
                                                : " streams")
                                        + " and this standby does not stream yet")
                        .actAll(actions);
        if (due) {
            Memory.Wake next = wake.again(source.revision(), news ? 1 : wake.count() + 1, o.now());
            say.act(new Action.Reload()).remember(o.memory().withWake(next));
            if (next.count() >= LONG && source.name().equals(leader.member())) {
                say.actAll(questions(o, leader, standby, source.upstream()));
            }
        }
        if (wake.count() < 6) {
            say.eager();
        }
        return say.lookAt((due ? o.now() : wake.lastAt()).plus(pause))
                .service(Serving.whileChanging(o))
                .decision();
    }

    /**
     * What was replayed here contradicts the leader's history. The directory's own history is
     * needed only where the numbers do not tell; until a restart point {@code pg_control} may name
     * a timeline before the one that is replayed, so it can be long in coming.
     */
    static boolean isDiverged(
            Observation o, LeaderKey leader, Server.Standby standby, Optional<Upstream> upstream) {
        return Outside.heard(o, leader.epoch(), upstream)
                // A leader that is in recovery itself may be on its way to where this standby is.
                .filter(s -> !s.inRecovery() || !isAhead(standby, s.history()))
                .map(SourceFact::history)
                .filter(theirs ->
                        theirs.excludes(standby.timeline(), standby.replayed())
                                || ownHistory(o, standby)
                                        .filter(own -> !theirs.contains(own, standby.position()))
                                        .isPresent())
                .isPresent();
    }

    private static boolean isAhead(Server.Standby standby, TimelineHistory theirs) {
        return standby.timeline().isAfter(theirs.timeline());
    }

    static List<Action> questions(
            Observation o, LeaderKey leader, Server.Standby standby, Optional<Upstream> upstream) {
        List<Action> questions = new ArrayList<>();
        if (ownHistory(o, standby).isEmpty()) {
            questions.add(new Action.Inspect());
        }
        if (Outside.heard(o, leader.epoch(), upstream).isEmpty()) {
            upstream.ifPresent(u -> questions.add(new Action.AskSource(u, leader.epoch())));
        }
        return questions;
    }

    static Optional<TimelineHistory> ownHistory(Observation o, Server.Standby standby) {
        return o.data().orElse(null) instanceof DataDirectory.Valid valid
                        && valid.history().timeline().equals(standby.timeline())
                ? Optional.of(valid.history())
                : Optional.empty();
    }

    static Decision diverged(
            Observation o, LeaderKey leader, Server.Standby standby, String whose) {
        String why =
                "this standby has WAL up to "
                        + standby.position()
                        + " on timeline "
                        + standby.timeline()
                        + " that is not in the history of "
                        + whose;
        return MaintenanceRules.leavesAlone(o, why)
                .orElseGet(() ->
                        Say.of(o, FOLLOW_DIVERGED, why)
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .remember(o.memory().withDiverged(Optional.of(leader.epoch())))
                                .decision());
    }
}
