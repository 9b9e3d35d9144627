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
