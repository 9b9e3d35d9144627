package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.RACE_ABSTAINS;
import static dev.holdfast.core.decide.Reason.Code.RACE_CONFIRMED;
import static dev.holdfast.core.decide.Reason.Code.RACE_NOT_LISTED;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.Versioned;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * What the other members do for a leader that stays without the store. Only those in the key {@code
 * failsafe} can be elected; who confirmed does not lead until that has run out; who is about to
 * lead does not confirm; and an agent that has just begun, which does not know what it confirmed
 * before, does not lead for one validity period.
 */
public final class FailsafeAnswers {
    private FailsafeAnswers() {}

    /** Why this member must not take, or use, a leader key that nobody handed to it. */
    static Optional<Decision> forbids(Observation o, ClusterView cluster) {
        Optional<FailsafeFact.Given> given = confirmed(o);
        if (given.isPresent()) {
            return wait(
                    o,
                    RACE_CONFIRMED,
                    given.get().until(),
                    "this member has confirmed that "
                            + given.get().leader()
                            + " leads, which has not run out");
        }
        Optional<SortedMap<MemberName, String>> key = cluster.failsafe().map(Versioned::value);
        if (key.filter(k -> !k.containsKey(o.me())).isPresent()) {
            return wait(
                    o,
                    RACE_NOT_LISTED,
                    o.now().plus(o.config().loopWait()),
                    "the key failsafe lists only "
                            + key.get().keySet()
                            + ", so the last leader did not ask this member");
        }
        MonoTime free = o.failsafe().startedAt().plus(o.deadlines().ttl());
        return key.isPresent() && o.now().isBefore(free) && !knowsNobodyStays(o, cluster)
                ? wait(
                        o,
                        RACE_ABSTAINS,
                        free,
                        "an agent here before this one may have confirmed that another member leads: waiting one TTL")
                : Optional.empty();
    }

    /** Whether a leader relies on this member's word that it follows. */
    static boolean hasConfirmed(Observation o) {
        return confirmed(o).isPresent();
    }

    private static Optional<FailsafeFact.Given> confirmed(Observation o) {
        return o.failsafe().given().filter(g -> o.now().isBefore(g.until()));
    }

    private static Optional<Decision> wait(
            Observation o, Reason.Code code, MonoTime until, String sentence) {
        return Optional.of(
                Say.of(o, code, sentence)
                        .service(Serving.whileChanging(o))
                        .lookAt(until)
                        .decision());
    }

    /** Whoever led last was this member, or has said that it does not any more. */
    private static boolean knowsNobodyStays(Observation o, ClusterView cluster) {
        return cluster.epoch()
                .map(Versioned::value)
                .filter(e -> e.released() || e.member().equals(o.me()))
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
