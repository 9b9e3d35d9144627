package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two faults at once, drawn from a seed: {@code make chaos}; more of them: {@code make chaos-soak}.
 */
@Tag("long")
final class PairsIT {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void withTwoFaultsAtOnceNothingIsLostAndNobodyElseWrites(long seed) {
        Optional<String> obstacle = HostKind.chosen().obstacle();
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow());
        Pair pair = Pair.of(seed);
        ClusterPlan plan = ClusterPlan.usual().withTtlSeconds(4).onHosts();
        try (TestCluster cluster = TestCluster.start(plan)) {
            try {
                Trial.Outcome outcome = pair.run(cluster);
                System.out.println(pair.title() + ": " + outcome);
                Chronicle.of(pair.title(), plan.toString(), outcome).write(Chronicle.directory());
                assertThat(outcome.isClean()).as(outcome.toString()).isTrue();
            } catch (RuntimeException | Error e) {
                System.err.println(pair.title() + " failed; the ends of the logs:");
                System.err.println(cluster.logs());
                throw e;
            }
        }
    }
}
