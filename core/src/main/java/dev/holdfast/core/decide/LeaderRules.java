package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_CONFIRM;
import static dev.holdfast.core.decide.Reason.Code.LEAD_RELEASE;
import static dev.holdfast.core.decide.Reason.Code.LEAD_RENEW_EPOCH;
import static dev.holdfast.core.decide.Reason.Code.LEAD_RESTART;
import static dev.holdfast.core.decide.Reason.Code.LEAD_UNUSED;
import static dev.holdfast.core.decide.Reason.Code.START_BACKOFF;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The store says that this member leads. */
final class LeaderRules {
    /**
     * What crash recovery replays in a second, at the least, on what we have seen; a guess that
     * only chooses between two safe ways.
     */
    private static final long REPLAY_BYTES_PER_SECOND = 64L << 20;

    /** So many ends in a row that even a standby which may miss commits is to take over. */
    static final int GIVE_UP = 4;

    /**
     * What a start after a crash takes beside the replay: every file of the directory is synced
     * first, a checkpoint is made at the end, and the standbys connect again. Seen: 0.4 to 1.8 s.
     */
    private static final Duration START = Duration.ofMillis(800);

    /** What a hand-over to a standby takes from here until clients write again. */
    private static final Duration HAND_OVER = Duration.ofMillis(500);

    /**
     * So much longer may a restart take where the directory left behind would have to be copied
     * anew, because pg_rewind cannot mend it.
     */
    private static final Duration COPY = Duration.ofSeconds(10);

    private LeaderRules() {}

    static Decision decide(Observation o, ClusterView cluster) {
        Optional<LeaderProof> proof = o.proof();
        LeaderKey key = cluster.leader().orElseThrow();
        if (o.config().standbyCluster().isPresent()) {
            return StandbyLeaderRules.decide(o, cluster, key);
        }
        if (proof.isEmpty() || !key.epoch().equals(proof.get().epoch())) {
            Optional<Decision> ahead =
                    o.server().orElse(null) instanceof Server.Standby standby
                            ? PromotionRules.ahead(o, cluster, key, standby)
                            : Optional.empty();
            return ahead.orElseGet(() ->
                    Say.of(
                                    o,
                                    LEAD_CONFIRM,
                                    "the store says that this member leads: that is being confirmed")
                            .service(Decision.Service.CHANGING)
                            .decision());
        }
        if (o.serverGone()) {
            return SwitchoverRules.afterStop(o, cluster)
                    .orElseGet(() -> withoutServer(o, cluster, proof.get()));
        }
        return switch (o.server().orElse(null)) {
            case null -> starting(o, cluster);
            case Server.Rejecting _, Server.Silent _ -> starting(o, cluster);
            case Server.Standby standby -> PromotionRules.decide(o, cluster, proof.get(), standby);
            case Server.Primary primary -> PrimaryRules.decide(o, cluster, proof.get(), primary);
        };
    }

    /**
     * The server is gone and the lease is held: restart it in place or let a standby take over,
     * whichever is sooner and safe.
     */
    private static Decision withoutServer(Observation o, ClusterView cluster, LeaderProof proof) {
        if (!(o.data().orElse(null) instanceof DataDirectory.Valid(ControlData control, var _))) {
            return release(o, "there is no data directory to lead with");
        }
        if (!control.wasPrimary() || !isOfThisEpoch(o, cluster, control)) {
            return release(o, "PostgreSQL ended before it was promoted");
        }
        if (o.self().barred().isPresent()) {
            return release(o, o.self().barred().get());
        }
        Optional<String> betterElsewhere = betterElsewhere(o, cluster, control);
        if (betterElsewhere.isPresent()) {
            return release(o, betterElsewhere.get());
        }
        MonoTime notBefore = backOff(o.memory().crashes());
        if (o.now().isBefore(notBefore)) {
            return Say.of(
                            o,
                            START_BACKOFF,
                            "PostgreSQL ended "
                                    + o.memory().crashes().count()
                                    + " times in a row: the next start waits")
                    .lookAt(notBefore)
                    .service(Decision.Service.CHANGING)
                    .decision();
        }
        Optional<Decision> renewal = renewEpoch(o, cluster, proof);
        if (renewal.isPresent()) {
            return renewal.get();
        }
        if (!PromotionRules.isArmed(o)) {
            return PromotionRules.arm(o, "before PostgreSQL starts as primary again");
        }
        return Say.of(
                        o,
                        LEAD_RESTART,
                        "PostgreSQL ended and the lease is held: restarting it in place")
                .act(new Action.StartPrimary(proof, Files.forPrimary(o, restartNames(o, cluster))))
                .remember(o.memory().withCrashes(counted(o)))
                .service(Decision.Service.CHANGING)
                .eager()
                .decision();
    }

    /**
     * Before writes open under an epoch that may be given away by something still on its way to the
     * store: only a new epoch makes sure that it is not.
     */
    static Optional<Decision> renewEpoch(Observation o, ClusterView cluster, LeaderProof proof) {
        return isFirm(o)
                ? Optional.empty()
                : Optional.of(
                        Say.of(
                                        o,
                                        LEAD_RENEW_EPOCH,
                                        "the leader key is written anew, so that nothing sent before can give it away")
                                .act(
                                        new Action.RenewEpoch(
                                                proof.epoch(),
                                                o.lease().id().orElseThrow(),
                                                cluster.handedOverAt(),
                                                cluster.sync().revision()))
                                .service(Decision.Service.CHANGING)
                                .decision());
    }

    static boolean isFirm(Observation o) {
        return o.memory()
                .leadership()
                .filter(l -> l.standing() == Memory.Standing.FIRM)
                .isPresent();
    }

    /**
     * The names to start with again: those of before, if they enforce whoever stands in {@code
     * /sync}; they may not be known, or be from the time before the promotion.
     */
    private static String restartNames(Observation o, ClusterView cluster) {
        Optional<SyncNames> before =
                o.applied().flatMap(a -> SyncNames.parse(a.syncNames())).filter(n -> !n.isEmpty());
        SyncState sync = cluster.sync().value();
        SyncState recorded =
                sync.leader().equals(Optional.of(o.me())) ? sync : SyncState.of(o.me(), List.of());
        SyncNames names =
                before.filter(n -> n.keep(recorded))
                        .orElseGet(() ->
                                recorded.standbys().isEmpty()
                                        ? Files.armedNames(o, cluster)
                                        : QuorumSet.least(recorded));
        return names.render();
    }

    /**
     * The directory was a primary on the timeline that this member opened last: nobody can have
     * been promoted since.
     */
    private static boolean isOfThisEpoch(Observation o, ClusterView cluster, ControlData control) {
        Optional<TimelineClaim> claim = cluster.timeline().map(Versioned::value);
        return claim.isEmpty()
                || (claim.get().member().equals(o.me())
                        && (claim.get().timeline().equals(control.newestTimeline())
                                || (!claim.get().opened()
                                        && claim.get()
                                                .timeline()
                                                .isAfter(control.newestTimeline()))));
    }

    private static Optional<String> betterElsewhere(
            Observation o, ClusterView cluster, ControlData control) {
        Optional<Memory.Lead> lead = o.memory().lead();
        if (lead.isEmpty() || !hasSuccessor(o, cluster)) {
            return Optional.empty();
        }
        Optional<String> unwell = o.vitals().unwell(o.now(), o.deadlines());
        if (unwell.isPresent()) {
            return Optional.of("PostgreSQL ended, and " + unwell.get() + ": a standby takes over");
        }
        if (cleanly(control)) {
            return Optional.empty();
        }
        if (o.config().primaryStartTimeout().isZero()) {
            return Optional.of(
                    "PostgreSQL ended, and primary_start_timeout is 0: a standby takes over");
        }
        // Without a synchronous mode a standby may miss commits: it is taken only when nothing else
        // helps.
        int most = o.config().synchronous() ? 2 : GIVE_UP;
        if (o.memory().crashes().count() >= most) {
            return Optional.of(
                    "PostgreSQL ended "
                            + o.memory().crashes().count()
                            + " times soon after its start: a standby takes over");
        }
        if (!o.config().synchronous()) {
            return Optional.empty();
        }
        long toReplay = lead.get().flushed().bytesPast(control.redo());
        Duration restart = START.plusMillis(toReplay * 1000 / REPLAY_BYTES_PER_SECOND);
        Duration handOver = RejoinRules.canRewind(o, control) ? HAND_OVER : HAND_OVER.plus(COPY);
        return restart.compareTo(handOver) > 0
                ? Optional.of(
                        "PostgreSQL ended with "
                                + (toReplay >> 20)
                                + " MiB to replay: a synchronous standby takes over sooner")
                : Optional.empty();
    }

    /** A standby was fit when the primary was last seen, and a member that may lead still lives. */
    static boolean hasSuccessor(Observation o, ClusterView cluster) {
        SyncState sync = cluster.sync().value();
        List<MemberRecord.Stored> well =
                cluster.members().values().stream()
                        .filter(m -> !m.name().equals(o.me()) && m.member().isWell())
                        .filter(m ->
                                !o.config().synchronous() || sync.standbys().contains(m.name()))
                        .toList();
        boolean alive =
                well.stream().anyMatch(m -> !m.member().tags().noFailover())
                        && (!o.config().synchronous() || well.size() > sync.quorum());
        return alive && o.memory().lead().filter(Memory.Lead::healthyStandby).isPresent();
    }

    private static boolean cleanly(ControlData control) {
        return control.state() == ControlData.State.SHUT_DOWN;
    }

    private static Decision starting(Observation o, ClusterView cluster) {
        Duration waited = o.now().since(o.memory().crashes().lastAt());
        // 0 hands over after a crash; a start that was decided all the same gets its time.
        Duration timeout =
                o.config().primaryStartTimeout().isZero()
                        ? o.config().ttl()
                        : o.config().primaryStartTimeout();
        boolean late =
                (o.memory().crashes().count() > 0 && waited.compareTo(timeout) > 0)
                        || isOrderLate(o);
        Optional<MonoTime> silentUntil =
                o.memory().silentSince().map(s -> s.plus(o.deadlines().patience()));
        boolean silent = silentUntil.filter(end -> !o.now().isBefore(end)).isPresent();
        if ((!late && !silent) || o.config().pause() || !hasSuccessor(o, cluster)) {
            Decision wait = FollowerRules.awaitServer(o, cluster);
            return silentUntil
                    .filter(end -> o.now().isBefore(end) && end.isBefore(wait.lookAgain()))
                    .map(wait::lookingAgain)
                    .orElse(wait);
        }
        return Say.of(
                        o,
                        LEAD_RELEASE,
                        (silent
                                        ? "PostgreSQL has not answered for "
                                                + Words.seconds(o.deadlines().patience())
                                        : isOrderLate(o)
                                                ? "the restart that was ordered took longer than its timeout"
                                                : "PostgreSQL did not come back within primary_start_timeout, "
                                                        + Words.seconds(timeout))
                                + ": it is ended, and a standby takes over")
                .act(new Action.Kill())
                .remember(o.memory().withCrashes(new Memory.Crashes(GIVE_UP, o.now())))
                .decision();
    }

    /** An operator's restart may have a timeout of its own. */
    private static boolean isOrderLate(Observation o) {
        return o.orders()
                .restart()
                .filter(r ->
                        r.timeout().filter(t -> o.now().isAfter(r.orderedAt().plus(t))).isPresent())
                .isPresent();
    }

    static Decision release(Observation o, String why) {
        Optional<Action.Fenced> fenced = Action.Fenced.unused(o);
        if (fenced.isEmpty()) {
            return Say.of(
                            o,
                            LEAD_UNUSED,
                            why
                                    + ": PostgreSQL, which may be on its way out of recovery, is stopped first")
                    .act(new Action.Stop(Action.StopMode.FAST, ShutdownRules.patience(o)))
                    .decision();
        }
        Say say =
                Say.of(
                        o,
                        o.serverGone() ? LEAD_RELEASE : LEAD_UNUSED,
                        why + ": giving the lease back");
        o.cluster()
                .flatMap(ClusterView::leader)
                .ifPresent(l -> say.act(new Action.ReleaseLeader(l.epoch(), fenced.get())));
        return say.decision();
    }

    /** The first three starts in a row are not held back; then 1 s, 2 s, 4 s ... up to 30 s. */
    static MonoTime backOff(Memory.Crashes crashes) {
        return crashes.count() < 3
                ? MonoTime.BEGINNING
                : crashes.lastAt()
                        .plus(
                                Duration.ofSeconds(
                                        Math.min(30L, 1L << Math.min(5, crashes.count() - 3))));
    }

    static Memory.Crashes counted(Observation o) {
        return new Memory.Crashes(o.memory().crashes().count() + 1, o.now());
    }
}
