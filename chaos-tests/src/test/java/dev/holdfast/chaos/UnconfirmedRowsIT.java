package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The tests and the benchmark say that no row was acknowledged before a standby had it. Here is
 * shown that they would notice.
 */
final class UnconfirmedRowsIT {
    @RegisterExtension
    final LiveCluster live =
            new LiveCluster(new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.OFF));

    @Test
    void rowsThatNoStandbyHasConfirmedAreCaught() {
        Member standby = live.cluster().others(live.primary()).getFirst();
        standby.serverPids().forEach(Signal.STOP::send);
        long stopped = System.nanoTime();

        live.writers().awaitProgress();

        long written =
                live.writers().acknowledged().stream()
                        .filter(row -> row.sentNanos() >= stopped)
                        .count();
        assertThat(live.writers().unconfirmed(live.cluster().members(), stopped).size())
                .isGreaterThanOrEqualTo((int) Math.min(written, 20));
    }
}
