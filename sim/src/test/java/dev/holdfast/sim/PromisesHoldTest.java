package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The promises S1 to S4 after every event, and L1 once all is healed, on runs with faults. */
class PromisesHoldTest {
    private static final int SEEDS = 200;

    @Test
    void onTwoHundredSeeds() {
        List<Simulation.Outcome> outcomes =
                LongStream.rangeClosed(1, SEEDS)
                        .parallel()
                        .mapToObj(seed -> Simulation.run(seed, Trace.none()))
                        .toList();

        assertThat(outcomes.stream().filter(Simulation.Outcome::isBroken)).isEmpty();
        // What never happens proves nothing.
        assertThat(outcomes.stream().mapToLong(Simulation.Outcome::acknowledged).sum())
                .isGreaterThan(10_000);
        assertThat(outcomes.stream().mapToLong(Simulation.Outcome::openings).sum())
                .isGreaterThan(2 * SEEDS);
    }

    /** Each of these once showed a fault, of Holdfast or of the simulator. */
    @Test
    void onSeedsThatOnceFailed() throws IOException {
        assertThat(
                        onceFailed().stream()
                                .parallel()
                                .map(seed -> Simulation.run(seed, Trace.none()))
                                .filter(Simulation.Outcome::isBroken))
                .isEmpty();
    }

    private static List<Long> onceFailed() throws IOException {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                Objects.requireNonNull(
                                        PromisesHoldTest.class.getResourceAsStream(
                                                "once-failed.txt"),
                                        "the list of seeds that once failed"),
                                StandardCharsets.UTF_8))) {
            return lines.lines()
                    .map(line -> line.replaceAll("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .map(Long::valueOf)
                    .toList();
        }
    }
}
