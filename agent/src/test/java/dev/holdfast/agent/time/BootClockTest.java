package dev.holdfast.agent.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {
    private final BootClock clock = new BootClock();

    @Test
    void readsTheTimeSinceBootSuspendsIncluded() throws IOException {
        // The kernel writes the same clock into /proc/uptime, in hundredths of a second, cut off.
        long before = uptimeNanos();
        MonoTime now = clock.now();
        long after = uptimeNanos() + 10_000_000;
        assertThat(now.nanos()).isBetween(before, after);
    }

    @Test
    void neverGoesBack() {
        MonoTime last = clock.now();
        for (int i = 0; i < 100_000; i++) {
            MonoTime next = clock.now();
            assertThat(next.isBefore(last)).isFalse();
            last = next;
        }
    }

    private static long uptimeNanos() throws IOException {
        String seconds = Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0];
        return new BigDecimal(seconds).movePointRight(9).longValueExact();
    }
}
