package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd is away for longer than the lease, and failsafe mode is on. */
final class FailsafeIT {
    private static final int TTL_SECONDS = 5;
    private static final Duration AWAY = Duration.ofSeconds(3 * TTL_SECONDS);

    @RegisterExtension
    final LiveCluster live = new LiveCluster(ClusterPlan.usual().withTtlSeconds(TTL_SECONDS));

    @BeforeEach
    void switchOn() {
        live.cluster().switchFailsafeOn();
    }

    @Test
    void writesGoOnWhileEveryMemberConfirms() {
        Optional<Long> postmaster = live.primary().postmasterPid();

        live.cluster().etcd().kill();

        Await.until(
                live.primary() + " stays by failsafe mode",
                () -> live.primary().patroni().path("failsafe_mode_is_active").asBoolean());
        Await.holds(
                live.primary() + " stays the only primary",
                AWAY,
                () -> live.cluster().members().stream().filter(Member::isPrimary).count() == 1);
        live.writers().awaitProgress();
        assertThat(live.primary().postmasterPid()).isEqualTo(postmaster);

        live.cluster().etcd().start();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(live.primary().postmasterPid()).isEqualTo(postmaster);
        Await.until(
                live.primary() + " has its lease again",
                () -> !live.primary().patroni().path("failsafe_mode_is_active").asBoolean());
    }

    @Test
    void withAMemberDeadThePrimaryIsFenced() {
        Member old = live.primary();
        Optional<Long> postmaster = old.postmasterPid();
        Member dead = live.cluster().others(old).getFirst();

        live.cluster().etcd().kill();
        dead.killAll();

        Await.until(
                old + " no longer runs as the primary it was",
                () -> !old.postmasterPid().equals(postmaster));
        assertThat(live.cluster().members()).noneMatch(Member::isPrimary);
        live.cluster().etcd().start();
        dead.startAgent();
        live.cluster().awaitHealthy();
        live.writers().awaitProgress();
    }
}
