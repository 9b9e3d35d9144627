package dev.holdfast.chaos;

import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** All scenarios, as long as they last: {@code make chaos}. */
@Tag("long")
final class EveryScenarioIT {
    @ParameterizedTest
    @EnumSource(Scenario.class)
    void atNoInstantDoTwoMembersAcceptWritesAndNothingIsLost(Scenario scenario) {
        ClusterPlan plan = scenario.on(ClusterPlan.usual());
        Assumptions.assumeTrue(
                plan.smallDisk().isEmpty() || SmallDisk.isPossible(),
                "a file system of its own needs root");
        if (plan.where() == ClusterPlan.Where.HOSTS) {
            Optional<String> obstacle = HostKind.chosen().obstacle();
            Assumptions.assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow());
        }
        try (TestCluster cluster = TestCluster.start(plan)) {
            Scenarios.assertKeepsPromises(scenario, cluster, Scenario.Lasting.WHOLE);
        }
    }
}
