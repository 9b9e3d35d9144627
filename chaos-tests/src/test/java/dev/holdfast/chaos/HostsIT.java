package dev.holdfast.chaos;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Three hosts and a network between them, with an etcd node on each: what one machine cannot show.
 * {@link EveryScenarioIT} has the rest.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HostsIT {
    private Optional<TestCluster> cluster = Optional.empty();

    @BeforeAll
    void start() {
        Optional<String> obstacle = HostKind.chosen().obstacle();
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow());
        cluster = Optional.of(TestCluster.start(ClusterPlan.usual().withTtlSeconds(6).onHosts()));
    }

    @AfterAll
    void end() {
        cluster.ifPresent(TestCluster::close);
    }

    @ParameterizedTest
    @EnumSource(
            value = Scenario.class,
            names = {
                "HOST_DEAD",
                "CUT_OFF",
                "CUT_OFF_SENDING",
                "CUT_OFF_FROM_ETCD",
                "SYNC_STANDBY_SILENT",
                "ETCD_LEADER_LOST"
            })
    void atNoInstantDoTwoMembersAcceptWritesAndNothingIsLost(Scenario scenario) {
        Scenarios.assertKeepsPromises(scenario, cluster.orElseThrow(), Scenario.Lasting.SHORT);
    }
}
