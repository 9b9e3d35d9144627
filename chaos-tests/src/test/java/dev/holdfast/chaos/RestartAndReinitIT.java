package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator has one member do. */
final class RestartAndReinitIT {
    private static final String STARTED = "SELECT pg_postmaster_start_time()";

    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aRestartedStandbyComesBack() {
        Member standby = live.cluster().others(live.primary()).getFirst();
        String before = standby.sql(STARTED);

        ctl("restart", MemberFile.SCOPE, standby.name(), "--force");

        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(standby.sql(STARTED)).isNotEqualTo(before);
    }

    @Test
    void aRestartedPrimaryStaysThePrimary() {
        Member primary = live.primary();
        String before = primary.sql(STARTED);

        ctl("restart", MemberFile.SCOPE, primary.name(), "--force");

        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
        assertThat(primary.sql(STARTED)).isNotEqualTo(before);
    }

    @Test
    void aReinitializedStandbyIsCopiedAnew() throws IOException {
        Member standby = live.cluster().others(live.primary()).getFirst();
        Object before = Files.getAttribute(standby.dataDirectory(), "unix:ino");

        ctl("reinit", MemberFile.SCOPE, standby.name(), "--force", "--wait");

        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(Files.getAttribute(standby.dataDirectory(), "unix:ino")).isNotEqualTo(before);
    }

    @Test
    void aReloadReadsTheMembersFile() throws IOException {
        Member standby = live.cluster().others(live.primary()).getFirst();
        String yaml = Files.readString(standby.yamlFile());
        standby.writeFile(yaml + "    log_min_duration_statement: 54321\n");

        ctl("reload", MemberFile.SCOPE, standby.name(), "--force");

        Await.until(
                "the new value holds",
                () -> standby.sql("SHOW log_min_duration_statement").equals("54321ms"));
        standby.writeFile(yaml);
        ctl("reload", MemberFile.SCOPE, standby.name(), "--force");
        Await.until(
                "the old value holds",
                () -> standby.sql("SHOW log_min_duration_statement").equals("-1"));
    }

    private void ctl(String... arguments) {
        Finished ctl = live.cluster().ctl(arguments);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
    }
}
