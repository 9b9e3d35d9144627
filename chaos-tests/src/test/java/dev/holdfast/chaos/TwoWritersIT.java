package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The scenarios say that no two members ever accepted writes at once. Here is shown that they would
 * notice, though the second one acknowledges nothing to whoever waits for a standby.
 */
@Tag("long")
final class TwoWritersIT {
    @Test
    void aSecondServerThatAcceptsWritesIsCaught() {
        try (TestCluster cluster = TestCluster.start(ClusterPlan.usual())) {
            Member primary = cluster.awaitPrimary();
            Member second = cluster.others(primary).getFirst();
            // So that nobody ends it.
            Finished paused = cluster.ctl("pause", "--wait");
            assertThat(paused.status()).as(paused.toString()).isZero();
            try (Writers writers = Writers.startEverywhere(cluster)) {
                second.execute("SELECT pg_promote()");

                Await.until(
                        "two servers were seen to accept writes at once",
                        () ->
                                Reigns.overlaps(writers.acknowledged()).stream()
                                        .anyMatch(overlap -> overlap.instants() > 10));
                // A client that waits for a standby which never comes would be waited for.
                cluster.members().forEach(Member::killAll);
            }
        }
    }
}
