package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.sender;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.postgres.ControlData.State;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * A leader that lets nobody in, or whose disk hangs or is full, makes room for one that is better
 * off, and never for nobody.
 */
class UnwellLeaderTest {
    private static boolean has(Situation situation, Class<? extends Action> kind) {
        return situation.decide().actions().stream().anyMatch(kind::isInstance);
    }

    private static boolean givesUp(Situation situation) {
        return situation.decide().reason().code() == Reason.Code.LEAD_UNWELL
                && has(situation, Action.Kill.class);
    }

    private static Situation unwell(Vital.Kind kind, long sinceMillis) {
        return Situation.ofPrimary().trouble(kind, sinceMillis, "it is broken");
    }

    @Test
    void patienceEndsAfterThreeQuartersOfTheTtlOrHalfOfItForADiskThatIsSilent() {
        for (Vital.Kind kind : Vital.Kind.values()) {
            assertThat(givesUp(unwell(kind, -7_500))).as("complaint of " + kind).isTrue();
            assertThat(givesUp(unwell(kind, -7_499))).as("complaint of " + kind).isFalse();
            int silence = kind.isDisk() ? 5_000 : 7_500;
            assertThat(givesUp(Situation.ofPrimary().unanswered(kind, -silence)))
                    .as("silence of " + kind)
                    .isTrue();
            assertThat(givesUp(Situation.ofPrimary().unanswered(kind, 1 - silence)))
                    .as("silence of " + kind)
                    .isFalse();
        }
    }

    private static Situation writing(long sinceMillis) {
        return Situation.ofPrimary().unanswered(Vital.Kind.DATA, sinceMillis);
    }

    @Test
    void theLeaseWaitsForTheDiskOnlyWhileSomebodyWouldBeBetterOff() {
        assertThat(has(writing(-500), Action.RenewAnyway.class)).isFalse();
        assertThat(writing(-500).decide().reason().sentence())
                .endsWith(
                        "; a write in the data directory has not reached the disk: the lease is not renewed before it has");
        assertThat(writing(-499).decide().reason())
                .isEqualTo(Situation.ofPrimary().decide().reason());
        Situation alone = writing(-500).without(PG2).without(PG3);
        assertThat(has(alone, Action.RenewAnyway.class)).isTrue();
        assertThat(alone.decide().lookAgain()).isLessThanOrEqualTo(at(2_000));
        assertThat(has(writing(-500).paused(), Action.RenewAnyway.class)).isTrue();
        assertThat(has(writing(-500).unwellMember(PG2), Action.RenewAnyway.class)).isTrue();
    }

    @Test
    void aDoorThatDoesNotAnswerPutsNoRenewalOff() {
        Situation knocking = Situation.ofPrimary().unanswered(Vital.Kind.DOOR, -1_000);
        assertThat(has(knocking, Action.RenewAnyway.class)).isFalse();
        assertThat(knocking.decide().reason()).isEqualTo(Situation.ofPrimary().decide().reason());
    }

    @Test
    void aDisksPatienceEndsBeforeTheSoftDeadlineOfTheRenewalBeforeIt() {
        for (int ttl = 3; ttl <= 60; ttl++) {
            Deadlines deadlines = new Deadlines(Duration.ofSeconds(ttl));
            MonoTime sent = at(0);
            MonoTime asked = sent.plus(deadlines.renewEvery()).plus(deadlines.hesitation());
            assertThat(asked.plus(deadlines.diskPatience()))
                    .isLessThan(deadlines.soft(Deadlines.goodUntil(sent, deadlines.ttl())));
        }
    }

    @Test
    void theLoopLooksAgainWhenPatienceEnds() {
        assertThat(unwell(Vital.Kind.DATA, -6_000).decide().lookAgain()).isEqualTo(at(1_500));
    }

    @Test
    void aComplaintThatBeganBeforeTheQuestionThatIsOutCountsFromItsBeginning() {
        Vital vital =
                new Vital(Optional.of(at(-10)), Optional.of(new Vital.Trouble(at(-9_000), "full")));
        assertThat(vital.since()).contains(at(-9_000));
    }

    @Test
    void whatIsShownStaysTheSameWhileItLasts() {
        Vitals hanging =
                Vitals.WELL.with(Vital.Kind.DATA, new Vital(Optional.of(at(0)), Optional.empty()));
        Deadlines deadlines = new Deadlines(Duration.ofSeconds(10));
        assertThat(hanging.unwell(at(4_999), deadlines)).isEmpty();
        assertThat(hanging.unwell(at(5_000), deadlines))
                .isPresent()
                .isEqualTo(hanging.unwell(at(60_000), deadlines));
    }

    @Test
    void nothingIsGivenUpWithoutSomebodyBetter() {
        assertThat(givesUp(unwell(Vital.Kind.DATA, -60_000).without(PG2))).isFalse();
        assertThat(givesUp(unwell(Vital.Kind.DATA, -60_000).unwellMember(PG2))).isFalse();
        assertThat(givesUp(unwell(Vital.Kind.DATA, -60_000).memberTag(PG2, "nofailover")))
                .isFalse();
        assertThat(
                        givesUp(
                                unwell(Vital.Kind.DATA, -60_000)
                                        .server(
                                                primaryServer(
                                                        "\"pg2\"",
                                                        sender("pg3", HERE, "async", 0)))))
                .as("the synchronous standby does not stream")
                .isFalse();
    }

    @Test
    void withoutASynchronousModeAnyStandbyThatIsCloseEnoughIsBetter() {
        Situation asynchronous =
                unwell(Vital.Kind.DOOR, -7_500).asynchronous().server(primaryServer(""));
        assertThat(givesUp(asynchronous)).isTrue();
        assertThat(givesUp(asynchronous.unwellMember(PG2).unwellMember(PG3))).isFalse();
    }

    @Test
    void aStandbyIsNotEndedForIt() {
        assertThat(
                        has(
                                Situation.ofSyncStandby()
                                        .trouble(Vital.Kind.DATA, -60_000, "it is broken"),
                                Action.Kill.class))
                .isFalse();
    }

    @Test
    void inAPauseNothingIsGivenUp() {
        assertThat(has(unwell(Vital.Kind.DATA, -60_000).paused(), Action.Kill.class)).isFalse();
    }

    @Test
    void itIsFencedThenReleasedAndTheDirectoryIsNotLookedAtInBetween() {
        Memory after = unwell(Vital.Kind.DATA, -60_000).decide().memory();
        Situation ended = Situation.ofPrimary().stopped().unknownData().memory(m -> after);
        assertThat(has(ended, Action.ReleaseLeader.class)).isTrue();
        assertThat(has(ended, Action.Inspect.class)).isFalse();
        Situation ending = Situation.ofPrimary().guardEnding().memory(m -> after);
        assertThat(has(ending, Action.ReleaseLeader.class)).isFalse();
    }

    @Test
    void whatCannotBeShownToHaveEndedKeepsTheLeaseUntilItRunsOut() {
        Situation stuck =
                Situation.ofPrimary().guardEnding().memory(m -> Catalogue.retreating(-2_000));
        assertThat(has(stuck, Action.LetLeaseRunOut.class)).isTrue();
        assertThat(has(stuck, Action.ReleaseLeader.class)).isFalse();
        Situation early =
                Situation.ofPrimary().guardEnding().memory(m -> Catalogue.retreating(-1_999));
        assertThat(has(early, Action.LetLeaseRunOut.class)).isFalse();
        assertThat(early.decide().lookAgain()).isEqualTo(at(1));
    }

    @Test
    void aStartThatHangsMayYetMakeAServerSoItsLeaseIsNotReleased() {
        Action.Lengthy start =
                Situation.ofPrimary()
                        .led(Situation.Lead.ALONE)
                        .stopped(State.IN_PRODUCTION)
                        .decide()
                        .actions()
                        .stream()
                        .filter(Action.Lengthy.class::isInstance)
                        .map(Action.Lengthy.class::cast)
                        .findFirst()
                        .orElseThrow();
        Situation hanging =
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .stopped(State.IN_PRODUCTION)
                        .unanswered(Vital.Kind.DATA, -60_000)
                        .running(start);
        assertThat(givesUp(hanging)).isTrue();
        Memory after = hanging.decide().memory();
        assertThat(has(hanging.memory(m -> after), Action.ReleaseLeader.class)).isFalse();
    }

    @Test
    void aPrimaryIsNotStartedAgainOnAFullDiskWhileAStandbyIsFit() {
        Situation crashed =
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .config(ConfigParts::withoutRewind)
                        .stopped(State.IN_PRODUCTION);
        assertThat(has(crashed, Action.StartPrimary.class)).isTrue();
        Situation full = crashed.trouble(Vital.Kind.DATA, 0, "no space is left");
        assertThat(has(full, Action.StartPrimary.class)).isFalse();
        assertThat(has(full, Action.ReleaseLeader.class)).isTrue();
        assertThat(has(full.led(Situation.Lead.ALONE), Action.StartPrimary.class))
                .as("nobody else could")
                .isTrue();
    }

    @Test
    void whoIsNotWellLetsOthersGoFirstForOneTtl() {
        Situation race =
                Situation.ofFailover()
                        .sync(Values.PG1, PG2, PG3)
                        .peerAt(PG3, Catalogue.EARLIER)
                        .trouble(Vital.Kind.DATA, -100, "no space is left");
        assertThat(race.decide().reason().code()).isEqualTo(Reason.Code.RACE_UNWELL);
        assertThat(race.freshAt(at(9_999)).decide().reason().code())
                .isEqualTo(Reason.Code.RACE_UNWELL);
        assertThat(has(race.freshAt(at(10_001)), Action.CreateLeader.class))
                .as("better an unwell leader than none")
                .isTrue();
        assertThat(
                        Situation.ofFailover()
                                .trouble(Vital.Kind.DATA, -100, "no space is left")
                                .decide()
                                .reason()
                                .code())
                .as("nobody else is entitled")
                .isEqualTo(Reason.Code.RACE_ACQUIRE);
    }
}
