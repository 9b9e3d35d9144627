package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A seed is all that a run depends on. */
class SameSeedTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void givesTheSameRunLineByLine(long seed) {
        List<String> once = new ArrayList<>();
        List<String> again = new ArrayList<>();

        Simulation.Outcome first = Simulation.run(seed, Trace.to(once::add));
        Simulation.Outcome second = Simulation.run(seed, Trace.to(again::add));

        assertThat(second).isEqualTo(first);
        assertThat(again).isEqualTo(once);
        assertThat(Simulation.run(seed, Trace.none())).isEqualTo(first);
    }
}
