package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guard that is killed, whenever that is, is taken up by the next one: it knows what was held and
 * until when, and what nobody knows any more is ended.
 */
class GuardTakesOverTest {
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration FAR = Duration.ofMinutes(10);

    /** A postmaster whose children run its own program, in sessions of their own. */
    private static final String FAMILY =
            "trap : TERM; backend() { while :; do sleep 0.1; done; };"
                    + " for i in 1 2 3; do backend & done; echo up; wait";

    @TempDir Path home;
    private GuardUnderTest guard;

    @BeforeEach
    void startGuard() throws IOException {
        guard = new GuardUnderTest(home);
    }

    @AfterEach
    void endGuard() throws IOException {
        guard.close();
        for (long pid : guard.marked()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void theNextGuardHoldsThePostmasterOfOneThatWasKilled() throws IOException {
        long pid = guard.start("sleep 1000");
        guard.killGuard();
        guard.startAgain();
        assertThat(guard.told().state())
                .isEqualTo(new GuardState(new GuardState.Standby(), pid, GuardState.Phase.RUNNING));
        GuardUnderTest.kill("TERM", pid);
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.told().events()).contains(new Told.Exited(pid, new ExitCause.Unknown()));
    }

    @Test
    void theNextGuardKnowsTheDeadlineAndFencesThoughNoAgentComes() throws IOException {
        guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        answer(guard.client().arm(guard.in(FAR)));
        MonoTime deadline = guard.in(SOON);
        answer(guard.client().arm(deadline));
        guard.killGuard();
        guard.startAgainAlone(0);
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
        assertThat(guard.in(Duration.ZERO)).isGreaterThanOrEqualTo(deadline);
    }

    @Test
    void aDeadlineThatPassedWhileNoGuardRanIsMadeUpForAtOnce() throws IOException {
        guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        MonoTime deadline = guard.in(Duration.ofMillis(500));
        answer(guard.client().arm(deadline));
        guard.killGuard();
        await().atMost(Told.PATIENCE).until(() -> guard.in(Duration.ZERO).isAfter(deadline));
        assertThat(guard.marked()).isNotEmpty();
        guard.startAgainAlone(0);
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void pauseOutlivesTheGuard() throws IOException {
        long pid = guard.start("sleep 1000");
        answer(guard.client().pause());
        guard.killGuard();
        guard.startAgain();
        assertThat(guard.told().state())
                .isEqualTo(new GuardState(new GuardState.Paused(), pid, GuardState.Phase.RUNNING));
    }

    @Test
    void whatAPostmasterLeftBehindIsEndedThoughItDiedAfterTheGuard() throws IOException {
        long pid = guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        guard.awaitMarked(4);
        guard.killGuard();
        GuardUnderTest.kill("KILL", pid);
        assertThat(guard.marked()).isNotEmpty();
        guard.startAgain();
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void aGuardKilledWhileItEndsPostgresIsFollowedByOneThatGoesOn() throws IOException {
        guard.startDirectly(
                "trap : TERM; backend() { while :; do sleep 0.1; done; };"
                        + " while :; do backend & done");
        guard.awaitMarked(50);
        answer(guard.client().arm(guard.in(Duration.ofMillis(1))).exceptionally(late -> null));
        guard.killGuard();
        guard.startAgain();
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void aGuardKilledWhileItStartsPostgresLeavesNothingThatNobodyHolds() throws IOException {
        for (int delayMicros = 0; delayMicros < 4_000; delayMicros += 200) {
            CompletableFuture<Long> start =
                    guard.client()
                            .start(
                                    guard.dataDir(),
                                    guard.log(),
                                    Path.of("/usr/bin/env"),
                                    List.of(guard.mark(), "sleep", "1000"));
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(delayMicros));
            guard.killGuard();
            boolean acknowledged = !start.isCompletedExceptionally() && start.isDone();
            guard.startAgain();
            long held = guard.told().state().postmasterPid();
            if (acknowledged) {
                assertThat(held).as("killed after %d us", delayMicros).isEqualTo(start.join());
            }
            if (guard.told().state().phase() != GuardState.Phase.RUNNING) {
                guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
                await("killed after " + delayMicros + " us")
                        .atMost(Told.PATIENCE)
                        .until(() -> guard.marked().isEmpty());
            } else {
                long micros = delayMicros;
                await().atMost(Told.PATIENCE)
                        .untilAsserted(() ->
                                assertThat(guard.marked())
                                        .as("killed after %d us", micros)
                                        .containsOnly(held));
                answer(guard.client().kill());
                guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
            }
        }
    }

    @Test
    void aGuardKilledWhileItIsArmedHasOneDeadlineOrTheOther() throws IOException {
        guard.start("sleep 1000");
        for (int delayMicros = 0; delayMicros < 1_000; delayMicros += 100) {
            MonoTime first = guard.in(FAR);
            MonoTime second = first.plus(FAR);
            answer(guard.client().arm(first));
            CompletableFuture<Void> arming = guard.client().arm(second);
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(delayMicros));
            guard.killGuard();
            boolean acknowledged = arming.isDone() && !arming.isCompletedExceptionally();
            guard.startAgain();
            GuardState.Mode mode = guard.told().state().mode();
            assertThat(mode)
                    .as("killed after %d us", delayMicros)
                    .isIn(new GuardState.Armed(first), new GuardState.Armed(second));
            if (acknowledged) {
                assertThat(mode).isEqualTo(new GuardState.Armed(second));
            }
        }
    }

    @Test
    void aProcessThatHasThePidOfADeadPostmasterIsLeftAlone() throws IOException {
        String began = startTicks(guard.start("sleep 1000"));
        answer(guard.client().arm(guard.in(Duration.ofMillis(500))));
        guard.killGuard();
        Process other = startedAfter(began);
        try {
            StateFile.of(guard.stateFile()).set(StateFile.PID, Long.toString(other.pid())).write();
            guard.startAgain();
            guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroyForcibly();
        }
    }

    /**
     * A number is not given out twice within one tick of the kernel's clock, a hundredth of a
     * second; two processes that are made one after the other may well begin in the same.
     */
    private static Process startedAfter(String ticks) throws IOException {
        while (true) {
            Process started = new ProcessBuilder("sleep", "1000").start();
            if (!startTicks(started.pid()).equals(ticks)) {
                return started;
            }
            started.destroyForcibly();
        }
    }

    private static String startTicks(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19];
    }

    @Test
    void aStateFileThatIsGoneWhileItMayHaveBeenArmedMeansKill() throws Exception {
        long pid = guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        answer(guard.client().arm(guard.in(FAR)));
        Path file = guard.stateFile();
        guard.killGuard();
        Files.delete(file);
        guard.startAgain();
        assertThat(guard.told().notices()).anyMatch(n -> n.contains("gone or broken"));
        assertThat(failure(guard.client().adopt(guard.dataDir(), pid)))
                .hasMessageContaining("is being ended");
        guard.told().awaitEvent(new Told.Fenced(pid, "state lost"));
        guard.told().awaitEvent(new Told.Gone(pid));
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void aStateFileThatIsBrokenMeansKillToo() throws Exception {
        long pid = guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        Path file = guard.stateFile();
        guard.killGuard();
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 60; i < bytes.length; i += 2048) {
            bytes[i] ^= 1;
        }
        Files.write(file, bytes);
        guard.startAgain();
        assertThat(failure(guard.client().adopt(guard.dataDir(), pid)))
                .hasMessageContaining("is being ended");
        guard.told().awaitEvent(new Told.Gone(pid));
    }

    @Test
    void oneBrokenLineOfTheStateFileIsNoLoss() throws IOException {
        long pid = guard.start("sleep 1000");
        MonoTime first = guard.in(FAR);
        answer(guard.client().arm(first));
        answer(guard.client().arm(first.plus(FAR)));
        guard.killGuard();
        StateFile.of(guard.stateFile()).tear().write();
        guard.startAgain();
        assertThat(guard.told().state())
                .isEqualTo(
                        new GuardState(new GuardState.Armed(first), pid, GuardState.Phase.RUNNING));
    }

    @Test
    void aStateFileOfAnotherBootIsVoid() throws IOException {
        long pid = guard.startDirectly(FAMILY);
        guard.awaitLogged("up");
        answer(guard.client().arm(guard.in(FAR)));
        guard.killGuard();
        String lastBoot = "00000000-0000-4000-8000-000000000000";
        StateFile.of(guard.stateFile()).set(StateFile.BOOT, lastBoot).write();
        Files.writeString(guard.guardDir().resolve("guard.lock"), lastBoot);
        guard.startAgain();
        assertThat(guard.told().state())
                .isEqualTo(new GuardState(new GuardState.Standby(), 0, GuardState.Phase.NONE));
        answer(guard.client().adopt(guard.dataDir(), pid));
        assertThat(guard.told().state().postmasterPid()).isEqualTo(pid);
    }

    @Test
    void aStateFileThatIsRemovedMeanwhileIsMadeAgain() throws IOException {
        long pid = guard.start("sleep 1000");
        Files.delete(guard.stateFile());
        MonoTime deadline = guard.in(FAR);
        answer(guard.client().arm(deadline));
        guard.killGuard();
        guard.startAgain();
        assertThat(guard.told().state())
                .isEqualTo(
                        new GuardState(
                                new GuardState.Armed(deadline), pid, GuardState.Phase.RUNNING));
    }

    @Test
    void anAgentIsKnownToAGuardThatWasStoppedAndStartedAnew() throws IOException {
        long generation = guard.client().generation();
        long pid = guard.client().guardPid();
        answer(guard.client().quit());
        await().atMost(Told.PATIENCE).until(() -> !Files.exists(Path.of("/proc/" + pid)));
        guard.startAgainAlone(generation);
        guard.reconnect();
    }

    @Test
    void anAgentThatWasReplacedCannotComeBack() throws IOException {
        GuardClient first = guard.client();
        guard.reconnect();
        GuardClient second = guard.client();
        assertThat(second.generation()).isGreaterThan(first.generation());
        assertThatThrownBy(
                        () -> GuardClient.connect(guard.guardDir(), new Told(), first.generation()))
                .isInstanceOf(GuardReplacedException.class);
        answer(second.standby());
        guard.killGuard();
        guard.startAgainAlone(0);
        assertThatThrownBy(() ->
                        GuardClient.connect(guard.guardDir(), new Told(), second.generation()))
                .as("the generation outlives the guard")
                .isInstanceOf(GuardReplacedException.class);
    }
}
