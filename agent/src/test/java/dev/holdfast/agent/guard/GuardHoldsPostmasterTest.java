package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guard starts, signals and reaps a postmaster at the agent's word, and tells its end by
 * itself.
 */
class GuardHoldsPostmasterTest {
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
    void tellsTheExitAndThatNothingIsLeft() {
        long pid = guard.start("exit 3");
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.told().events())
                .containsSubsequence(
                        new Told.Exited(pid, new ExitCause.Status(3)), new Told.Gone(pid));
    }

    @Test
    void tellsTheSignalThatEndedIt() {
        long pid = guard.start("kill -ABRT $$");
        guard.told().awaitEvent(new Told.Exited(pid, new ExitCause.Signalled(6)));
    }

    @Test
    void endsWhatThePostmasterLeavesBehind() throws IOException {
        long pid = guard.start("setsid sleep 1000 & setsid sleep 1000 & echo left; exit 0");
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(guard.marked()).isEmpty();
    }

    @Test
    void passesSignalsOn() {
        guard.start(
                "trap 'echo reread' HUP; trap 'echo fast; exit 7' INT; echo up; while :; do sleep 0.01; done");
        guard.awaitLogged("up");
        answer(guard.client().signal(PostmasterSignal.HUP));
        guard.awaitLogged("reread");
        answer(guard.client().signal(PostmasterSignal.INT));
        guard.awaitLogged("fast");
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
    }

    @Test
    void givesThePostmasterACleanProcess() throws IOException {
        long pid =
                guard.start(
                        "umask; pwd; readlink /proc/self/fd/0; echo $(ls /proc/self/fd);"
                                + " sed -n 's/^Sig\\(Blk\\|Ign\\):.*[1-9a-f].*/dirty/p' /proc/self/status;"
                                + " cut -d' ' -f6,41 /proc/$$/stat; exit");
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(Files.readAllLines(guard.log()))
                .containsExactly(
                        "0077",
                        guard.dataDir().toRealPath().toString(),
                        "/dev/null",
                        "0 1 2 3", // the three standard ones, and the directory that is read
                        pid + " 0"); // a session of its own, the ordinary scheduling policy
    }

    @Test
    void appendsToTheLog() throws IOException {
        Files.writeString(guard.log(), "before\n");
        long pid = guard.start("echo out; echo err >&2");
        guard.told().awaitEvent(new Told.Gone(pid));
        assertThat(Files.readAllLines(guard.log())).containsExactly("before", "out", "err");
    }

    @Test
    void saysWhyAProgramCannotBeExecuted() throws InterruptedException {
        Path missing = home.resolve("missing/postgres");
        assertThat(failure(guard.client().start(guard.dataDir(), guard.log(), missing, List.of())))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("cannot execute the program")
                .hasMessageContaining("No such file or directory");
        assertThat(guard.told().events()).noneMatch(Told.Exited.class::isInstance);
        long pid = guard.start("exit 0");
        guard.told().awaitEvent(new Told.Gone(pid));
    }

    @Test
    void saysWhyTheLogOrTheDirectoryCannotBeUsed() throws InterruptedException {
        Path shell = Path.of("/bin/sh");
        assertThat(failure(guard.client().start(guard.dataDir(), home, shell, List.of("-c", ":"))))
                .hasMessageContaining("cannot open the log file");
        assertThat(
                        failure(
                                guard.client()
                                        .start(
                                                home.resolve("nowhere"),
                                                guard.log(),
                                                shell,
                                                List.of("-c", ":"))))
                .hasMessageContaining("nowhere")
                .hasMessageContaining("No such file or directory");
    }

    @Test
    void holdsOnePostmasterOnly() throws InterruptedException {
        long pid = guard.start("sleep 1000");
        assertThat(
                        failure(
                                guard.client()
                                        .start(
                                                guard.dataDir(),
                                                guard.log(),
                                                Path.of("/bin/true"),
                                                List.of())))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("still holds process " + pid);
    }

    @Test
    void refusesASignalWhenNothingRuns() throws InterruptedException {
        assertThat(failure(guard.client().signal(PostmasterSignal.INT)))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("no postmaster runs");
    }

    @Test
    void staysWhileItHoldsAPostmasterWhoeverAsks() throws Exception {
        long pid = guard.start("sleep 1000");
        GuardUnderTest.kill("TERM", guard.client().guardPid());
        assertThat(failure(guard.client().quit()))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("holds process " + pid);
        guard.assertMarked(pid);
    }

    @Test
    void refusesAnArgumentThatTheProtocolCannotCarry() throws InterruptedException {
        assertThat(
                        failure(
                                guard.client()
                                        .start(
                                                guard.dataDir(),
                                                guard.log(),
                                                Path.of("/bin/sh"),
                                                List.of("-c", "echo 1\necho 2"))))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("newline");
    }
}
