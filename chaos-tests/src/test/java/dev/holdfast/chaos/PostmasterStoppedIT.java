package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The postmaster alone is stopped: its sessions go on, and nobody new is let in. */
final class PostmasterStoppedIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aStandbyTakesOverAndTheOldPrimaryRejoins() {
        Member old = live.primary();
        long postmaster = old.postmasterPid().orElseThrow();

        Signal.STOP.send(postmaster);

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        live.writers().awaitProgress();
        assertThat(old.rest().get("/holdfast/journal").body()).contains("lead.unwell");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
        assertThat(ProcFs.isAlive(postmaster)).isFalse();
    }
}
