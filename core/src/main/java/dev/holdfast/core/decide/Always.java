package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.Versioned;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What holds whatever the rules decided: an armed guard learns each new deadline (else it would end
 * a server that takes its time to recover, to make a checkpoint or to stop), the loop looks again
 * when the proof of the lease runs out, a long action that has just failed is not begun again at
 * once, and nobody waits for a member that is recorded as leader and does not lead.
 */
final class Always {
    /** How long a long action that failed is left alone. Starts have a back-off of their own. */
    private static final Duration PAUSE = Duration.ofSeconds(3);

    private Always() {}

    static Decision add(Observation o, Decision decided) {
        Decision leading = VitalRules.renew(o, FailsafeRules.askWhenOverdue(o, decided));
        return look(o, disclaim(o, doubt(hold(o, rearm(o, leading)))));
    }

    /** Its answer may be lost, and it may be executed at any time from now on. */
    private static Decision doubt(Decision decided) {
        return givesAway(decided)
                ? decided.remembering(
                        decided.memory()
                                .withLeadership(
                                        decided.memory()
                                                .leadership()
                                                .map(Memory.Leadership::doubtful)))
                : decided;
    }

    /**
     * The leader key was removed by hand while it hung on the lease that this member has. Others
     * wait for that lease to end, which it does not: so it is said that nobody needs to wait, as
     * soon as nothing can be writing here and unless this member takes the key back.
     */
    private static Decision disclaim(Observation o, Decision decided) {
        boolean recorded =
                o.cluster()
                        .filter(c -> c.leader().isEmpty())
                        .filter(c -> RestoredRules.elects(o, c).isEmpty())
                        .flatMap(ClusterView::epoch)
                        .map(Versioned::value)
                        .filter(e -> e.member().equals(o.me()) && !e.released())
                        .filter(e -> Optional.of(e.lease()).equals(o.lease().id()))
                        .isPresent();
        if (!recorded
                || o.task() instanceof Task.Running
                || decided.actions().stream().anyMatch(Action.CreateLeader.class::isInstance)) {
            return decided;
        }
        return Action.Fenced.unused(o)
                .map(fenced ->
                        decided.with(
                                new Action.ReleaseEpoch(
                                        o.cluster().orElseThrow().epochRevision(), fenced)))
                .orElse(decided);
    }

    private static boolean givesAway(Decision decided) {
        for (Action action : decided.actions()) {
            if (action instanceof Action.ReleaseLeader || action instanceof Action.HandOver) {
                return true;
            }
        }
        return false;
    }

    private static Decision rearm(Observation o, Decision decided) {
        boolean claimed = o.cluster().filter(c -> BootstrapRules.isClaimedByMe(o, c)).isPresent();
        MonoTime kill = claimed ? o.deadlines().kill(o.lease().goodUntil()) : o.killAt();
        // A lease with a shorter TTL ends sooner than the one before it.
        boolean other =
                (o.mayStay() || claimed)
                        && o.guard()
                                instanceof
                                GuardFact.Present(
                                        GuardFact.Mode.Armed(MonoTime deadline),
                                        long _,
                                        boolean _)
                        && !kill.equals(deadline);
        boolean spoken = speaksOfGuard(decided);
        return other && !spoken
                ? decided.with(new Action.SetGuard(new GuardFact.Mode.Armed(kill)))
                : decided;
    }

    private static boolean speaksOfGuard(Decision decided) {
        for (Action action : decided.actions()) {
            if (action instanceof Action.SetGuard
                    || action instanceof Action.Kill
                    || action instanceof Action.Exit) {
                return true;
            }
        }
        return false;
    }

    private static Decision hold(Observation o, Decision decided) {
        if (!(o.task()
                        instanceof
                        Task.Ended(
                                Action.Lengthy failed,
                                MonoTime at,
                                Task.Outcome.Failed(var why)))
                || !o.now().isBefore(at.plus(PAUSE))) {
            return decided;
        }
        List<Action> kept = decided.actions().stream().filter(a -> !repeats(failed, a)).toList();
        return kept.size() == decided.actions().size()
                ? decided
                : new Decision(
                        decided.saying("tried again soon: " + why).reason(),
                        kept,
                        decided.memory(),
                        MonoTime.min(decided.lookAgain(), at.plus(PAUSE)),
                        decided.probe(),
                        decided.service());
    }

    /**
     * A base backup may follow a rewind that failed at once; the other way round both would fail in
     * turn, without a pause.
     */
    private static boolean repeats(Action.Lengthy failed, Action next) {
        return switch (failed) {
            case Action.Stop _ -> next instanceof Action.Stop;
            case Action.PlaceSlots _ -> next instanceof Action.PlaceSlots;
            case Action.PrePromote _ -> next instanceof Action.PrePromote;
            case Action.Promote _ -> next instanceof Action.Promote;
            case Action.KeepAside _ -> next instanceof Action.KeepAside;
            case Action.Rewind _ -> next instanceof Action.Rewind;
            case Action.Clone _, Action.Restore _ ->
                    next instanceof Action.Clone
                            || next instanceof Action.Restore
                            || next instanceof Action.KeepAside
                            || next instanceof Action.Rewind;
            case Action.InitDb _,
                    Action.StartNewCluster _,
                    Action.StartStandby _,
                    Action.StartPrimary _ ->
                    false;
        };
    }

    private static Decision look(Observation o, Decision decided) {
        Optional<MonoTime> end = o.proof().map(LeaderProof::validUntil);
        Optional<MonoTime> unwell = o.vitals().nextLasting(o.now(), o.deadlines());
        Decision soon = sooner(sooner(decided, end), unwell);
        return sooner(sooner(soon, ScheduledSwitchover.next(o)), OrderRules.next(o));
    }

    private static Decision sooner(Decision decided, Optional<MonoTime> instant) {
        return instant.filter(i -> i.isBefore(decided.lookAgain()))
                .map(decided::lookingAgain)
                .orElse(decided);
    }
}
