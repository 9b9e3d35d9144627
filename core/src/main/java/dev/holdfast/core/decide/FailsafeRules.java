package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_FAILSAFE;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The store is away, and the leader stays while every member that could be elected confirms that it
 * follows; what they do is in {@link FailsafeAnswers}.
 */
final class FailsafeRules {
    private FailsafeRules() {}

    /**
     * Whom to ask: everybody in the key, and in a write of it that may yet be executed, but this
     * member. Empty when there is no key or this member is not in it. Whether failsafe mode is on
     * does not matter here: who has confirmed keeps to it though the mode was switched off since.
     */
    static Optional<SortedSet<MemberName>> others(Observation o) {
        return listed(o)
                .map(all -> {
                    SortedSet<MemberName> others = new TreeSet<>(all.keySet());
                    others.remove(o.me());
                    return others;
                });
    }

    private static Optional<SortedMap<MemberName, String>> listed(Observation o) {
        Optional<Versioned<SortedMap<MemberName, String>>> key =
                o.cluster().flatMap(ClusterView::failsafe);
        if (key.isEmpty() || !key.get().value().containsKey(o.me()) || isYoung(o)) {
            return Optional.empty();
        }
        SortedMap<MemberName, String> all = new TreeMap<>(key.get().value());
        o.memory()
                .failsafeWrite()
                .filter(w -> w.expectedRevision() == key.get().revision())
                .ifPresent(w -> w.members().forEach((name, url) -> all.putIfAbsent(name, url)));
        return Optional.of(all);
    }

    /** An agent before this one may have written the key, and given confirmations. */
    private static boolean isYoung(Observation o) {
        return o.now().isBefore(o.failsafe().startedAt().plus(o.deadlines().ttl()));
    }

    /**
     * The store answers, and says that somebody else has led since; or not who led at all, since
     * that was removed: then no key could ever be taken back, and nobody else lead.
     */
    static boolean isOver(Observation o, Memory.Lead lead) {
        return o.cluster().filter(c -> isOver(c, o.me(), lead.epoch().revision())).isPresent();
    }

    private static boolean isOver(ClusterView cluster, MemberName me, long epoch) {
        return cluster.epoch()
                .map(e ->
                        e.revision() > epoch
                                && (!e.value().member().equals(me) || e.value().released()))
                .orElse(cluster.leader().isEmpty() && cluster.revision() > epoch);
    }

    /**
     * Adds the question to the others when a renewal is overdue, and looks again when it will be.
     */
    static Decision askWhenOverdue(Observation o, Decision decided) {
        Optional<SortedMap<MemberName, String>> listed = listed(o);
        Optional<Memory.Lead> lead = o.memory().lead();
        boolean standby = o.server().filter(Server.Standby.class::isInstance).isPresent();
        if (!o.config().failsafe()
                || listed.isEmpty()
                || lead.isEmpty()
                || standby
                || !o.serverMayRun()
                || !o.mayStay()
                || o.config().pause()
                || VitalRules.putsOff(o)) {
            return decided;
        }
        MonoTime due = o.deadlines().overdue(o.lease().leaderUntil());
        MonoTime next =
                o.failsafe()
                        .askedAt()
                        .map(at -> MonoTime.max(due, at.plus(o.deadlines().renewEvery())))
                        .orElse(due);
        if (o.now().isBefore(next)) {
            return next.isBefore(decided.lookAgain()) ? decided.lookingAgain(next) : decided;
        }
        SortedMap<MemberName, String> asked = new TreeMap<>(listed.get());
        asked.remove(o.me());
        Decision with =
                decided.with(
                        new Action.AskFailsafe(lead.get().epoch(), o.deadlines().ttl(), asked));
        MonoTime again = o.now().plus(o.deadlines().renewEvery());
        return again.isBefore(with.lookAgain()) ? with.lookingAgain(again) : with;
    }

    /** The lease is not proved any more: whether all others confirm, and what then is done. */
    static Optional<Decision> stay(Observation o, ClusterView cluster) {
        Optional<FailsafeProof> proof = o.staying();
        if (proof.isEmpty()) {
            return Optional.empty();
        }
        Say say =
                Say.of(
                                o,
                                LEAD_FAILSAFE,
                                "the lease cannot be renewed, and every other member confirms that this one leads: it stays primary")
                        .service(Serving.whileRunning(o))
                        .lookAt(proof.get().validUntil());
        takeBack(o, cluster, proof.get()).ifPresent(say::act);
        return Optional.of(say.decision());
    }

    /**
     * The store is back, and the old lease ran out in it meanwhile: nobody has led since, and
     * nobody does while the confirmations hold.
     */
    private static Optional<Action> takeBack(
            Observation o, ClusterView cluster, FailsafeProof proof) {
        boolean free =
                cluster.leader().isEmpty()
                        && o.lease().isGood(o.now())
                        && cluster.epoch()
                                .filter(e -> e.revision() == proof.epoch().revision())
                                .isPresent();
        return free
                ? Optional.of(Action.CreateLeader.of(o.lease().id().orElseThrow(), cluster))
                : Optional.empty();
    }

    /** Keeps the key as it should be; the leader alone does, while its lease is proved. */
    static Optional<Action.WriteFailsafe> write(
            Observation o, ClusterView cluster, LeaderProof proof) {
        long revision = cluster.failsafe().map(Versioned::revision).orElse(0L);
        if (!o.config().failsafe()) {
            return cluster.failsafe()
                    .map(_ -> new Action.WriteFailsafe(proof.epoch(), Optional.empty(), revision));
        }
        SortedMap<MemberName, String> wanted = new TreeMap<>();
        cluster.members().forEach((name, stored) -> wanted.put(name, stored.member().apiUrl()));
        boolean same = cluster.failsafe().filter(f -> f.value().equals(wanted)).isPresent();
        return same || !wanted.containsKey(o.me())
                ? Optional.empty()
                : Optional.of(
                        new Action.WriteFailsafe(proof.epoch(), Optional.of(wanted), revision));
    }

    /** What is remembered of such a write: until the key has changed it may yet be executed. */
    static Memory remember(Memory memory, Action.WriteFailsafe write) {
        SortedMap<MemberName, String> members = new TreeMap<>();
        memory.failsafeWrite()
                .filter(w -> w.expectedRevision() == write.expectedRevision())
                .ifPresent(w -> members.putAll(w.members()));
        write.members().ifPresent(more -> members.putAll(more));
        return memory.withFailsafeWrite(
                Optional.of(new Memory.FailsafeWrite(write.expectedRevision(), members)));
    }
}
