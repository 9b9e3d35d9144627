package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A role's commits do not wait for the standby that the cluster's mode promises. */
final class WeakerCommitIT {
    private static final String SENTENCE = "synchronous_commit is local for role replicator";

    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    /** After a reload it is asked for anew; else that takes a minute. */
    private void reload(String workMem) {
        assertThat(
                        live.primary()
                                .rest()
                                .command(
                                        "PATCH",
                                        "/config",
                                        "{\"postgresql\": {\"parameters\": {\"work_mem\": \""
                                                + workMem
                                                + "\"}}}")
                                .status())
                .isEqualTo(200);
    }

    @Test
    void itIsReportedWhereAnOperatorLooksAndNotChanged() {
        live.primary().execute("ALTER ROLE replicator SET synchronous_commit = local");
        reload("5MB");

        Await.until("ctl list notes it", () -> live.cluster().ctl("list").out().contains(SENTENCE));
        assertThat(
                        live.primary()
                                .patroni()
                                .path("holdfast")
                                .path("weaker_synchronous_commit")
                                .path(0)
                                .asText())
                .isEqualTo(SENTENCE);
        assertThat(live.primary().rest().get("/metrics").body())
                .containsPattern("holdfast_weaker_synchronous_commit\\{[^}]*} 1\\.0");

        live.primary().execute("ALTER ROLE replicator RESET synchronous_commit");
        reload("6MB");
        Await.until("the note is gone", () -> !live.cluster().ctl("list").out().contains(SENTENCE));
    }
}
