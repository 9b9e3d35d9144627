package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_RUN_OUT;
import static dev.holdfast.core.decide.Reason.Code.LEAD_UNWELL;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/**
 * A leader whose server lets nobody in, whose disk hangs or has no room, or to whom the standbys do
 * not get through, gives the lease up while another member is better off: fence, prove, release.
 * Where it cannot be proved that PostgreSQL is gone, the lease is left to run out.
 */
final class VitalRules {
    private VitalRules() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (!cluster.isLeader(o.me()) || o.proof().isEmpty() || o.orders().shutdown()) {
            return Optional.empty();
        }
        if (o.memory().retreatSince().isPresent()) {
            return Optional.of(retreat(o));
        }
        boolean busy =
                o.task() instanceof Task.Running running
                        && !(running.action() instanceof Action.StartPrimary);
        boolean standby = o.server().filter(Server.Standby.class::isInstance).isPresent();
        if (busy || standby || !mayRun(o)) {
            return Optional.empty();
        }
        return o.vitals()
                .lasting(o.now(), o.deadlines())
                .or(() -> Stalls.complaint(o, cluster))
                .filter(_ -> hasBetter(o, cluster))
                .map(trouble ->
                        giveUp(o, trouble + ": PostgreSQL is ended, and a standby takes over"));
    }

    /**
     * A leader's renewals wait until a write has reached its disks, so that the lease of one whose
     * disk hangs ends one TTL after that, whether or not its processes can be shown to have ended.
     * Where nobody else would be better off, they go all the same.
     */
    static Decision renew(Observation o, Decision decided) {
        Optional<String> writing = o.vitals().writing(o.now(), o.deadlines());
        if (writing.isEmpty() || o.cluster().filter(c -> c.isLeader(o.me())).isEmpty()) {
            return decided;
        }
        if (putsOff(o)) {
            return decided.reason().sentence().contains(writing.get())
                    ? decided
                    : decided.saying(writing.get() + ": the lease is not renewed before it has");
        }
        MonoTime next = o.now().plus(o.deadlines().renewEvery());
        Decision renewing = decided.with(new Action.RenewAnyway());
        return next.isBefore(renewing.lookAgain()) ? renewing.lookingAgain(next) : renewing;
    }

    /** Whether the lease is not renewed, since another member's disk would be better. */
    static boolean putsOff(Observation o) {
        return o.vitals().writing(o.now(), o.deadlines()).isPresent()
                && !o.config().pause()
                && !o.orders().shutdown()
                && o.cluster().filter(c -> c.isLeader(o.me()) && hasBetter(o, c)).isPresent();
    }

    /** A start that hangs has no server yet and may have one at any moment. */
    private static boolean mayRun(Observation o) {
        return o.serverMayRun() || o.task() instanceof Task.Running;
    }

    private static boolean hasBetter(Observation o, ClusterView cluster) {
        return o.server().orElse(null) instanceof Server.Primary primary
                ? Candidates.best(o, cluster, primary).isPresent()
                : LeaderRules.hasSuccessor(o, cluster);
    }

    private static Decision giveUp(Observation o, String sentence) {
        Memory.Crashes crashes = new Memory.Crashes(LeaderRules.GIVE_UP, o.now());
        return Say.of(o, LEAD_UNWELL, sentence)
                .act(new Action.Kill())
                .remember(
                        o.memory()
                                .withGate(Optional.empty())
                                .withCrashes(crashes)
                                .withRetreatSince(Optional.of(o.now())))
                .lookAt(o.now().plus(o.deadlines().renewEvery()))
                .decision();
    }

    /**
     * PostgreSQL was told to end. The data directory is not looked at any more: its disk may be
     * what hangs.
     */
    private static Decision retreat(Observation o) {
        boolean busy = o.task() instanceof Task.Running;
        if (o.serverGone() && !busy) {
            return LeaderRules.release(o, "PostgreSQL was not well here and has ended");
        }
        var patienceEnds = o.memory().retreatSince().orElseThrow().plus(o.deadlines().renewEvery());
        if (o.now().isBefore(patienceEnds)) {
            return Say.of(o, LEAD_UNWELL, "PostgreSQL is not well here and is being ended")
                    .act(new Action.Kill())
                    .lookAt(patienceEnds)
                    .decision();
        }
        return Say.of(
                        o,
                        LEAD_RUN_OUT,
                        "it cannot be shown that PostgreSQL has ended, so the lease is not given back: it is left to run out")
                .act(new Action.Kill())
                .act(new Action.LetLeaseRunOut())
                .decision();
    }
}
