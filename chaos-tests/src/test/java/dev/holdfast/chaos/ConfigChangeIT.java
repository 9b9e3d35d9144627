package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The dynamic configuration is changed while the cluster runs. */
final class ConfigChangeIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void whatNeedsNoRestartHoldsEverywhereAtOnce() {
        Member anyone = live.cluster().others(live.primary()).getLast();

        patch(anyone, "{\"postgresql\": {\"parameters\": {\"work_mem\": \"5MB\"}}}");

        awaitEverywhere("work_mem", "5MB");
        assertThat(anyone.rest().get("/config").body()).contains("work_mem");
    }

    @Test
    void whatNeedsARestartIsShownUntilItIsDone() {
        String before = live.primary().sql("SHOW max_connections");
        String after = String.valueOf(Integer.parseInt(before) + 1);

        patch(
                live.primary(),
                "{\"postgresql\": {\"parameters\": {\"max_connections\": " + after + "}}}");

        for (Member member : live.cluster().members()) {
            Await.until(
                    member + " says that it waits for a restart",
                    () -> member.patroni().path("pending_restart").asBoolean());
            assertThat(member.sql("SHOW max_connections")).isEqualTo(before);
        }
        Finished ctl = live.cluster().ctl("restart", MemberFile.SCOPE, "--pending", "--force");
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        live.cluster().awaitHealthy();
        awaitEverywhere("max_connections", after);
        for (Member member : live.cluster().members()) {
            Await.until(
                    member + " waits for no restart",
                    () -> !member.patroni().path("pending_restart").asBoolean());
        }
    }

    @Test
    void theLeaseTakesANewLength() {
        patch(live.primary(), "{\"ttl\": 12}");
        Await.until(
                "the leader's lease has the new length",
                () -> live.cluster().etcd().leaseSeconds(live.cluster().prefix() + "leader") == 12);

        patch(live.primary(), "{\"ttl\": 10}");
        Await.until(
                "the leader's lease has the old length",
                () -> live.cluster().etcd().leaseSeconds(live.cluster().prefix() + "leader") == 10);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }

    @Test
    void synchronousModeIsSwitchedOffAndOn() {
        Member primary = live.primary();

        patch(primary, "{\"synchronous_mode\": false}");
        Await.until(
                "PostgreSQL waits for nobody",
                () -> primary.sql("SHOW synchronous_standby_names").isEmpty());

        patch(primary, "{\"synchronous_mode\": true}");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
    }

    @Test
    void aMembersFileIsReadAnewAndWhatDoesNotHoldYetIsSaid() throws IOException {
        Member member = live.cluster().others(live.primary()).getFirst();
        String good = Files.readString(member.yamlFile());
        try {
            reload(member, good.replace("maximum_lag_on_failover: ", "maximum_lag_on_failover: x"));
            awaitJournal(member, "not reloaded");

            reload(
                    member,
                    good.replace("    shared_buffers:", "    work_mem: 7MB\n    shared_buffers:")
                            .replace("  bin_dir:", "  keep_directories: 3\n  bin_dir:"));
            awaitJournal(member, "postgresql.keep_directories");
            Await.until(
                    "the parameter of the file holds",
                    () -> member.sql("SHOW work_mem").equals("7MB"));
        } finally {
            reload(member, good);
        }
    }

    private static void reload(Member member, String yaml) throws IOException {
        Files.writeString(member.yamlFile(), yaml);
        Rest.Answer answer = member.rest().command("POST", "/reload", "");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(202);
    }

    private static void awaitJournal(Member member, String words) {
        Await.until(
                "the journal says: " + words,
                () -> member.rest().get("/holdfast/journal").body().contains(words));
    }

    private static void patch(Member member, String change) {
        Rest.Answer answer = member.rest().command("PATCH", "/config", change);
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    }

    private void awaitEverywhere(String parameter, String value) {
        List<Member> members = live.cluster().members();
        for (Member member : members) {
            Await.until(
                    parameter + " is " + value + " on " + member,
                    () -> member.sql("SHOW " + parameter).equals(value));
        }
    }
}
