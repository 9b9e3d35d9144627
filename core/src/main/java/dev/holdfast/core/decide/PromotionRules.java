package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_ARM;
import static dev.holdfast.core.decide.Reason.Code.LEAD_CATCH_UP;
import static dev.holdfast.core.decide.Reason.Code.LEAD_CLAIM;
import static dev.holdfast.core.decide.Reason.Code.LEAD_HANDED_OVER;
import static dev.holdfast.core.decide.Reason.Code.LEAD_PRE_PROMOTE;
import static dev.holdfast.core.decide.Reason.Code.LEAD_PROMOTE;
import static dev.holdfast.core.decide.Reason.Code.LEAD_SYNC;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The lease is held and the server is a standby. In this order, each step only when the one before
 * shows in the facts: what was handed over is replayed, the guard is armed, {@code /sync} and the
 * new timeline are written under our epoch, promote.
 */
final class PromotionRules {
    /**
     * How long what comes before a promotion may take: a planned hand-over shows up here at once,
     * since that was checked before the lease was handed over, and so does a reload.
     */
    private static final Duration SETTLE = Duration.ofSeconds(5);

    private PromotionRules() {}

    static Decision decide(
            Observation o, ClusterView cluster, LeaderProof proof, Server.Standby standby) {
        return refuseOrWait(o, cluster, standby)
                .or(() -> LeaderRules.renewEpoch(o, cluster, proof))
                .or(() -> askScript(o, proof.epoch()))
                .or(() -> CatchUp.decide(o, cluster, standby))
                .or(() -> prepare(o, cluster, proof.epoch(), standby))
                .orElseGet(() -> promote(o, proof, standby));
    }

    /**
     * The store shows the leader key on our lease and the proof is on its way: what a promotion
     * needs beforehand harms nobody if the proof never comes, and need not wait for it.
     */
    static Optional<Decision> ahead(
            Observation o, ClusterView cluster, LeaderKey key, Server.Standby standby) {
        return LeaderRules.isFirm(o)
                        && o.lease().isGood(o.now())
                        && key.lease().equals(o.lease().id())
                        && scriptAgreed(o, key.epoch())
                ? refuseOrWait(o, cluster, standby).isPresent()
                        ? Optional.empty()
                        : prepare(o, cluster, key.epoch(), standby)
                : Optional.empty();
    }

    /**
     * The operator's program is asked before anything is changed for the promotion: where it says
     * no, this server is still a plain standby, and the lease can be given back at once.
     */
    private static Optional<Decision> askScript(Observation o, Epoch epoch) {
        if (scriptAgreed(o, epoch)) {
            return Optional.empty();
        }
        if (o.task()
                instanceof
                Task.Ended(
                        Action.PrePromote(Epoch asked),
                        MonoTime _,
                        Task.Outcome.Failed(String why))) {
            if (asked.equals(epoch)) {
                return Optional.of(LeaderRules.release(o, why));
            }
        }
        return Optional.of(
                Say.of(
                                o,
                                LEAD_PRE_PROMOTE,
                                "asking "
                                        + o.self().prePromote().orElse("")
                                        + " (pre_promote) whether to promote")
                        .act(new Action.PrePromote(epoch))
                        .service(Decision.Service.CHANGING)
                        .decision());
    }

    private static boolean scriptAgreed(Observation o, Epoch epoch) {
        if (o.self().prePromote().isEmpty()) {
            return true;
        }
        return o.task()
                        instanceof
                        Task.Ended(Action.PrePromote(Epoch asked), MonoTime _, Task.Outcome.Done _)
                && asked.equals(epoch);
    }

    /** Whether the leader key is ours at this epoch, as far as is known. */
    static boolean leads(Observation o, Epoch epoch) {
        return o.now().isBefore(o.lease().leaderUntil())
                && o.cluster()
                        .filter(c -> c.isLeader(o.me()))
                        .flatMap(ClusterView::leader)
                        .filter(key -> key.epoch().equals(epoch))
                        .isPresent();
    }

    /**
     * When the steps to the promotion began: the lease was taken, and the operator's program had
     * its say.
     */
    static MonoTime begunAt(Observation o) {
        MonoTime since = o.memory().leadership().map(Memory.Leadership::since).orElse(o.now());
        return o.task() instanceof Task.Ended(Action.PrePromote _, MonoTime at, var _)
                ? MonoTime.max(since, at)
                : since;
    }

    private static Optional<Decision> refuseOrWait(
            Observation o, ClusterView cluster, Server.Standby standby) {
        Optional<Lsn> handedOverAt = cluster.handedOverAt();
        if (o.self().tags().noFailover() || !entitled(o, cluster, handedOverAt.isPresent())) {
            return Optional.of(
                    LeaderRules.release(
                            o,
                            o.self()
                                    .barred()
                                    .orElse("this member holds the lease and may not lead")));
        }
        if (handedOverAt.isEmpty() && o.failsafe().given().isPresent()) {
            // An old write of ours took the key after we had confirmed that another leads.
            Optional<Decision> forbidden = FailsafeAnswers.forbids(o, cluster);
            if (forbidden.isPresent()) {
                return forbidden;
            }
        }
        Optional<TimelineClaim> later =
                cluster.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.reached().isAfter(standby.timeline()));
        if (later.isPresent()) {
            return Optional.of(
                    LeaderRules.release(
                            o,
                            later.get().member()
                                    + (later.get().opened() ? " opened" : " claimed")
                                    + " timeline "
                                    + later.get().timeline()
                                    + ", and this member is on "
                                    + standby.timeline()));
        }
        return handedOverAt
                .filter(checkpoint -> !standby.replayed().isAfter(checkpoint))
                .map(checkpoint -> awaitCheckpoint(o, standby, checkpoint));
    }

    /** Everything that is still to be done before the promotion, side by side where it may be. */
    private static Optional<Decision> prepare(
            Observation o, ClusterView cluster, Epoch epoch, Server.Standby standby) {
        List<Action> steps = new ArrayList<>();
        Reason.Code code = LEAD_CATCH_UP;
        String sentence = "asking the others whether they have received more";
        Optional<Action> question = CatchUp.question(o, cluster);
        question.ifPresent(steps::add);
        if (!isArmed(o)) {
            steps.add(arming(o));
            code = LEAD_ARM;
            sentence = "arming the guard before the promotion";
        }
        if (lacksNames(o, cluster, standby)) {
            steps.add(
                    new Action.ApplyFiles(
                            Files.forStandby(
                                    o, cluster, o.applied().flatMap(ServerFiles::upstream))));
            code = LEAD_SYNC;
            sentence = "setting synchronous_standby_names before the promotion";
        } else if (!isPrepared(o, cluster, epoch, standby)) {
            steps.add(claim(o, cluster, epoch, standby));
            code = LEAD_CLAIM;
            sentence =
                    "writing /sync and claiming timeline "
                            + standby.timeline().next()
                            + " before the promotion";
        }
        return steps.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Say.of(o, code, sentence)
                                .actAll(steps)
                                .service(Decision.Service.CHANGING)
                                .eager()
                                .lookAt(
                                        question.isPresent()
                                                ? CatchUp.answersBy(o)
                                                : o.now().plus(SETTLE))
                                .decision());
    }

    private static Decision promote(Observation o, LeaderProof proof, Server.Standby standby) {
        return Say.of(o, LEAD_PROMOTE, "promoting to timeline " + standby.timeline().next())
                .act(new Action.Promote(proof))
                .remember(o.memory().withSync(o.memory().sync().withWritten(0)))
                .service(Decision.Service.CHANGING)
                .eager()
                .decision();
    }

    private static boolean entitled(Observation o, ClusterView cluster, boolean handedOver) {
        SyncState sync = cluster.sync().value();
        boolean named =
                cluster.failover()
                        .map(Versioned::value)
                        .filter(f -> f.isManual() && !f.isScheduled())
                        .flatMap(FailoverRequest::candidate)
                        .filter(o.me()::equals)
                        .isPresent();
        return !o.config().synchronous()
                || sync.leader().isEmpty()
                || sync.entitles(o.me())
                || handedOver
                || named;
    }

    private static Decision awaitCheckpoint(Observation o, Server.Standby standby, Lsn checkpoint) {
        return isLate(o) && !standby.isStreaming()
                ? LeaderRules.release(
                        o, "the shutdown checkpoint at " + checkpoint + " never arrived here")
                : Say.of(
                                o,
                                LEAD_HANDED_OVER,
                                "replaying up to the shutdown checkpoint at " + checkpoint)
                        .eager()
                        .service(Decision.Service.CHANGING)
                        .lookAt(o.now().plus(SETTLE))
                        .decision();
    }

    /** This member has led for longer than the steps before a promotion may take. */
    static boolean isLate(Observation o) {
        return o.now().since(begunAt(o)).compareTo(SETTLE) > 0;
    }

    /**
     * Whether the guard will end the server if the agent falls silent, or an operator paused it.
     */
    static boolean isArmed(Observation o) {
        if (o.config().pause()
                && o.guard()
                        instanceof GuardFact.Present(GuardFact.Mode.Paused _, long _, boolean _)) {
            return true;
        }
        return o.guard()
                        instanceof
                        GuardFact.Present(
                                GuardFact.Mode.Armed(MonoTime deadline),
                                long _,
                                boolean _)
                && !deadline.isBefore(o.now().plus(o.deadlines().renewTimeout()));
    }

    static Decision arm(Observation o, String before) {
        return Say.of(o, LEAD_ARM, "arming the guard " + before)
                .act(arming(o))
                .service(Decision.Service.CHANGING)
                .decision();
    }

    /**
     * The leader key hangs on the lease, so the lease's own end is what the guard must not pass.
     */
    private static Action arming(Observation o) {
        MonoTime end = o.proof().isPresent() ? o.lease().leaderUntil() : o.lease().goodUntil();
        return new Action.SetGuard(new GuardFact.Mode.Armed(o.deadlines().kill(end)));
    }

    /**
     * The server would acknowledge commits without a synchronous standby from its first one on: a
     * synchronous mode was switched on just now, or an agent before this one did not set the names.
     * Where the mode is not strict that is not waited for without end.
     */
    private static boolean lacksNames(Observation o, ClusterView cluster, Server.Standby standby) {
        boolean none =
                SyncNames.parse(standby.common().syncNames())
                        .filter(SyncNames::isEmpty)
                        .isPresent();
        return none
                && !Files.armedNames(o, cluster).isEmpty()
                && (o.config().syncStrict() || !isLate(o));
    }

    /**
     * Our claim stands, and whoever stands in {@code /sync} is waited for from the first commit.
     */
    private static boolean isPrepared(
            Observation o, ClusterView cluster, Epoch epoch, Server.Standby standby) {
        boolean claimed =
                cluster.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.epoch().equals(epoch) && c.member().equals(o.me()))
                        .filter(c -> c.timeline().equals(standby.timeline().next()))
                        .isPresent();
        SyncState sync = cluster.sync().value();
        return claimed
                && (o.config().synchronous()
                        ? sync.leader().equals(Optional.of(o.me())) && names(o, standby).keep(sync)
                        : sync.leader().isEmpty());
    }

    private static Action claim(
            Observation o, ClusterView cluster, Epoch epoch, Server.Standby standby) {
        TimelineClaim claim =
                new TimelineClaim(
                        standby.timeline().next(), o.me(), epoch, standby.position(), false);
        Optional<SyncState> sync =
                o.config().synchronous()
                        ? Optional.of(kept(o, cluster, names(o, standby)))
                        : cluster.sync().value().leader().map(_ -> SyncState.none());
        return new Action.PreparePromotion(
                epoch, sync, cluster.sync().revision(), claim, cluster.claimRevision());
    }

    /** Those of the old sync set that our server will wait for from its first commit on. */
    private static SyncState kept(Observation o, ClusterView cluster, SyncNames own) {
        SyncState before = cluster.sync().value();
        SortedSet<MemberName> living = new TreeSet<>(before.standbys());
        living.retainAll(cluster.members().keySet());
        living.remove(o.me());
        if (before.quorum() > 0) {
            return QuorumSet.inherited(before, o.me(), living, own);
        }
        living.retainAll(own.enforced());
        return SyncState.of(o.me(), living);
    }

    private static SyncNames names(Observation o, Server.Standby standby) {
        return PrimaryRules.countedNames(o, standby.common()).orElse(SyncNames.NONE);
    }
}
