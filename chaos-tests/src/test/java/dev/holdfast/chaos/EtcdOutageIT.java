package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd is away. */
final class EtcdOutageIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void shorterThanTheLeaseNothingHappens() {
        Optional<Long> postmaster = live.primary().postmasterPid();

        live.cluster().etcd().kill();
        Await.holds(
                live.primary() + " stays the primary",
                Duration.ofSeconds(3),
                live.primary()::isPrimary);
        live.cluster().etcd().start();

        live.writers().awaitProgress();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(live.primary().postmasterPid()).isEqualTo(postmaster);
    }

    @Test
    void anAgentThatStartsMeanwhileKnowsTheConfigurationAndTouchesNothing() {
        Member old = live.primary();
        Optional<Long> postmaster = old.postmasterPid();
        Member standby = live.cluster().others(old).getFirst();
        assertThat(standby.dataDirectory().resolve("patroni.dynamic.json"))
                .content()
                .contains("\"max_connections\"");
        standby.signalAgent(Signal.TERM);
        assertThat(standby.awaitAgentExit()).isZero();
        live.cluster().etcd().kill();

        standby.startAgent();

        Await.until(
                "the agent waits for etcd",
                () ->
                        standby.rest()
                                .json("/patroni")
                                .path("holdfast")
                                .path("reason_code")
                                .asText()
                                .equals("store.unknown"));
        assertThat(standby.postmasterPid()).as("its PostgreSQL").isEmpty();
        // Past the lease, so that it is clear who is primary when etcd is back.
        Await.until(
                old + " no longer runs as the primary it was",
                () -> !old.postmasterPid().equals(postmaster));
        live.cluster().etcd().start();
        live.cluster().awaitHealthy();
    }

    @Test
    void longerThanTheLeaseThePrimaryIsFencedAndThereIsOneAgainAfterwards() {
        Member old = live.primary();
        Optional<Long> postmaster = old.postmasterPid();

        live.cluster().etcd().kill();

        Await.until(
                old + " no longer runs as the primary it was",
                () -> !old.postmasterPid().equals(postmaster));
        assertThat(live.cluster().members()).noneMatch(Member::isPrimary);
        Member standby = live.cluster().others(old).getFirst();
        assertThat(standby.sql("SELECT pg_is_in_recovery()"))
                .as("standbys go on serving reads")
                .isEqualTo("t");
        live.cluster().etcd().start();
        live.cluster().awaitHealthy();
        live.writers().awaitProgress();
    }
}
