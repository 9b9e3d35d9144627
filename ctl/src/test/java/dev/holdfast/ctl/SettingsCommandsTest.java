package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an operator decides about a member is written into the store, or refused with a reason. */
class SettingsCommandsTest {
    private static final String ACTS =
            ",\"tags\":{\"nofailover\":true,\"nosync\":true,\"noloadbalance\":true}";

    private final ClusterFixture cluster = new ClusterFixture();

    @BeforeEach
    void members() {
        cluster.three(_ ->
                new Reply(
                        200, "{\"holdfast\":{\"reason_code\":\"x\",\"serves_as_primary\":true}}"));
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private void member(String name, String state, String more) {
        cluster.put(
                "members/" + name,
                "{\"conn_url\":\"postgres://%s.example:5432/postgres\",\"api_url\":\"http://127.0.0.1:8008\",\"version\":\"0.1.0\",\"timeline\":3,\"xlog_location\":67108960,\"state\":\"%s\",\"role\":\"replica\",\"replication_state\":\"streaming\"%s}"
                        .formatted(name, state, more));
    }

    @Test
    void automaticRecoveryIsSwitchedOffAndOn() {
        assertThat(cluster.run("auto-recovery", "demo", "pg2", "off", "--force").status()).isZero();
        assertThat(cluster.get("settings/pg2")).contains("{\"auto_recovery\":false}");
        assertThat(cluster.run("list", "demo").out()).contains("| auto-recovery off |");
        assertThat(cluster.run("doctor", "demo"))
                .isEqualTo(
                        new Result(
                                1,
                                "pg2: an operator switched its automatic recovery off: it is neither rewound nor copied by itself: auto-recovery on when that is done\n",
                                ""));
        assertThat(cluster.run("auto-recovery", "demo", "pg2", "on", "--force").status()).isZero();
        assertThat(cluster.get("settings/pg2")).isEmpty();
    }

    @Test
    void aMemberIsTakenOutAndIn() {
        member("pg3", "running", ACTS);
        assertThat(cluster.run("standby", "demo", "pg3", "--force").out())
                .endsWith("Success: member pg3 is taken out\n");
        assertThat(cluster.get("settings/pg3")).contains("{\"standby\":\"running\"}");
        assertThat(cluster.run("doctor", "demo").out())
                .contains(
                        "pg3: an operator took it out for maintenance: unstandby when that is done\n");

        assertThat(cluster.run("auto-recovery", "demo", "pg3", "off", "--force").status()).isZero();
        assertThat(cluster.run("unstandby", "demo", "pg3", "--force").status()).isZero();
        assertThat(cluster.get("settings/pg3")).contains("{\"auto_recovery\":false}");
    }

    @Test
    void withItsPostgresqlItIsOutOnceThatIsDown() {
        member("pg3", "stopped", ACTS);
        assertThat(cluster.run("standby", "demo", "pg3", "--stop", "--force").out())
                .endsWith("Success: member pg3 is taken out\n");
        assertThat(cluster.get("settings/pg3")).contains("{\"standby\":\"stopped\"}");
        assertThat(cluster.run("list", "demo").out()).contains("| standby, stopped |");
    }

    @Test
    void aLeaderIsNotTakenOutWhereNobodyElseCanLead() {
        member("pg2", "running", ",\"tags\":{\"nofailover\":true}");
        cluster.put("config", "{\"synchronous_mode\":true}");
        cluster.put("sync", "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\",\"quorum\":0}");
        assertThat(cluster.run("standby", "demo", "pg1", "--force").err())
                .isEqualTo(
                        "Error: member pg1 is not taken out: it leads, and nobody else can; pg2 has the tag nofailover; pg3 is no synchronous standby.\n");
        cluster.put("config", "{\"pause\":true}");
        assertThat(cluster.run("standby", "demo", "pg1", "--force").err())
                .contains("in a pause it hands over only by switchover");
        assertThat(cluster.get("settings/pg1")).isEmpty();
    }

    @Test
    void theLastStandbyThatCommitsCouldWaitForIsNotTakenOutInStrictMode() {
        member("pg3", "running", ",\"tags\":{\"nosync\":true}");
        cluster.put("config", "{\"synchronous_mode\":true,\"synchronous_mode_strict\":true}");
        cluster.put("sync", "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\",\"quorum\":0}");
        for (String member : List.of("pg1", "pg2")) {
            assertThat(cluster.run("standby", "demo", member, "--force").err())
                    .contains("no other standby could be synchronous");
            assertThat(cluster.get("settings/" + member)).isEmpty();
        }
    }

    @Test
    void aMemberThatHasLeftIsForgottenOnceTheLeaderKeepsNothingForIt() {
        assertThat(cluster.run("remove-member", "demo", "pg3", "--force").err())
                .contains("the agent of member pg3 runs: stop it first");
        cluster.delete("members/pg3");
        cluster.put("settings/pg3", "{\"standby\":\"running\"}");
        cluster.put("status", "{\"optime\":67108960,\"retain_slots\":[\"pg1\",\"pg2\"]}");

        assertThat(cluster.run("remove-member", "demo", "pg3", "--force"))
                .isEqualTo(new Result(0, "Success: member pg3 is forgotten\n", ""));
        assertThat(cluster.get("settings/pg3")).isEmpty();
        assertThat(cluster.run("remove-member", "demo", "pg3"))
                .isEqualTo(
                        new Result(
                                0,
                                "Nothing is kept for a member pg3, so nothing was done. The leader keeps slots for [pg1, pg2].\n",
                                ""));
        assertThat(cluster.run("remove-member", "demo", "a,b").err())
                .contains("is no name of a member");
    }

    @Test
    void membersAreNamedAndTheWordIsGiven() {
        assertThat(cluster.run("standby", "demo", "--force").err())
                .isEqualTo(
                        "Error: no member was named: name those to be taken out, of pg2, pg3, pg1.\n");
        assertThat(cluster.run("auto-recovery", "demo", "pg2").err())
                .contains("on or off is expected");
        assertThat(cluster.run("standby", "demo", "pg9", "--force").err())
                .contains("has no member \"pg9\"");
    }

    @Test
    void aSettingThatCannotBeReadIsAsUsual() {
        cluster.put("settings/pg2", "{\"standby\":\"maybe\",\"auto_recovery\":\"no\"}");
        assertThat(cluster.run("list", "demo").out()).doesNotContain("Settings");
        assertThat(cluster.run("doctor", "demo").out().lines()).hasSize(2);
    }
}
