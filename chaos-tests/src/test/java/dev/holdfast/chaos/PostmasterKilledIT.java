package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** PostgreSQL dies, its agent lives. */
final class PostmasterKilledIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aPrimaryServesAgainWithoutAHuman() {
        long postmaster = live.primary().postmasterPid().orElseThrow();

        Signal.KILL.send(postmaster);

        live.writers().awaitProgress();
        Member now = live.cluster().awaitHealthy();
        assertThat(now.postmasterPid()).isPresent().isNotEqualTo(Optional.of(postmaster));
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();
    }

    @Test
    void aCrashedBackendIsNoDifferent() {
        String backend =
                live.primary()
                        .sql("SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT%' LIMIT 1");

        Signal.KILL.send(Long.parseLong(backend));

        live.writers().awaitProgress();
        live.cluster().awaitHealthy();
    }

    @Test
    void aStandbyIsStartedAgainAndThePrimaryStays() {
        Member standby = live.cluster().others(live.primary()).getFirst();

        Signal.KILL.send(standby.postmasterPid().orElseThrow());

        Await.until(standby + " is down", () -> standby.health("/replica") != 200);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }
}
