package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.GuardFact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guard becomes another program while PostgreSQL runs, and nothing that it held is lost. */
class GuardUpgradeTest {
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
    void keepsItsPidItsChildAndItsDeadline() throws Exception {
        long guardPid = guard.client().guardPid();
        long pid = guard.start("trap 'exit 3' INT; echo up; while :; do sleep 0.05; done");
        guard.awaitLogged("up");
        MonoTime deadline = guard.in(FAR);
        answer(guard.client().arm(deadline));
        upgradeTo(newer());
        assertThat(guard.client().guardPid()).isEqualTo(guardPid);
        assertThat(program(guardPid)).isEqualTo(home.resolve("newer").toRealPath());
        assertThat(guard.told().state())
                .isEqualTo(
                        new GuardState(
                                new GuardState.Armed(deadline), pid, GuardState.Phase.RUNNING));
        answer(guard.client().signal(PostmasterSignal.INT));
        guard.told().awaitEvent(new Told.Exited(pid, new ExitCause.Status(3)));
        guard.told().awaitEvent(new Told.Gone(pid));
    }

    @Test
    void fencesAtTheDeadlineOfBefore() throws Exception {
        long pid =
                guard.start(
                        "for i in $(seq 20); do setsid sh -c 'sleep 1000 & sleep 1000' & done; wait");
        guard.awaitMarked(40);
        answer(guard.client().arm(guard.in(Duration.ofSeconds(1))));
        upgradeTo(newer());
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void aProgramThatCannotBeExecutedChangesNothing() throws Exception {
        long pid = guard.start("sleep 1000");
        MonoTime deadline = guard.in(FAR);
        answer(guard.client().arm(deadline));
        Path noProgram = Files.writeString(home.resolve("no-program"), "not a program");
        for (Path wrong : List.of(home.resolve("missing"), noProgram, home)) {
            assertThat(failure(guard.client().upgrade(wrong)))
                    .isInstanceOf(GuardRefusedException.class)
                    .hasMessageContaining("this guard goes on");
        }
        answer(guard.client().arm(deadline.plus(FAR)));
        assertThat(guard.told().state())
                .isEqualTo(
                        new GuardState(
                                new GuardState.Armed(deadline.plus(FAR)),
                                pid,
                                GuardState.Phase.RUNNING));
    }

    @Test
    void aGuardKilledWhileItIsUpgradedIsFollowedByOneThatKnowsAll() throws Exception {
        long pid = guard.start("sleep 1000");
        Path newer = newer();
        for (int delayMicros = 0; delayMicros < 3_000; delayMicros += 250) {
            MonoTime deadline = guard.in(FAR);
            answer(guard.client().arm(deadline));
            var _ = guard.client().upgrade(newer);
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(delayMicros));
            guard.killGuard();
            guard.startAgain();
            assertThat(guard.told().state())
                    .as("killed after %d us", delayMicros)
                    .isEqualTo(
                            new GuardState(
                                    new GuardState.Armed(deadline), pid, GuardState.Phase.RUNNING));
        }
    }

    @Test
    void anAgentBringsTheGuardToTheProgramItWasShippedWith() throws Exception {
        long guardPid = guard.client().guardPid();
        long pid = guard.start("sleep 1000");
        Path shipped = newer();
        List<GuardFact> facts = new CopyOnWriteArrayList<>();
        GuardKeeper keeper = guard.keeper(shipped, facts);
        try {
            keeper.start();
            await().atMost(Told.PATIENCE)
                    .until(() -> !facts.isEmpty() && facts.getLast() instanceof GuardFact.Present);
            assertThat(program(guardPid)).isEqualTo(shipped.toRealPath());
            assertThat(facts.getLast())
                    .isEqualTo(new GuardFact.Present(new GuardFact.Mode.Standby(), pid, false));
        } finally {
            keeper.close();
        }
    }

    @Test
    void aShippedProgramThatDoesNotRunHereIsNotTried() throws Exception {
        long guardPid = guard.client().guardPid();
        guard.start("sleep 1000");
        Path before = program(guardPid);
        // It finds that a guard is there, as the real one does, and does not know its version.
        Path broken =
                Files.writeString(
                        home.resolve("broken"),
                        "#!/bin/sh\ncase $1 in --dir) exit 3 ;; *) exit 127 ;; esac\n");
        assertThat(broken.toFile().setExecutable(true)).isTrue();
        List<GuardFact> facts = new CopyOnWriteArrayList<>();
        GuardKeeper keeper = guard.keeper(broken, facts);
        try {
            keeper.start();
            await().atMost(Told.PATIENCE)
                    .until(() -> !facts.isEmpty() && facts.getLast() instanceof GuardFact.Present);
            assertThat(program(guardPid)).isEqualTo(before);
        } finally {
            keeper.close();
        }
    }

    private void upgradeTo(Path program) throws Exception {
        assertThat(failure(guard.client().upgrade(program)))
                .isInstanceOf(GuardSilentException.class);
        guard.reconnect();
    }

    /**
     * The same program with another content: what follows an executable's parts is not looked at.
     */
    private Path newer() throws IOException {
        Path newer = home.resolve("newer");
        Files.copy(GuardUnderTest.binary(), newer);
        Files.writeString(newer, "newer", StandardOpenOption.APPEND);
        return newer;
    }

    private static Path program(long pid) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe"));
    }
}
