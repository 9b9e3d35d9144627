package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.FOLLOW_ASK;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_START;
import static dev.holdfast.core.decide.Reason.Code.FOLLOW_WAIT_PROMOTION;
import static dev.holdfast.core.decide.Reason.Code.RACE_START;
import static dev.holdfast.core.decide.Reason.Code.RECLONE;
import static dev.holdfast.core.decide.Reason.Code.REJOIN_KEEP;
import static dev.holdfast.core.decide.Reason.Code.REJOIN_UNWELL;
import static dev.holdfast.core.decide.Reason.Code.REWIND;
import static dev.holdfast.core.decide.Reason.Code.START_BACKOFF;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.Optional;

/**
 * Somebody else leads and no server runs here: how it comes back. What was a primary is compared
 * with the leader's history first; what contradicts it is rewound, and copied anew where that
 * fails.
 */
final class RejoinRules {
    private static final Duration ASK_AGAIN = Duration.ofMillis(200);

    /** How long a former primary stays down for the sake of the next one. */
    private static final Duration MAKE_WAY = Duration.ofSeconds(1);

    /** To find out how much room a copy needs takes reading all of the directory's names. */
    private static final Duration KEEP_AGAIN = Duration.ofSeconds(10);

    private RejoinRules() {}

    static Decision decide(
            Observation o, ClusterView cluster, LeaderKey leader, Optional<Upstream> upstream) {
        if (!(o.data().orElse(null)
                instanceof DataDirectory.Valid(ControlData control, var history))) {
            return BootstrapRules.copy(o, cluster, "broken");
        }
        if (o.task()
                instanceof Task.Ended(Action.Rewind _, var _, Task.Outcome.Failed(String why))) {
            return reclone(o, cluster, "pg_rewind failed: " + why, "rewind-failed");
        }
        boolean rewound =
                o.task() instanceof Task.Ended(Action.Rewind _, var _, Task.Outcome.Done _);
        // What was found to contradict the leader is not here any more.
        boolean copied =
                o.task() instanceof Task.Ended(Action.Clone _, var _, Task.Outcome.Done _)
                        || o.task()
                                instanceof Task.Ended(Action.Restore _, var _, Task.Outcome.Done _);
        if (!rewound && !copied && o.memory().diverged().equals(Optional.of(leader.epoch()))) {
            return rewind(
                    o,
                    cluster,
                    control,
                    upstream,
                    "what was written here contradicts the history of "
                            + upstream.map(Upstream::name).orElse(leader.member().value()));
        }
        if (o.config().standbyCluster().isPresent()) {
            return inStandbyCluster(
                    o,
                    cluster,
                    leader,
                    new Found(control, history, Outside.heard(o, leader.epoch(), upstream)),
                    upstream);
        }
        Optional<SourceFact> source = o.source().filter(s -> s.leader().equals(leader.epoch()));
        if (!control.wasPrimary() || wasHandedOver(cluster, control)) {
            return o.memory().crashes().count() < 2
                    ? startStandby(
                            o, cluster, upstream, "starting as a standby of " + leader.member())
                    : startAgain(o, cluster, leader, new Found(control, history, source), upstream);
        }
        boolean promoted = source.filter(s -> !s.inRecovery()).isPresent();
        if (!promoted) {
            return askSource(o, leader, upstream, source);
        }
        Optional<MemberName> twin = Twins.other(o, cluster, control);
        if (twin.isPresent()) {
            // By its numbers this history is the leader's, and pg_rewind compares numbers too.
            return reclone(o, cluster, isTwin(control, twin.get()), "diverged");
        }
        Lsn end = new Lsn(control.checkpoint().value() + 1);
        boolean complete =
                control.state() == ControlData.State.SHUT_DOWN
                        && source.get().history().timeline().isAfter(control.timeline())
                        && source.get().history().contains(history, end);
        if (complete) {
            return startStandby(
                    o,
                    cluster,
                    upstream,
                    "it was shut down cleanly before the switch point: starting as a standby of "
                            + leader.member());
        }
        String why =
                "the last word here was spoken as a primary, and "
                        + leader.member()
                        + " has gone on to timeline "
                        + source.get().history().timeline();
        return rewound
                ? reclone(o, cluster, why + "; pg_rewind found nothing to do", "diverged")
                : rewind(o, cluster, control, upstream, why);
    }

    /**
     * Nobody here is going to be promoted, so there is no history to wait for: what was a primary
     * is started as a standby at once, and finds out while it runs whether what it holds
     * contradicts what it follows.
     */
    private static Decision inStandbyCluster(
            Observation o,
            ClusterView cluster,
            LeaderKey leader,
            Found found,
            Optional<Upstream> upstream) {
        Optional<MemberName> twin =
                found.control().wasPrimary()
                        ? Twins.other(o, cluster, found.control())
                        : Optional.empty();
        if (twin.isPresent()) {
            return reclone(o, cluster, isTwin(found.control(), twin.get()), "diverged");
        }
        String whom = upstream.map(Upstream::name).orElse("the archive");
        return o.memory().crashes().count() < 2
                ? startStandby(o, cluster, upstream, "starting as a standby of " + whom)
                : startAgain(o, cluster, leader, found, upstream);
    }

    private static String isTwin(ControlData control, MemberName other) {
        return "this member was primary on timeline "
                + control.newestTimeline()
                + ", and so was "
                + other;
    }

    /** What this directory holds, and what the leader said of its history. */
    private record Found(
            ControlData control, TimelineHistory history, Optional<SourceFact> source) {
        /** Empty while the leader has not been heard as primary. */
        Optional<Boolean> isContained() {
            Lsn end = Lsn.max(control.minRecoveryPoint(), control.checkpoint());
            return source.filter(s -> !s.inRecovery()).map(s -> s.history().contains(history, end));
        }
    }

    /**
     * A standby that ends as soon as it starts may have gone past the switch point: PostgreSQL
     * refuses to start on it, however often it is tried.
     */
    private static Decision startAgain(
            Observation o,
            ClusterView cluster,
            LeaderKey leader,
            Found found,
            Optional<Upstream> upstream) {
        Optional<Boolean> contained = found.isContained();
        if (contained.filter(c -> !c).isPresent()) {
            return rewind(
                    o,
                    cluster,
                    found.control(),
                    upstream,
                    "PostgreSQL does not stay up here, and what it holds is not in the history of "
                            + leader.member());
        }
        Decision start =
                startStandby(o, cluster, upstream, "starting as a standby of " + leader.member());
        return contained.isEmpty() && upstream.isPresent()
                ? start.with(new Action.AskSource(upstream.get(), leader.epoch()))
                : start;
    }

    /** The new leader replayed exactly this shutdown checkpoint before it was promoted. */
    static boolean wasHandedOver(ClusterView cluster, ControlData control) {
        return control.state() == ControlData.State.SHUT_DOWN
                && cluster.handedOverAt().filter(control.checkpoint()::equals).isPresent();
    }

    private static Decision askSource(
            Observation o,
            LeaderKey leader,
            Optional<Upstream> upstream,
            Optional<SourceFact> source) {
        boolean recent =
                source.filter(s -> o.now().isBefore(s.askedAt().plus(ASK_AGAIN))).isPresent();
        Say say =
                Say.of(
                        o,
                        source.isPresent() ? FOLLOW_WAIT_PROMOTION : FOLLOW_ASK,
                        "this member was a primary: the history of "
                                + leader.member()
                                + " decides how it comes back");
        if (!recent && upstream.isPresent()) {
            say.act(new Action.AskSource(upstream.get(), leader.epoch()));
        }
        return say.lookAt(o.now().plus(ASK_AGAIN)).decision();
    }

    static boolean canRewind(Observation o, ControlData control) {
        return o.config().usePgRewind() && (control.checksums() || control.walLogHints());
    }

    private static Decision rewind(
            Observation o,
            ClusterView cluster,
            ControlData control,
            Optional<Upstream> upstream,
            String why) {
        if (o.self().keeping() == Keeping.RENAME) {
            return reclone(
                    o,
                    cluster,
                    why + ", and pg_rewind would work in place (postgresql.keep_aside: rename)",
                    "diverged");
        }
        if (!canRewind(o, control)) {
            return reclone(
                    o,
                    cluster,
                    why
                            + ", and pg_rewind is switched off or needs data checksums or wal_log_hints",
                    "diverged");
        }
        Optional<Upstream> source = Outside.rewindSource(o, cluster, upstream);
        if (source.isEmpty() && o.config().standbyCluster().isPresent()) {
            return reclone(o, cluster, why + ", and there is no server to rewind from", "diverged");
        }
        if (source.isEmpty()) {
            return Say.of(
                            o,
                            FOLLOW_WAIT_PROMOTION,
                            why + ": waiting for the leader to run as primary")
                    .decision();
        }
        return mustWait(o, why)
                .or(() -> keepAside(o, why))
                .orElseGet(() ->
                        Say.of(o, REWIND, why).act(new Action.Rewind(source.get())).decision());
    }

    /**
     * pg_rewind works in place. What it will change is kept first, and where that fails, nothing is
     * changed.
     */
    private static Optional<Decision> keepAside(Observation o, String why) {
        boolean kept =
                o.task() instanceof Task.Ended(Action.KeepAside _, var _, Task.Outcome.Done _);
        if (kept || o.self().keeping() == Keeping.NOTHING) {
            return Optional.empty();
        }
        if (o.task()
                        instanceof
                        Task.Ended(
                                Action.KeepAside _,
                                MonoTime at,
                                Task.Outcome.Failed(String failure))
                && o.now().isBefore(at.plus(KEEP_AGAIN))) {
            return Optional.of(
                    Say.of(
                                    o,
                                    REJOIN_KEEP,
                                    why
                                            + "; nothing is changed before what is there was kept aside, and that"
                                            + " failed: "
                                            + failure)
                            .lookAt(at.plus(KEEP_AGAIN))
                            .decision());
        }
        return Optional.of(
                Say.of(o, REJOIN_KEEP, why + "; what is there is kept aside before pg_rewind")
                        .act(new Action.KeepAside(o.self().keeping()))
                        .decision());
    }

    /**
     * pg_rewind that runs out of room leaves a directory that cannot be used, and a base backup
     * needs more room than it did: on a disk that is full or hangs, neither is begun. Nor where an
     * operator has said so.
     */
    private static Optional<Decision> mustWait(Observation o, String why) {
        return MaintenanceRules.leavesAlone(o, why)
                .or(() ->
                        o.vitals()
                                .unwell(o.now(), o.deadlines())
                                .map(unwell ->
                                        Say.of(
                                                        o,
                                                        REJOIN_UNWELL,
                                                        why + "; nothing is begun while " + unwell)
                                                .decision()));
    }

    private static Decision reclone(Observation o, ClusterView cluster, String why, String aside) {
        Optional<Decision> waits = mustWait(o, why);
        if (waits.isPresent()) {
            return waits.get();
        }
        Decision copy = BootstrapRules.copy(o, cluster, aside);
        return new Decision(
                new Reason(
                        RECLONE,
                        why
                                + "; "
                                + copy.reason().sentence()
                                + ", and the old directory is kept aside"),
                copy.actions(),
                copy.memory(),
                copy.lookAgain(),
                copy.probe(),
                copy.service());
    }

    static Decision startStandby(
            Observation o, ClusterView cluster, Optional<Upstream> upstream, String why) {
        if (!(o.data().orElse(null) instanceof DataDirectory.Valid)) {
            return BootstrapRules.copy(o, cluster, "broken");
        }
        Optional<MonoTime> away = makesWayUntil(o, cluster);
        if (away.isPresent()) {
            return Say.of(
                            o,
                            FOLLOW_WAIT_PROMOTION,
                            "stays down for a moment, so that clients which still come here do not slow the next primary down")
                    .service(Serving.whileChanging(o))
                    .lookAt(away.get())
                    .decision();
        }
        if (o.guard() instanceof GuardFact.Present(GuardFact.Mode.Armed _, long _, boolean _)) {
            return Say.of(
                            o,
                            upstream.isPresent() ? FOLLOW_START : RACE_START,
                            "the guard, which would end a standby too at the old deadline, is disarmed")
                    .act(new Action.SetGuard(new GuardFact.Mode.Standby()))
                    .service(Serving.whileChanging(o))
                    .decision();
        }
        MonoTime notBefore = LeaderRules.backOff(o.memory().crashes());
        if (o.now().isBefore(notBefore)) {
            String last =
                    o.task()
                                    instanceof
                                    Task.Ended(var _, var _, Task.Outcome.Failed(String sentence))
                            ? ": " + sentence
                            : "";
            return Say.of(
                            o,
                            START_BACKOFF,
                            "PostgreSQL was started "
                                    + o.memory().crashes().count()
                                    + " times in a row without staying up: the next start waits"
                                    + last)
                    .lookAt(notBefore)
                    .decision();
        }
        return Say.of(o, upstream.isPresent() ? FOLLOW_START : RACE_START, why)
                .act(
                        new Action.StartStandby(
                                Files.forStandby(
                                        o,
                                        cluster,
                                        upstream.filter(_ -> !o.self().tags().noStream()))))
                .remember(
                        o.memory()
                                .withCrashes(LeaderRules.counted(o))
                                .withDiverged(Optional.empty()))
                .service(Serving.whileChanging(o))
                .eager()
                .decision();
    }

    /**
     * Balancers send clients to a former primary for a while yet. A refused connection costs
     * nothing; a session that may not write costs the next primary processor and disk just while it
     * takes over, where they share any. Only while there are standbys enough without this one.
     */
    private static Optional<MonoTime> makesWayUntil(Observation o, ClusterView cluster) {
        boolean spare = Files.eligible(o, cluster).size() > o.config().syncNodeCount();
        boolean ledUntilNow = cluster.leader().isEmpty() && o.memory().lead().isPresent();
        boolean handedOver =
                cluster.leader().isPresent()
                        && !isSettled(o, cluster)
                        && o.data().orElse(null) instanceof DataDirectory.Valid valid
                        && wasHandedOver(cluster, valid.control());
        return o.memory()
                .leadership()
                .map(l -> l.since().plus(MAKE_WAY))
                .filter(end -> spare && (ledUntilNow || handedOver) && o.now().isBefore(end));
    }

    /** Whether there is a primary again, with all that it takes to acknowledge commits. */
    private static boolean isSettled(Observation o, ClusterView cluster) {
        return cluster.runningPrimary()
                .filter(p ->
                        !o.config().synchronous()
                                || (cluster.sync().value().leader().equals(Optional.of(p.name()))
                                        && !cluster.sync().value().standbys().isEmpty()))
                .isPresent();
    }
}
