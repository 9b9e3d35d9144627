package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig.Watchdog.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The watchdog is fed only while the guard is armed and only so far that it bites by the lease's
 * end, and it is stopped only when no PostgreSQL is left that the lease's end must end.
 *
 * <p>An ordinary file stands in for the device: what is written to it stays to be seen. It knows no
 * time-out, so strace lets the kernel's answer to that be a good one.
 */
class GuardWatchdogTest {
    private static final String STRACE =
            "ASAN_OPTIONS=detect_leaks=0 exec strace -D -f -qq -o /dev/null -e trace=ioctl -e inject=ioctl:retval=0 \"$0\" \"$@\" >/dev/null 2>&1";
    private static final Duration FAR = Duration.ofMinutes(10);

    @TempDir Path home;
    private GuardUnderTest guard;
    private Path device;

    @BeforeEach
    void startGuard() throws IOException {
        device = Files.createFile(home.resolve("device"));
        boolean traceable = Files.isExecutable(Path.of("/usr/bin/strace"));
        guard =
                new GuardUnderTest(
                        home, traceable ? List.of("sh", "-c", STRACE) : List.of(), List.of());
        if (!traceable) {
            guard.close();
        }
        assumeTrue(traceable, "strace is not installed, so that no time-out can be set");
    }

    @AfterEach
    void endGuard() throws IOException {
        if (guard.isRunning()) {
            guard.close();
        }
    }

    @Test
    void isFedWhileArmedAndStoppedByItsLetterWhenWhatRunsIsAStandby() throws IOException {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        guard.start("sleep 1000");
        assertThat(written()).as("not armed").isEmpty();
        arm(FAR, FAR, 1);
        await().atMost(Told.PATIENCE).until(() -> written().length() >= 4);
        assertThat(written()).containsOnlyOnce("1".repeat(4)).doesNotContain("V");
        assertThat(guard.told().watchdog()).isEqualTo(new WatchdogState(Mode.REQUIRED, 1, ""));
        answer(guard.client().standby());
        assertThat(written()).matches("1+V");
    }

    @Test
    void isNotFedBeyondWhatTheLeaseLasts() throws IOException {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        guard.start("sleep 1000");
        MonoTime kill = guard.in(Duration.ofSeconds(4));
        MonoTime end = kill.plus(Duration.ofMillis(500));
        answer(guard.client().arm(kill, end, 2));
        await().atMost(Told.PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> guard.in(Duration.ofMillis(300)).isAfter(kill));
        MonoTime lastFed = lastWritten();
        assertThat(written()).matches("1{3,}");
        assertThat(lastFed.plus(Duration.ofSeconds(2))).isLessThanOrEqualTo(end);
        assertThat(lastFed.plus(Duration.ofMillis(2500)))
                .as("it was fed as long as it might be")
                .isGreaterThan(end);
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
        await().atMost(Told.PATIENCE).until(() -> written().endsWith("V"));
    }

    @Test
    void goesOnCountingUntilPostgresIsWhollyGone() throws IOException {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        long pid = guard.start("sleep 1000");
        arm(Duration.ofSeconds(2), Duration.ofSeconds(4), 1);
        // A process whose tracer is stopped stays after SIGKILL, like one that hangs in the kernel.
        long tracer = tracer(pid);
        GuardUnderTest.kill("STOP", tracer);
        try {
            await().atMost(Told.PATIENCE)
                    .until(() ->
                            guard.in(Duration.ZERO)
                                    .isAfter(armedUntil.plus(Duration.ofMillis(300))));
            assertThat(written()).matches("1+");
        } finally {
            GuardUnderTest.kill("CONT", tracer);
        }
        await().atMost(Told.PATIENCE).until(() -> written().matches("1+V"));
    }

    @Test
    void goesOnCountingWhenTheGuardIsKilledAndIsTakenUpByTheNext() throws IOException {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        guard.start("sleep 1000");
        arm(FAR, FAR, 1);
        guard.killGuard();
        int before = written().length();
        assertThat(written()).matches("1+");
        guard.startAgain();
        await().atMost(Told.PATIENCE).until(() -> written().length() > before + 1);
        assertThat(guard.told().watchdog()).isEqualTo(new WatchdogState(Mode.REQUIRED, 1, ""));
        answer(guard.client().standby());
        assertThat(written()).matches("1+V");
    }

    @Test
    void isKeptOpenWhenTheGuardIsUpgraded() throws Exception {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        guard.start("sleep 1000");
        arm(FAR, FAR, 1);
        assertThat(failure(guard.client().upgrade(GuardUnderTest.binary().toRealPath())))
                .isInstanceOf(GuardSilentException.class);
        guard.reconnect();
        int before = written().length();
        await().atMost(Told.PATIENCE).until(() -> written().length() > before + 1);
        answer(guard.client().pause());
        assertThat(written()).matches("1+V");
    }

    @Test
    void isNotStartedForALeaseThatEndsBeforeItsTimeout() throws Exception {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        MonoTime soon = guard.in(Duration.ofSeconds(3));
        assertThat(failure(guard.client().arm(soon, soon, 5)))
                .hasMessageContaining("the lease ends before");
        assertThat(written()).isEmpty();
        assertThat(guard.told().watchdog().failure()).as("a later one will do").isEmpty();
    }

    private MonoTime armedUntil = MonoTime.BEGINNING;

    private void arm(Duration kill, Duration end, int seconds) {
        armedUntil = guard.in(kill);
        answer(guard.client().arm(armedUntil, guard.in(end), seconds));
    }

    private String written() throws IOException {
        return Files.readString(device);
    }

    /** When the device was written last, on the clock of the deadlines. */
    private MonoTime lastWritten() throws IOException {
        long agoMillis = System.currentTimeMillis() - Files.getLastModifiedTime(device).toMillis();
        return guard.in(Duration.ofMillis(-agoMillis));
    }

    private static long tracer(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("TracerPid:"))
                .mapToLong(line -> Long.parseLong(line.substring(10).strip()))
                .findFirst()
                .orElseThrow();
    }
}
