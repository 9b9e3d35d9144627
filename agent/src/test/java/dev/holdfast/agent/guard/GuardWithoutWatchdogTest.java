package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig.Watchdog.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a watchdog that works, "required" arms nobody and "automatic" goes without. */
class GuardWithoutWatchdogTest {
    private static final Duration FAR = Duration.ofMinutes(10);

    @TempDir Path home;
    private GuardUnderTest guard;
    private Path device;

    @BeforeEach
    void startGuard() throws IOException {
        device = Files.createFile(home.resolve("device"));
        guard = new GuardUnderTest(home);
    }

    @AfterEach
    void endGuard() throws IOException {
        guard.close();
    }

    @Test
    void oneThatIsRequiredAndMissingLetsNobodyBeArmed() throws Exception {
        Path missing = home.resolve("missing");
        answer(guard.client().watchdog(Mode.REQUIRED, missing.toString()));
        assertThat(guard.told().watchdog().failure())
                .contains(missing.toString())
                .contains("No such file");
        MonoTime far = guard.in(FAR);
        assertThat(failure(guard.client().arm(far, far, 5)))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("watchdog.mode is required");
        assertThat(guard.told().state().mode()).isEqualTo(new GuardState.Standby());
        answer(guard.client().watchdog(Mode.AUTOMATIC, missing.toString()));
        answer(guard.client().arm(far, far, 5));
        assertThat(guard.told().state().mode()).isEqualTo(new GuardState.Armed(far));
    }

    @Test
    void oneThatDoesNotTellItsTimeoutIsNoneAndIsStoppedAgain() throws Exception {
        answer(guard.client().watchdog(Mode.REQUIRED, device.toString()));
        assertThat(guard.told().watchdog().failure()).isEmpty();
        MonoTime far = guard.in(FAR);
        assertThat(failure(guard.client().arm(far, far, 5)))
                .hasMessageContaining("does not tell its time-out");
        assertThat(written()).isEqualTo("V");
        assertThat(guard.told().watchdog().failure()).contains("does not tell its time-out");
        assertThat(failure(guard.client().arm(far, far, 5))).isNotNull();
        assertThat(written()).as("it is not started again and again").isEqualTo("V");
        Files.writeString(device, "");
        answer(guard.client().watchdog(Mode.AUTOMATIC, device.toString()));
        answer(guard.client().arm(far, far, 5));
        assertThat(guard.told().state().mode()).isEqualTo(new GuardState.Armed(far));
        assertThat(written()).isEqualTo("V");
    }

    private String written() throws IOException {
        return Files.readString(device);
    }
}
