package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The agent dies or hangs, its PostgreSQL lives. */
final class AgentKilledIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void restartedWithinTheLeaseTheLeaderGoesOnAndPostgresqlIsNotTouched() {
        Member leader = live.primary();
        Optional<Long> postmaster = leader.postmasterPid();

        leader.signalAgent(Signal.KILL);
        leader.awaitAgentExit();
        leader.startAgent();

        assertThat(live.cluster().awaitHealthy()).isEqualTo(leader);
        assertThat(leader.postmasterPid()).isEqualTo(postmaster);
        assertThat(leader.sql("SELECT timeline_id FROM pg_control_checkpoint()"))
                .isEqualTo(leader.patroni().path("timeline").asText());
    }

    @Test
    void notRestartedAStandbyTakesOverOnceTheOldPostgresqlIsDead() {
        Member old = live.primary();

        old.signalAgent(Signal.KILL);
        old.awaitAgentExit();

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        assertThat(old.serverPids()).as("processes of the old PostgreSQL").isEmpty();
        assertThat(now).isNotEqualTo(old);
        live.writers().awaitProgress();
    }

    @Test
    void stoppedAStandbyTakesOverAndTheOldOneRejoinsWhenItGoesOn() {
        Member old = live.primary();

        old.signalAgent(Signal.STOP);

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        assertThat(old.serverPids()).as("processes of the old PostgreSQL").isEmpty();
        live.writers().awaitProgress();
        old.signalAgent(Signal.CONT);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
    }

    @Test
    void ofAStandbyItIsRestartedWithoutAnyoneNoticing() {
        Member standby = live.cluster().others(live.primary()).getFirst();
        Optional<Long> postmaster = standby.postmasterPid();

        standby.signalAgent(Signal.KILL);
        standby.awaitAgentExit();
        standby.startAgent();

        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(standby.postmasterPid()).isEqualTo(postmaster);
    }
}
