package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The guard goes by the time since the host's start, suspends included, and by no other clock. In a
 * time namespace that one can be set, where the wall clock of a shared machine cannot: it stays
 * where it was, so that to the guard the clocks have moved against each other by hours.
 */
class GuardClockTest {
    @TempDir Path home;

    @Test
    void fencesByTheTimeSinceTheHostsStartWhateverTheOtherClocksSay() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may set a clock");
        Duration ahead = Duration.ofHours(3);
        List<String> before =
                List.of(
                        "unshare",
                        "--time",
                        "--fork",
                        "--boottime",
                        Long.toString(ahead.toSeconds()),
                        "--monotonic",
                        Long.toString(ahead.toSeconds() / 2));
        try (GuardUnderTest guard = new GuardUnderTest(home, before, List.of())) {
            long pid = guard.start("setsid sleep 1000 & wait");
            guard.awaitMarked(2);
            MonoTime deadline = guard.in(Duration.ofSeconds(2));
            answer(guard.client().arm(deadline.plus(ahead)));
            guard.told().awaitEvent(new Told.Gone(pid));
            assertThat(guard.told().events()).contains(new Told.Fenced(pid, "deadline"));
            assertThat(guard.in(Duration.ZERO)).isGreaterThanOrEqualTo(deadline);
            assertThat(guard.marked()).isEmpty();
        }
    }
}
