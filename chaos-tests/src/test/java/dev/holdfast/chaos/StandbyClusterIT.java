package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A cluster that follows another one, through all that can become of either. */
final class StandbyClusterIT {
    private static final int TTL_SECONDS = 4;

    @Test
    void itFollowsFailsOverAndChangesPlacesWithTheOther() throws IOException {
        ClusterPlan east = new ClusterPlan(List.of("pg1", "pg2"), TTL_SECONDS, ClusterPlan.Sync.ON);
        try (TestCluster source = TestCluster.start(east)) {
            String ports =
                    source.member("pg1").postgresPort() + "," + source.member("pg2").postgresPort();
            ClusterPlan west =
                    new ClusterPlan(List.of("w1", "w2"), TTL_SECONDS, ClusterPlan.Sync.ON);
            try (TestCluster standby = TestCluster.prepare(west)) {
                try {
                    for (Member member : standby.members()) {
                        follow(member, ports);
                    }
                    throughItsLife(source, standby);
                } catch (IOException | RuntimeException | Error e) {
                    System.err.println(source.logs() + standby.logs());
                    throw e;
                }
            }
        }
    }

    /** Each cluster has an etcd of its own, as two data centres have. */
    private static void follow(Member member, String ports) throws IOException {
        String usual = Files.readString(member.yamlFile());
        String section =
                "    standby_cluster: {host: \"127.0.0.1,127.0.0.1\", port: \"" + ports + "\"}\n";
        member.writeFile(usual.replace("    loop_wait: 10\n", "    loop_wait: 10\n" + section));
    }

    private static void throughItsLife(TestCluster source, TestCluster standby) {
        Member primary = source.awaitPrimary();
        primary.execute("CREATE TABLE told (what text)");
        tell(primary, "before the copy");
        standby.members().forEach(Member::startAgent);
        Member leader = awaitStandbyLeader(standby);
        assertShown(standby, leader);
        assertThat(standby.key("initialize")).isEqualTo(source.key("initialize"));
        awaitTold(standby.members(), "before the copy");

        // The other cluster changes its primary: of its hosts the one that takes writes is
        // followed.
        Member next = source.others(primary).getFirst();
        done(source.ctl("switchover", "--force", "--candidate", next.name()));
        assertThat(source.awaitHealthy()).isEqualTo(next);
        tell(next, "after the switchover");
        awaitTold(standby.members(), "after the switchover");
        Await.until(
                "the timeline that the other cluster began is in the history of this one",
                () -> standby.ctl("history").out().contains("no recovery target specified"));
        assertThat(
                        leader.rest()
                                .command(
                                        "PATCH",
                                        "/config",
                                        """
                                        {"slots": {"far": {"type": "physical", "cluster_type": "standby"},
                                                   "near": {"type": "physical", "cluster_type": "primary"}}}
                                        """)
                                .status())
                .isEqualTo(200);
        awaitPermanentSlot(standby.members(), "far");

        Member other = standby.others(leader).getFirst();
        done(standby.ctl("switchover", "--force", "--candidate", other.name()));
        assertThat(awaitStandbyLeader(standby)).isEqualTo(other);
        other.killAll();
        Await.until(leader + " leads", () -> leader.health("/standby-leader") == 200);
        tell(next, "after the failover");
        awaitTold(List.of(leader), "after the failover");
        other.startAgent();
        assertThat(awaitStandbyLeader(standby)).isEqualTo(leader);

        Finished promoted = standby.ctl("promote-cluster", "--force");
        done(promoted);
        assertThat(promoted.out()).contains("cluster is successfully promoted");
        assertThat(standby.awaitHealthy()).isEqualTo(leader);
        awaitPermanentSlot(standby.members(), "near");
        assertThat(standby.key("history").orElse("")).contains("no recovery target specified");
        tell(next, "after the promotion, and nowhere else");
        tell(leader, "by the new one");

        Finished demoted =
                source.ctl(
                        "demote-cluster",
                        "--force",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        String.valueOf(leader.postgresPort()));
        done(demoted);
        assertThat(demoted.out())
                .contains("cluster is successfully demoted")
                .contains("Standby Leader");
        Member demotedLeader = awaitStandbyLeader(source);
        awaitTold(source.members(), "by the new one");
        for (Member member : source.members()) {
            assertThat(member.sql("SELECT count(*) FROM told WHERE what LIKE '%nowhere else'"))
                    .as("rows that are not in the history that is followed, on " + member)
                    .isEqualTo("0");
        }
        Await.until(
                "/sync of " + source.prefix() + " names nobody",
                () -> !source.key("sync").orElse("").contains("pg"));

        Rest.Answer answer =
                demotedLeader.rest().command("PATCH", "/config", "{\"standby_cluster\": null}");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(source.awaitHealthy()).isEqualTo(demotedLeader);
        tell(demotedLeader, "on its own again");
    }

    /** Of the two that the configuration names there is this one. */
    private static void awaitPermanentSlot(List<Member> members, String name) {
        for (Member member : members) {
            Await.until(
                    "the slot " + name + " is on " + member,
                    () ->
                            member.sql(
                                            "SELECT string_agg(slot_name, ',') FROM pg_replication_slots"
                                                    + " WHERE slot_name IN ('far', 'near') AND restart_lsn IS NOT NULL")
                                    .equals(name));
        }
    }

    private static void tell(Member member, String what) {
        member.execute("INSERT INTO told VALUES ('" + what + "')");
    }

    private static void awaitTold(List<Member> members, String what) {
        for (Member member : members) {
            Await.until(
                    member + " has what was told " + what,
                    () ->
                            member.sql("SELECT count(*) FROM told WHERE what = '" + what + "'")
                                    .equals("1"));
        }
    }

    private static void done(Finished command) {
        assertThat(command.status()).as(command.toString()).isZero();
    }

    /** One member leads, and all others stream from it. */
    private static Member awaitStandbyLeader(TestCluster cluster) {
        Await.until(
                "exactly one of " + cluster.members() + " answers /standby-leader with 200",
                () ->
                        cluster.members().stream()
                                        .filter(m -> m.health("/standby-leader") == 200)
                                        .count()
                                == 1);
        Member leader =
                cluster.members().stream()
                        .filter(m -> m.health("/standby-leader") == 200)
                        .findFirst()
                        .orElseThrow();
        List<String> others = cluster.others(leader).stream().map(Member::name).sorted().toList();
        Await.until(
                "all of " + others + " stream from " + leader,
                () -> List.copyOf(leader.streaming().keySet()).equals(others));
        return leader;
    }

    private static void assertShown(TestCluster cluster, Member leader) {
        assertThat(leader.health("/leader")).isEqualTo(200);
        assertThat(leader.health("/read-only")).isEqualTo(200);
        assertThat(leader.health("/primary")).isEqualTo(503);
        assertThat(leader.health("/replica")).isEqualTo(503);
        Member other = cluster.others(leader).getFirst();
        Await.until(other + " answers /replica", () -> other.health("/replica") == 200);
        assertThat(other.health("/standby-leader")).isEqualTo(503);

        assertThat(leader.patroni().path("role").asText()).isEqualTo("standby_leader");
        JsonNode row =
                leader.rest()
                        .json("/cluster")
                        .path("members")
                        .valueStream()
                        .filter(m -> m.path("name").asText().equals(leader.name()))
                        .findFirst()
                        .orElseThrow();
        assertThat(row.path("role").asText()).isEqualTo("standby_leader");
        assertThat(cluster.key("members/" + leader.name()).orElse(""))
                .contains("\"role\":\"standby_leader\"");
        assertThat(leader.rest().get("/metrics").body())
                .containsPattern("patroni_standby_leader\\{[^}]*} 1");
        assertThat(cluster.ctl("list").out()).contains("Standby Leader");
    }
}
