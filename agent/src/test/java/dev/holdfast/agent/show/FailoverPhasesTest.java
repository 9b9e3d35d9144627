package dev.holdfast.agent.show;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.agent.show.FailoverPhases.Last;
import dev.holdfast.agent.show.FailoverPhases.Step;
import dev.holdfast.core.MonoTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailoverPhasesTest {
    private final FailoverPhases phases = new FailoverPhases();

    private void at(long millis, Step step) {
        phases.onTurn(step, new MonoTime(Duration.ofMillis(millis).toNanos()));
    }

    private static Last times(long race, long promotion, long opening) {
        return new Last(
                Duration.ofMillis(race), Duration.ofMillis(promotion), Duration.ofMillis(opening));
    }

    @Test
    void aWayToTheLeadIsDividedWhereItsStepsAreSeen() {
        at(0, Step.FOLLOWS);
        at(100, Step.NOBODY_LEADS);
        at(130, Step.NOBODY_LEADS);
        at(150, Step.LEADS);
        at(160, Step.LEADS);
        at(250, Step.PRIMARY);
        assertThat(phases.last()).isEmpty();
        at(265, Step.OPEN);
        at(900, Step.OPEN);
        assertThat(phases.last()).contains(times(50, 100, 15));
    }

    @Test
    void aHandOverHasNoRaceAndStepsThatWereNotSeenTakeNoTime() {
        at(0, Step.FOLLOWS);
        at(100, Step.LEADS);
        at(140, Step.OPEN);
        assertThat(phases.last()).contains(times(0, 40, 0));
    }

    @Test
    void aRaceThatAnotherWonIsForgotten() {
        at(0, Step.NOBODY_LEADS);
        at(50, Step.FOLLOWS);
        at(5000, Step.NOBODY_LEADS);
        at(5010, Step.LEADS);
        at(5020, Step.OPEN);
        assertThat(phases.last()).contains(times(10, 10, 0));
    }

    @Test
    void anAgentThatFindsItselfLeadingHasNotComeThatWay() {
        at(0, Step.PRIMARY);
        at(10, Step.OPEN);
        assertThat(phases.last()).isEmpty();
    }
}
