package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The agent is told to stop. */
final class SigtermIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aLeaderHandsOverThenStopsWithItsPostgresql() {
        Member old = live.primary();
        Member sync = live.cluster().syncStandby();

        old.signalAgent(Signal.TERM);

        assertThat(old.awaitAgentExit()).isZero();
        assertThat(old.serverPids()).as("processes of its PostgreSQL").isEmpty();
        assertThat(live.cluster().key("leader")).contains(sync.name());
        assertThat(live.cluster().awaitPrimaryOf(live.cluster().others(old))).isEqualTo(sync);
        live.writers().awaitProgress();
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();
    }

    @Test
    void aStandbyStopsWithItsPostgresql() {
        Member standby = live.cluster().others(live.primary()).getFirst();

        standby.signalAgent(Signal.TERM);

        assertThat(standby.awaitAgentExit()).isZero();
        assertThat(standby.serverPids()).as("processes of its PostgreSQL").isEmpty();
        assertThat(live.cluster().key("members/" + standby.name()))
                .as("its key, which went with its lease")
                .isEmpty();
        standby.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }
}
