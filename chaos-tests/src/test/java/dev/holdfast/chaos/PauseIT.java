package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The operator has said: hands off. */
final class PauseIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aDeadPrimaryIsLeftAloneUntilItIsResumed() {
        ctl("pause", "--wait");

        Signal.KILL.send(live.primary().postmasterPid().orElseThrow());

        Await.until("the primary is gone", () -> !live.primary().isPrimary());
        Await.holds(
                "nobody is the primary, and the dead server stays dead",
                Duration.ofSeconds(4),
                () ->
                        live.cluster().members().stream().noneMatch(Member::isPrimary)
                                && live.primary().postmasterPid().isEmpty());
        ctl("resume", "--wait");
        live.cluster().awaitHealthy();
    }

    @Test
    void anAgentThatEndsLeavesPostgresqlRunning() {
        Member primary = live.primary();
        Optional<Long> postmaster = primary.postmasterPid();
        ctl("pause", "--wait");

        primary.signalAgent(Signal.TERM);

        assertThat(primary.awaitAgentExit()).isZero();
        assertThat(primary.postmasterPid()).isEqualTo(postmaster);
        assertThat(primary.sql("SELECT pg_is_in_recovery()")).isEqualTo("f");
        primary.startAgent();
        Await.until(primary + " answers /primary again", primary::isPrimary);
        ctl("resume", "--wait");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
        assertThat(primary.postmasterPid()).isEqualTo(postmaster);
    }

    @Test
    void whatTheOperatorOrdersIsDoneInAPause() {
        Member primary = live.primary();
        Member standby = live.cluster().others(primary).getFirst();
        Optional<Long> before = primary.postmasterPid();
        Optional<Long> beforeOfStandby = standby.postmasterPid();
        ctl("pause", "--wait");

        ctl("restart", MemberFile.SCOPE, standby.name(), "--force");
        assertThat(standby.postmasterPid()).isPresent().isNotEqualTo(beforeOfStandby);
        ctl("restart", MemberFile.SCOPE, primary.name(), "--force");
        assertThat(primary.postmasterPid()).isPresent().isNotEqualTo(before);
        Await.until(primary + " answers /primary again", primary::isPrimary);
        ctl("reinit", MemberFile.SCOPE, standby.name(), "--force", "--wait");
        Member candidate = live.cluster().syncStandby();
        ctl("switchover", "--force", "--candidate", candidate.name());
        Await.until(candidate + " leads", candidate::isPrimary);

        ctl("resume", "--wait");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
    }

    private void ctl(String... arguments) {
        Finished ctl = live.cluster().ctl(arguments);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
    }
}
