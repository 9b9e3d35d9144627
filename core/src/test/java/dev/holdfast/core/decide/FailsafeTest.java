package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.INITIALIZED;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.leaseOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.EpochRecord;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** S1 in failsafe mode: whoever stays without the store is the only one who may be primary. */
class FailsafeTest {
    private static final Duration TTL = Duration.ofSeconds(10);

    /** For a question sent at 5 s: the deadlines of a lease renewed then. */
    private static final long SENT = 5_000;

    private static final long SOFT = SENT + 7_800;

    private static boolean has(Situation situation, Class<? extends Action> kind) {
        return situation.decide().actions().stream().anyMatch(kind::isInstance);
    }

    private static boolean stays(Situation situation) {
        return situation.decide().reason().code() == Reason.Code.LEAD_FAILSAFE
                && !has(situation, Action.Kill.class);
    }

    private static Situation away(MemberName... confirming) {
        return Catalogue.staying().confirmedBy(SENT, confirming).now(Situation.SOFT_MILLIS);
    }

    // --- the leader

    @Test
    void theOthersAreAskedWhenTwoRenewalsAreMissingAndNotBefore() {
        assertThat(has(Catalogue.staying().now(2_999), Action.AskFailsafe.class)).isFalse();
        assertThat(Catalogue.staying().now(2_999).decide().lookAgain()).isEqualTo(at(3_000));
        assertThat(Catalogue.staying().now(3_000).decide().actions())
                .contains(
                        new Action.AskFailsafe(
                                EPOCH,
                                TTL,
                                new TreeMap<>(
                                        Map.of(
                                                PG2,
                                                Situation.apiUrl(PG2),
                                                PG3,
                                                Situation.apiUrl(PG3)))));
        assertThat(has(Situation.ofPrimary().now(3_000), Action.AskFailsafe.class))
                .as("failsafe mode is off")
                .isFalse();
    }

    @Test
    void theyAreAskedAgainEveryFifthOfTheTtl() {
        Situation asked = Catalogue.staying().told(f -> f.withAskedAt(at(3_000)));
        assertThat(has(asked.now(4_999), Action.AskFailsafe.class)).isFalse();
        assertThat(asked.decide().lookAgain()).isEqualTo(at(5_000));
        assertThat(has(asked.now(5_000), Action.AskFailsafe.class)).isTrue();
    }

    @Test
    void thereIsTimeForTwoQuestionsBeforeTheSoftDeadlineWhateverTheTtl() {
        for (int seconds : new int[] {3, 4, 10, 30}) {
            Deadlines deadlines = new Deadlines(Duration.ofSeconds(seconds));
            MonoTime sent = at(0);
            MonoTime end = Deadlines.goodUntil(sent, deadlines.ttl());
            assertThat(deadlines.overdue(end))
                    .isEqualTo(sent.plus(deadlines.renewEvery().multipliedBy(2)));
            assertThat(deadlines.overdue(end).plus(deadlines.renewEvery()))
                    .isLessThan(deadlines.soft(end));
        }
    }

    @Test
    void aPrimaryStaysOnlyWhileAllOthersConfirm() {
        assertThat(stays(away(PG2, PG3))).isTrue();
        assertThat(has(away(PG2), Action.Kill.class)).isTrue();
        assertThat(has(away(PG3), Action.Kill.class)).isTrue();
        assertThat(has(away(), Action.Kill.class)).isTrue();
    }

    @Test
    void confirmationsCountFromTheirSendingAndTheOldestOne() {
        assertThat(stays(away(PG2, PG3).now(SOFT - 1))).isTrue();
        assertThat(has(away(PG2, PG3).now(SOFT), Action.Kill.class)).isTrue();
        Situation uneven =
                Catalogue.staying().confirmedBy(SENT, PG2).confirmedBy(SENT - 2_000, PG3);
        assertThat(stays(uneven.now(SOFT - 2_001))).isTrue();
        assertThat(has(uneven.now(SOFT - 2_000), Action.Kill.class)).isTrue();
    }

    @Test
    void theGuardsDeadlineMovesWithThem() {
        assertThat(away(PG2, PG3).decide().actions())
                .contains(new Action.SetGuard(new GuardFact.Mode.Armed(at(SENT + 8_800))));
        assertThat(away(PG2, PG3).decide().lookAgain()).isLessThanOrEqualTo(at(SOFT));
    }

    @Test
    void clientsAreServedMeanwhile() {
        assertThat(away(PG2, PG3).decide().service()).isEqualTo(Decision.Service.OPEN);
    }

    @Test
    void nothingIsWrittenToTheStoreAndNothingPromotedOnConfirmationsAlone() {
        assertThat(away(PG2, PG3).decide().actions())
                .noneMatch(a -> a instanceof Action.Store || a instanceof Action.Lengthy);
    }

    @Test
    void aConfirmationOfAnotherEpochIsNone() {
        Situation other =
                Catalogue.staying()
                        .confirmedBy(SENT, PG2)
                        .told(f ->
                                f.withAnswer(
                                        PG3,
                                        new FailsafeFact.Answer(
                                                Optional.of(
                                                        new FailsafeFact.Confirmed(
                                                                new Epoch(99), at(SENT), TTL)),
                                                "")));
        assertThat(has(other.now(Situation.SOFT_MILLIS), Action.Kill.class)).isTrue();
    }

    @Test
    void aRefusalDoesNotTakeBackWhatWasConfirmed() {
        Situation refused =
                away(PG2, PG3)
                        .told(f ->
                                f.withAnswer(PG3, new FailsafeFact.Answer(Optional.empty(), "no")));
        assertThat(stays(refused)).isTrue();
    }

    @Test
    void whoIsNotInTheKeyDoesNotStay() {
        Situation unlisted =
                Situation.ofPrimary()
                        .failsafe(PG2, PG3)
                        .confirmedBy(SENT, PG2, PG3)
                        .now(Situation.SOFT_MILLIS);
        assertThat(has(unlisted, Action.Kill.class)).isTrue();
    }

    @Test
    void aMemberInAWriteThatMayYetBeExecutedIsAskedToo() {
        Situation written =
                Situation.ofPrimary()
                        .failsafe(PG1, PG2)
                        .memory(m ->
                                m.withFailsafeWrite(
                                        Optional.of(
                                                new Memory.FailsafeWrite(
                                                        60,
                                                        new TreeMap<>(Map.of(PG3, "http://pg3"))))))
                        .now(Situation.SOFT_MILLIS);
        assertThat(has(written.confirmedBy(SENT, PG2), Action.Kill.class)).isTrue();
        assertThat(stays(written.confirmedBy(SENT, PG2, PG3))).isTrue();
    }

    @Test
    void writesThatCompareWithTheSameRevisionAreAllRemembered() {
        Memory once =
                FailsafeRules.remember(
                        Memory.empty(),
                        new Action.WriteFailsafe(
                                EPOCH, Optional.of(new TreeMap<>(Map.of(PG2, "b"))), 60));
        Memory twice =
                FailsafeRules.remember(
                        once,
                        new Action.WriteFailsafe(
                                EPOCH, Optional.of(new TreeMap<>(Map.of(PG3, "c"))), 60));
        assertThat(twice.failsafeWrite().orElseThrow().members()).containsOnlyKeys(PG2, PG3);
    }

    @Test
    void anAgentThatHasJustBegunDoesNotStay() {
        Situation young =
                away(PG2, PG3)
                        .told(f ->
                                new FailsafeFact(
                                        at(Situation.SOFT_MILLIS - 9_999),
                                        f.triedToLeadAt(),
                                        f.given(),
                                        f.askedAt(),
                                        f.answers()));
        assertThat(has(young, Action.Kill.class)).isTrue();
    }

    @Test
    void theStoresWordThatTheLeaseIsGoneEndsAPrimaryThatNobodyConfirmed() {
        assertThat(has(Catalogue.staying().lostLease(), Action.Kill.class)).isTrue();
    }

    private static Situation storeIsBack() {
        return Catalogue.staying()
                .confirmedBy(SENT, PG2, PG3)
                .led(Situation.Lead.WITH_SUCCESSOR)
                .newLease()
                .noLeader()
                .now(Situation.SOFT_MILLIS);
    }

    @Test
    void whenTheStoreIsBackAndTheLeaseRanOutInItTheKeyIsTakenBack() {
        Situation back = storeIsBack();
        assertThat(stays(back)).isTrue();
        assertThat(back.decide().actions())
                .contains(
                        new Action.CreateLeader(
                                new LeaseId(0xBB), EPOCH.revision(), 0, INITIALIZED));
        assertThat(
                        has(
                                back.epochRecord(
                                        new EpochRecord(
                                                PG2, leaseOf(PG2), true, Optional.empty(), 1),
                                        250),
                                Action.Kill.class))
                .as("somebody else has led since")
                .isTrue();
    }

    @Test
    void whenTheStoreIsBackAndDoesNotKnowAnyMoreWhoLedThePrimaryIsEnded() {
        Situation back = storeIsBack();
        assertThat(has(back.noEpochRecord(), Action.Kill.class)).isTrue();
        assertThat(has(back.noEpochRecord(), Action.AskFailsafe.class)).isFalse();
        assertThat(stays(back.noEpochRecord().revision(EPOCH.revision())))
                .as("what was read before it led says nothing")
                .isTrue();
    }

    @Test
    void switchedOffMeanwhileWhatWasConfirmedHoldsUntilItRunsOutAndNobodyIsAskedAgain() {
        Situation off = away(PG2, PG3).config(ConfigParts::noFailsafe);
        assertThat(stays(off)).isTrue();
        assertThat(has(off, Action.AskFailsafe.class)).isFalse();
        assertThat(stays(off.now(SOFT - 1))).isTrue();
        assertThat(has(off.now(SOFT), Action.Kill.class)).isTrue();
        Situation race = confirming(Situation.ofFailover()).config(ConfigParts::noFailsafe);
        assertThat(has(race.freshAt(at(3_999)), Action.CreateLeader.class))
                .as("who confirmed takes the leader key")
                .isFalse();
        assertThat(has(race.freshAt(at(4_000)), Action.CreateLeader.class)).isTrue();
    }

    @Test
    void anAgentThatIsToEndStopsPostgresqlInOrder() {
        Situation ending = away(PG2, PG3).now(Situation.END_MILLIS).shutdown();
        assertThat(has(ending, Action.Stop.class)).isTrue();
        assertThat(has(ending, Action.Kill.class)).isFalse();
    }

    @Test
    void anotherLeaderEndsAPrimaryWhateverWasConfirmed() {
        assertThat(has(away(PG2, PG3).leader(PG2, 200), Action.Kill.class)).isTrue();
    }

    // --- the others

    private static Situation confirming(Situation situation) {
        return StandbyCatalogue.confirming(situation);
    }

    @Test
    void whoConfirmedDoesNotAcquireUntilThatHasRunOut() {
        Situation race = confirming(Situation.ofFailover());
        assertThat(has(race.freshAt(at(3_999)), Action.CreateLeader.class)).isFalse();
        assertThat(race.decide().lookAgain()).isLessThanOrEqualTo(at(4_000));
        assertThat(has(race.freshAt(at(4_000)), Action.CreateLeader.class)).isTrue();
    }

    @Test
    void whoConfirmedDoesNotPromoteOnAKeyThatAnOldWriteTook() {
        assertThat(has(Catalogue.prepared(), Action.Promote.class)).isTrue();
        assertThat(has(confirming(Catalogue.prepared()), Action.Promote.class)).isFalse();
    }

    @Test
    void onlyWhoIsListedIsElected() {
        assertThat(has(Situation.ofFailover().failsafe(PG1, PG2), Action.CreateLeader.class))
                .isTrue();
        assertThat(has(Situation.ofFailover().failsafe(PG1, PG3), Action.CreateLeader.class))
                .isFalse();
        assertThat(
                        has(
                                Situation.ofFailover()
                                        .failsafe(PG1, PG3)
                                        .config(ConfigParts::noFailsafe),
                                Action.CreateLeader.class))
                .as("whoever led last may not know that the mode was switched off")
                .isFalse();
    }

    @Test
    void anAgentThatHasJustBegunAbstainsForOneTtl() {
        Situation young =
                Situation.ofFailover()
                        .failsafe(PG1, PG2, PG3)
                        .told(f -> FailsafeFact.startedAt(at(-6_000)));
        assertThat(has(young.freshAt(at(3_999)), Action.CreateLeader.class)).isFalse();
        assertThat(has(young.freshAt(at(4_000)), Action.CreateLeader.class)).isTrue();
        assertThat(
                        has(
                                young.freshAt(at(0))
                                        .epochRecord(
                                                new EpochRecord(
                                                        PG1,
                                                        leaseOf(PG1),
                                                        false,
                                                        Optional.of(Values.HERE),
                                                        1),
                                                150),
                                Action.CreateLeader.class))
                .as("whoever led last was handed the key, and may stay by it")
                .isFalse();
        assertThat(has(young.freshAt(at(0)).released(PG1), Action.CreateLeader.class))
                .as("whoever led last said that it does not any more")
                .isTrue();
    }

    private static boolean confirms(Situation situation) {
        return confirms(situation, question());
    }

    private static boolean confirms(Situation situation, FailsafeFact.Question question) {
        return FailsafeAnswers.answer(situation.observe(), question)
                instanceof FailsafeAnswers.Reply.Confirmed;
    }

    private static FailsafeFact.Question question() {
        return new FailsafeFact.Question(PG1, EPOCH, TTL, Optional.of(PG2));
    }

    private static Situation follower() {
        return Situation.ofSyncStandby().failsafe(PG1, PG2, PG3);
    }

    @Test
    void aStandbyConfirmsForAsLongAsItIsAsked() {
        assertThat(FailsafeAnswers.answer(follower().observe(), question()))
                .isEqualTo(
                        new FailsafeAnswers.Reply.Confirmed(
                                new FailsafeFact.Given(PG1, EPOCH, at(10_000))));
        assertThat(confirms(follower().unknownStore())).as("it has not read the store").isTrue();
        assertThat(confirms(follower().noLeader())).as("the lease has run out").isTrue();
    }

    @Test
    void aShorterConfirmationDoesNotShortenALongerOne() {
        Situation given =
                follower()
                        .told(f ->
                                f.withGiven(
                                        Optional.of(
                                                new FailsafeFact.Given(PG1, EPOCH, at(15_000)))));
        assertThat(FailsafeAnswers.answer(given.observe(), question()))
                .isEqualTo(
                        new FailsafeAnswers.Reply.Confirmed(
                                new FailsafeFact.Given(PG1, EPOCH, at(15_000))));
    }

    @Test
    void whoMayBeAboutToLeadDoesNotConfirm() {
        assertThat(confirms(follower().told(f -> f.withTriedToLeadAt(Optional.of(at(-9_999))))))
                .isFalse();
        assertThat(confirms(follower().told(f -> f.withTriedToLeadAt(Optional.of(at(-10_000))))))
                .isTrue();
    }

    @Test
    void whoLeadsOrIsAPrimaryDoesNotConfirm() {
        assertThat(confirms(follower().leads(200))).isFalse();
        assertThat(confirms(follower().server(Values.primaryServer("\"pg3\"")))).isFalse();
        assertThat(confirms(follower().running(Catalogue.promote()))).isFalse();
    }

    @Test
    void whoKnowsOfALaterLeaderDoesNotConfirm() {
        assertThat(confirms(follower().leader(PG3, 101))).isFalse();
        assertThat(
                        confirms(
                                follower()
                                        .told(f ->
                                                f.withGiven(
                                                        Optional.of(
                                                                new FailsafeFact.Given(
                                                                        PG3,
                                                                        new Epoch(101),
                                                                        at(5_000)))))))
                .isFalse();
        assertThat(confirms(Situation.ofSyncStandby().failsafe(PG2, PG3)))
                .as("the leader is not in the key")
                .isFalse();
    }

    @Test
    void aQuestionToSomebodyElseIsNotConfirmed() {
        assertThat(
                        confirms(
                                follower(),
                                new FailsafeFact.Question(PG1, EPOCH, TTL, Optional.of(PG3))))
                .isFalse();
    }

    @Test
    void aConfirmationEndsWhenTheStoreShowsThatItsLeadersTimeIsOver() {
        FailsafeFact given =
                FailsafeFact.startedAt(at(-60_000))
                        .withGiven(Optional.of(new FailsafeFact.Given(PG1, EPOCH, at(4_000))));
        assertThat(seen(given, Situation.ofFailover())).as("the lease alone has ended").isTrue();
        assertThat(seen(given, Situation.ofFailover().released(PG1))).isFalse();
        assertThat(seen(given, Situation.ofFailover().leader(PG3, 200))).isFalse();
        assertThat(seen(given, Situation.ofFailover().handedOver(PG2, 200, Values.HERE))).isFalse();
        assertThat(seen(given, Situation.ofFailover().leader(PG2, 200)))
                .as("an old write of its own may have been executed late")
                .isTrue();
    }

    private static boolean seen(FailsafeFact given, Situation situation) {
        return FailsafeAnswers.seen(given, situation.observe().cluster().orElseThrow(), PG2)
                .given()
                .isPresent();
    }
}
