package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Patroni's own control command, from Debian's package, with a member's file as it is: it reads
 * etcd and asks the members' REST interfaces by itself.
 */
final class PatronictlIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void itShowsAndSteersACluster() {
        Member primary = live.primary();
        Member standby = live.cluster().syncStandby();

        String list = patronictl("list");
        assertThat(list)
                .containsPattern("\\| " + primary.name() + " .*\\| Leader +\\| running ")
                .containsPattern("\\| " + standby.name() + " .*\\| Sync Standby +\\|");
        assertThat(patronictl("topology")).contains("+ " + standby.name());
        assertThat(patronictl("dsn", MemberFile.SCOPE, "-m", standby.name()))
                .isEqualTo("host=127.0.0.1 port=" + standby.relay().port() + "\n");
        assertThat(
                        patronictl(
                                "query",
                                MemberFile.SCOPE,
                                "-r",
                                "replica",
                                "-U",
                                Sql.USER,
                                "-c",
                                "SELECT pg_is_in_recovery()"))
                .isEqualTo("pg_is_in_recovery\nTrue\n");
        assertThat(patronictl("version", MemberFile.SCOPE)).contains(standby.name() + ": Patroni");

        itEditsTheConfigurationAndRestarts();
        itSchedulesAndFlushes(primary, standby);
        itReinitializesInNoPause(primary);
        itSwitchesOverAndPauses(primary);
    }

    private void itEditsTheConfigurationAndRestarts() {
        patronictl("edit-config", MemberFile.SCOPE, "--force", "-p", "wal_buffers=2MB");
        assertThat(patronictl("show-config")).contains("wal_buffers: 2MB");
        Await.until(
                "every member waits for a restart",
                () -> patronictl("list").lines().filter(l -> l.contains("| *")).count() == 3);

        assertThat(patronictl("restart", MemberFile.SCOPE, "--pending", "--force").lines())
                .filteredOn(line -> line.startsWith("Success: restart on member"))
                .hasSize(3);
        live.cluster().awaitHealthy();
        for (Member member : live.cluster().members()) {
            assertThat(member.sql("SHOW wal_buffers")).isEqualTo("2MB");
        }
    }

    private void itSchedulesAndFlushes(Member primary, Member standby) {
        String later =
                OffsetDateTime.now(ZoneOffset.UTC)
                        .plusHours(1)
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString();
        assertThat(
                        patronictl(
                                "switchover",
                                MemberFile.SCOPE,
                                "--master",
                                primary.name(),
                                "--candidate",
                                standby.name(),
                                "--scheduled",
                                later,
                                "--force"))
                .contains("Switchover scheduled")
                .contains("Switchover scheduled at: ");
        assertThat(patronictl("flush", MemberFile.SCOPE, "switchover", "--force"))
                .contains("Success: scheduled switchover deleted");
        String[] restart = {
            "restart", MemberFile.SCOPE, standby.name(), "--scheduled", later, "--force"
        };
        assertThat(patronictl(restart))
                .contains("Success: restart scheduled on member " + standby.name());
        Await.until("the list shows it", () -> patronictl("list").contains("Scheduled restart"));
        assertThat(patronictl(restart)).contains("Success: restart scheduled on member");
        assertThat(patronictl("flush", MemberFile.SCOPE, standby.name(), "restart", "--force"))
                .contains("Success: flush scheduled restart for member " + standby.name());
    }

    private void itReinitializesInNoPause(Member primary) {
        Member other = live.cluster().others(primary).getLast();
        assertThat(patronictl("reinit", MemberFile.SCOPE, other.name(), "--force", "--wait"))
                .contains("Success: reinitialize for member " + other.name());
        live.cluster().awaitHealthy();
    }

    private void itSwitchesOverAndPauses(Member primary) {
        Member candidate = live.cluster().syncStandby();
        assertThat(
                        patronictl(
                                "switchover",
                                MemberFile.SCOPE,
                                "--master",
                                primary.name(),
                                "--candidate",
                                candidate.name(),
                                "--force"))
                .contains("Successfully switched over to \"" + candidate.name() + "\"");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
        assertThat(patronictl("history")).contains("no recovery target specified");

        assertThat(patronictl("pause", "--wait")).contains("Success: cluster management is paused");
        assertThat(patronictl("list")).contains("Maintenance mode: on");
        assertThat(patronictl("resume", "--wait"))
                .contains("Success: cluster management is resumed");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
    }

    private String patronictl(String... arguments) {
        Finished patronictl = live.cluster().patronictl(arguments);
        assertThat(patronictl.status()).as(patronictl.toString()).isZero();
        return patronictl.out();
    }
}
