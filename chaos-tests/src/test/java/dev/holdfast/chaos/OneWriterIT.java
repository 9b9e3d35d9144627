package dev.holdfast.chaos;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The two nastiest of all scenarios, with writers on each server and a short lease, for as long as
 * it takes. {@link EveryScenarioIT} has all of them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class OneWriterIT {
    private final TestCluster cluster = TestCluster.prepare(ClusterPlan.usual().withTtlSeconds(4));

    @BeforeAll
    void start() {
        cluster.members().forEach(Member::startAgent);
    }

    @AfterAll
    void end() {
        cluster.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Scenario.class,
            names = {"AGENT_AND_POSTGRES_STOPPED", "HOST_FROZEN"})
    void atNoInstantDoTwoMembersAcceptWritesAndNothingIsLost(Scenario scenario) {
        Scenarios.assertKeepsPromises(scenario, cluster, Scenario.Lasting.SHORT);
    }
}
