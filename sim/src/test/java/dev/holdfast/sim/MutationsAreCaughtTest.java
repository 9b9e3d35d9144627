package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The search bites: each rule that is made wrong on purpose breaks a promise within so many seeds
 * from the first one on. The seed that showed it last is tried before them: what it leads to
 * changes with the rules, and then it is searched for again.
 */
class MutationsAreCaughtTest {
    private static final int WITHIN = 3_000;

    private record Caught(Mutation mutation, Optional<String> by) {}

    @Test
    void everyOne() {
        List<Caught> all =
                Mutations.ALL.stream().parallel().map(MutationsAreCaughtTest::search).toList();

        assertThat(all).hasSizeGreaterThanOrEqualTo(29);
        assertThat(all.stream().filter(c -> c.by().isEmpty()).map(Caught::mutation))
                .as("mutations that no promise noticed within %d seeds", WITHIN)
                .isEmpty();
    }

    private static Caught search(Mutation mutation) {
        try {
            LongFunction<String> simulator = MutatedCode.simulator(mutation);
            return new Caught(
                    mutation,
                    LongStream.concat(
                                    LongStream.of(mutation.seed()),
                                    LongStream.rangeClosed(1, WITHIN))
                            .mapToObj(simulator)
                            .filter(broken -> !broken.isEmpty())
                            .findFirst());
        } catch (IOException | ReflectiveOperationException e) {
            throw new IllegalStateException(mutation.name(), e);
        }
    }
}
