package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The search bites: each rule that is made wrong on purpose breaks a promise within a few seeds.
 * Each is looked for where it was found once; {@code docs/SIMULATION.md} says how many seeds that
 * took from the first one on.
 */
class MutationsAreCaughtTest {
    private static final int WITHIN = 30;

    private record Caught(Mutation mutation, Optional<String> by) {}

    @Test
    void everyOne() {
        List<Caught> all =
                Mutations.ALL.stream().parallel().map(MutationsAreCaughtTest::search).toList();

        assertThat(all).hasSizeGreaterThanOrEqualTo(17);
        assertThat(all.stream().filter(c -> c.by().isEmpty()).map(Caught::mutation))
                .as("mutations that no promise noticed within %d seeds of their own", WITHIN)
                .isEmpty();
    }

    private static Caught search(Mutation mutation) {
        try {
            LongFunction<String> simulator = MutatedCode.simulator(mutation);
            return new Caught(
                    mutation,
                    LongStream.range(mutation.from(), mutation.from() + WITHIN)
                            .mapToObj(simulator)
                            .filter(broken -> !broken.isEmpty())
                            .findFirst());
        } catch (IOException | ReflectiveOperationException e) {
            throw new IllegalStateException(mutation.name(), e);
        }
    }
}
