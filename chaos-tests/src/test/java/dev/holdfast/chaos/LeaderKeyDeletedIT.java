package dev.holdfast.chaos;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Somebody removes the leader key by hand. */
final class LeaderKeyDeletedIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void oneLeadsAgainAndNeverTwo() {
        live.cluster().etcd().delete(live.cluster().prefix() + "leader");

        Await.until("somebody leads again", () -> live.cluster().key("leader").isPresent());
        live.cluster().awaitHealthy();
        live.writers().awaitProgress();
    }
}
