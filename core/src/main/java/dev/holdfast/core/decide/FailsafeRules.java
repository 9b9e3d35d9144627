package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_FAILSAFE;
import static dev.holdfast.core.decide.Reason.Code.RACE_ABSTAINS;
import static dev.holdfast.core.decide.Reason.Code.RACE_CONFIRMED;
import static dev.holdfast.core.decide.Reason.Code.RACE_NOT_LISTED;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The store is away, and the leader stays while every member that could be elected confirms that it
 * follows. Only those in the key {@code failsafe} can be elected; who confirmed does not lead until
 * that has run out; who is about to lead does not confirm; and an agent that has just begun, which
 * does not know what it confirmed before, does not lead for one validity period.
 */
public final class FailsafeRules {
    private FailsafeRules() {}

    // --- the leader

    /**
     * Whom to ask: everybody in the key, and in a write of it that may yet be executed, but this
     * member. Empty when failsafe mode is off or this member is not in the key.
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
        if (!o.config().failsafe()
                || key.isEmpty()
                || !key.get().value().containsKey(o.me())
                || isYoung(o)) {
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

    static boolean hasNewerLeader(Observation o, Memory.Lead lead) {
        return o.cluster()
                .flatMap(ClusterView::epoch)
                .filter(e -> e.revision() > lead.epoch().revision())
                .filter(e -> !e.value().member().equals(o.me()) || e.value().released())
                .isPresent();
    }

    /**
     * Adds the question to the others when a renewal is overdue, and looks again when it will be.
     */
    static Decision askWhenOverdue(Observation o, Decision decided) {
        Optional<SortedMap<MemberName, String>> listed = listed(o);
        Optional<Memory.Lead> lead = o.memory().lead();
        boolean standby = o.server().filter(Server.Standby.class::isInstance).isPresent();
        if (listed.isEmpty()
                || lead.isEmpty()
                || standby
                || !o.serverMayRun()
                || !o.mayStay()
                || o.config().pause()) {
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
                ? Optional.of(
                        new Action.CreateLeader(
                                o.lease().id().orElseThrow(), proof.epoch().revision()))
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

    // --- the others

    /** Why this member must not take, or use, a leader key that nobody handed to it. */
    static Optional<Decision> forbids(Observation o, ClusterView cluster) {
        Optional<FailsafeFact.Given> given =
                o.failsafe().given().filter(g -> o.now().isBefore(g.until()));
        if (given.isPresent()) {
            return Optional.of(
                    Say.of(
                                    o,
                                    RACE_CONFIRMED,
                                    "this member has confirmed that "
                                            + given.get().leader()
                                            + " leads, which has not run out")
                            .service(Serving.whileChanging(o))
                            .lookAt(given.get().until())
                            .decision());
        }
        Optional<SortedMap<MemberName, String>> key = cluster.failsafe().map(Versioned::value);
        if (key.filter(k -> !k.containsKey(o.me())).isPresent()) {
            return Optional.of(
                    Say.of(
                                    o,
                                    RACE_NOT_LISTED,
                                    "the key failsafe lists only "
                                            + key.get().keySet()
                                            + ", so the last leader did not ask this member")
                            .service(Serving.whileChanging(o))
                            .decision());
        }
        MonoTime free = o.failsafe().startedAt().plus(o.deadlines().ttl());
        return key.isPresent() && o.now().isBefore(free) && !knowsNobodyStays(o, cluster)
                ? Optional.of(
                        Say.of(
                                        o,
                                        RACE_ABSTAINS,
                                        "an agent here before this one may have confirmed that another member leads: waiting one TTL")
                                .service(Serving.whileChanging(o))
                                .lookAt(free)
                                .decision())
                : Optional.empty();
    }

    /** Whoever led last was this member, or has said that it does not any more. */
    private static boolean knowsNobodyStays(Observation o, ClusterView cluster) {
        return cluster.epoch()
                .map(Versioned::value)
                .filter(e ->
                        e.released() || e.member().equals(o.me()) || e.handedOverAt().isPresent())
                .isPresent();
    }

    /** What a leader that cannot reach the store is answered. */
    public sealed interface Reply {
        record Confirmed(FailsafeFact.Given given) implements Reply {}

        record Refused(String why) implements Reply {}
    }

    public static Reply answer(Observation o, FailsafeFact.Question question) {
        return Stream.of(elsewhere(o, question), leadsItself(o, question), knowsBetter(o, question))
                .flatMap(Optional::stream)
                .findFirst()
                .<Reply>map(Reply.Refused::new)
                .orElseGet(() -> {
                    MonoTime until = o.now().plus(question.validity());
                    MonoTime before =
                            o.failsafe()
                                    .given()
                                    .map(FailsafeFact.Given::until)
                                    .orElse(MonoTime.BEGINNING);
                    return new Reply.Confirmed(
                            new FailsafeFact.Given(
                                    question.leader(),
                                    question.epoch(),
                                    MonoTime.max(before, until)));
                });
    }

    private static Optional<String> elsewhere(Observation o, FailsafeFact.Question question) {
        return question.to()
                .filter(to -> !to.equals(o.me()))
                .map(to -> "this is " + o.me() + ", not " + to);
    }

    private static Optional<String> leadsItself(Observation o, FailsafeFact.Question question) {
        boolean leads =
                o.lease().leaderEpoch().isPresent()
                        || o.cluster().filter(c -> c.isLeader(o.me())).isPresent()
                        || Decide.isPrimary(o.server())
                        || o.task() instanceof Task.Running(Action.Promote _, var _, var _)
                        || o.task() instanceof Task.Running(Action.StartPrimary _, var _, var _);
        MonoTime least = o.now().minus(o.deadlines().ttl());
        boolean tries =
                o.failsafe()
                        .triedToLeadAt()
                        .filter(at ->
                                at.isAfter(MonoTime.min(least, o.now().minus(question.validity()))))
                        .isPresent();
        return leads || tries
                ? Optional.of(
                        o.me() + (leads ? " leads, or is a primary" : " may be about to lead"))
                : Optional.empty();
    }

    private static Optional<String> knowsBetter(Observation o, FailsafeFact.Question question) {
        Optional<String> leader =
                o.cluster()
                        .flatMap(ClusterView::leader)
                        .filter(l -> l.epoch().compareTo(question.epoch()) > 0)
                        .map(LeaderKey::member)
                        .map(m -> m + " leads since");
        Optional<String> epoch =
                o.cluster()
                        .flatMap(ClusterView::epoch)
                        .filter(e -> e.revision() > question.epoch().revision())
                        .map(e -> "the leader key has changed since epoch " + question.epoch());
        Optional<String> confirmed =
                o.failsafe()
                        .given()
                        .filter(g -> g.epoch().compareTo(question.epoch()) > 0)
                        .map(g -> g.leader() + " leads since");
        Optional<String> unlisted =
                o.cluster()
                        .flatMap(ClusterView::failsafe)
                        .filter(f -> !f.value().containsKey(question.leader()))
                        .map(_ -> question.leader() + " is not in the key failsafe");
        return Stream.of(leader, epoch, confirmed, unlisted).flatMap(Optional::stream).findFirst();
    }

    /**
     * A confirmation binds nobody any more once the store shows that its leader's time was over: it
     * has released or handed over, or another member has led since. A key that this member took
     * itself shows nothing of the kind: an old write of its own may have been executed late.
     */
    public static FailsafeFact seen(FailsafeFact fact, ClusterView cluster, MemberName me) {
        return fact.withGiven(
                fact.given()
                        .filter(g ->
                                cluster.epoch()
                                        .filter(e -> e.revision() > g.epoch().revision())
                                        .map(Versioned::value)
                                        .filter(e -> endsOthers(e, me))
                                        .isEmpty()));
    }

    private static boolean endsOthers(EpochRecord record, MemberName me) {
        return !record.member().equals(me)
                || record.released()
                || record.handedOverAt().isPresent();
    }
}
