package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * When the deadline passes, no process of PostgreSQL is left, whatever it did to escape and
 * whatever became of the agent.
 */
class GuardFencesTest {
    /** Far enough for a busy machine to carry the request to the guard before it is over. */
    private static final Duration SOON = Duration.ofSeconds(1);

    private static final Duration FAR = Duration.ofMinutes(10);

    @TempDir Path home;
    private GuardUnderTest guard;

    @BeforeEach
    void startGuard() throws IOException {
        guard = new GuardUnderTest(home);
    }

    @AfterEach
    void endGuard() throws IOException {
        guard.close();
    }

    @Test
    void endsEveryDescendantThoughEachMadeItsOwnSession() throws IOException {
        long pid =
                guard.start(
                        "for i in $(seq 20); do"
                                + " setsid sh -c 'trap \"\" TERM INT HUP; setsid sleep 1000 & sleep 1000' & done; wait");
        guard.awaitMarked(61);
        answer(guard.client().arm(guard.in(SOON)));
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
        assertThat(guard.told().events())
                .containsSubsequence(
                        new Told.Fenced(pid, "deadline"),
                        new Told.Exited(pid, new ExitCause.Signalled(9)),
                        new Told.Gone(pid));
        guard.told()
                .awaitState(state ->
                        state.equals(
                                new GuardState(
                                        new GuardState.Standby(), 0, GuardState.Phase.NONE)));
    }

    @Test
    void catchesAFloodOfForks() throws IOException {
        long pid = guard.start("while :; do (setsid sh -c 'sleep 1000 & sleep 1000' &); done");
        guard.awaitMarked(100);
        answer(guard.client().arm(guard.in(Duration.ofMillis(1))).exceptionally(late -> null));
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void endsAPostmasterThatIsStopped() throws IOException {
        long pid = guard.start("setsid sleep 1000 & wait");
        guard.awaitMarked(2);
        GuardUnderTest.kill("STOP", pid);
        answer(guard.client().arm(guard.in(SOON)));
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void armedInThePastFencesAtOnceAndSaysSo() throws Exception {
        long pid = guard.start("sleep 1000");
        MonoTime past = guard.in(Duration.ofSeconds(-1));
        assertThat(failure(guard.client().arm(past)))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("passed");
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void refusesADeadlineThatWouldNeverFence() throws InterruptedException {
        long wallClockNanos = System.currentTimeMillis() * 1_000_000;
        assertThat(failure(guard.client().arm(new MonoTime(wallClockNanos))))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("CLOCK_BOOTTIME");
        assertThat(guard.told().state().mode()).isEqualTo(new GuardState.Standby());
    }

    @Test
    void startsNoPrimaryWhoseDeadlineHasPassedAlready() throws InterruptedException {
        answer(guard.client().arm(guard.in(SOON)));
        guard.told().awaitState(state -> state.mode().equals(new GuardState.Standby()));
        assertThat(
                        failure(
                                guard.client()
                                        .startPrimary(
                                                guard.dataDir(),
                                                guard.log(),
                                                Path.of("/bin/sh"),
                                                List.of("-c", "sleep 1000"))))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("not armed");
        assertThat(guard.told().state().phase()).isEqualTo(GuardState.Phase.NONE);
    }

    @Test
    void aLaterDeadlineTakesThePlaceOfTheEarlier() throws IOException {
        long pid = guard.start("sleep 1000");
        MonoTime first = guard.in(SOON);
        MonoTime second = guard.in(FAR);
        answer(guard.client().arm(first));
        answer(guard.client().arm(second));
        guard.told().awaitState(state -> state.mode().equals(new GuardState.Armed(second)));
        passes(first);
        guard.assertMarked(pid);
    }

    @Test
    void standbyAndPauseTakeTheDeadlineAway() throws IOException {
        long pid = guard.start("sleep 1000");
        MonoTime deadline = guard.in(SOON);
        answer(guard.client().arm(deadline));
        answer(guard.client().pause());
        guard.told().awaitState(state -> state.mode().equals(new GuardState.Paused()));
        answer(guard.client().arm(deadline));
        answer(guard.client().standby());
        guard.told().awaitState(state -> state.mode().equals(new GuardState.Standby()));
        passes(deadline);
        guard.assertMarked(pid);
        assertThat(guard.told().events()).noneMatch(Told.Fenced.class::isInstance);
    }

    @Test
    void killEndsEverythingNow() throws IOException {
        long pid = guard.start("setsid sleep 1000 & setsid sleep 1000 & wait");
        guard.awaitMarked(3);
        answer(guard.client().kill());
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void killIsAnsweredThoughNothingRuns() {
        answer(guard.client().kill());
        guard.told().awaitEvent(new Told.Gone(0));
    }

    @Test
    void fencesThoughTheAgentHasGone() throws IOException {
        guard.start("setsid sleep 1000 & wait");
        guard.awaitMarked(2);
        answer(guard.client().arm(guard.in(SOON)));
        guard.client().close();
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
        guard.reconnect();
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
    }

    /** Waits until an instant lies well behind, so that what should not happen had its chance. */
    private void passes(MonoTime instant) {
        await().atMost(Told.PATIENCE)
                .until(() -> guard.in(Duration.ZERO).isAfter(instant.plus(Duration.ofMillis(200))));
    }
}
