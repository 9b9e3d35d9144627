package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The search bites: every rule that is made wrong on purpose breaks a promise within a few seeds.
 */
class MutationsAreCaughtTest {
    private static final int WITHIN = 300;

    private record Caught(Mutation mutation, Optional<String> by) {}

    @Test
    void everyOne() {
        List<Caught> caught =
                Mutations.ALL.stream().parallel().map(MutationsAreCaughtTest::search).toList();

        caught.forEach(
                c -> System.out.println(c.by().orElse("NOT CAUGHT") + "   <- " + c.mutation()));
        assertThat(caught).hasSizeGreaterThanOrEqualTo(20);
        assertThat(caught.stream().filter(c -> c.by().isEmpty()).map(Caught::mutation)).isEmpty();
    }

    private static Caught search(Mutation mutation) {
        try {
            LongFunction<String> simulator = MutatedCode.simulator(mutation);
            return new Caught(
                    mutation,
                    LongStream.rangeClosed(1, WITHIN)
                            .mapToObj(seed -> {
                                String broken = simulator.apply(seed);
                                return broken.isEmpty() ? "" : "seed " + seed + ": " + broken;
                            })
                            .filter(broken -> !broken.isEmpty())
                            .findFirst());
        } catch (IOException | ReflectiveOperationException e) {
            throw new IllegalStateException(mutation.name(), e);
        }
    }
}
