package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Three files and an empty etcd become a cluster. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class BootstrapIT {
    private final TestCluster cluster = TestCluster.prepare(ClusterPlan.usual());

    @BeforeAll
    void startAll() {
        cluster.members().forEach(Member::startAgent);
        try {
            cluster.awaitHealthy();
        } catch (RuntimeException | Error e) {
            System.err.println(cluster.logs());
            throw e;
        }
    }

    @AfterAll
    void end() {
        cluster.close();
    }

    @Test
    void everyMemberIsACopyOfTheOneThatWasMade() {
        String system = "SELECT system_identifier FROM pg_control_system()";
        assertThat(cluster.members())
                .allSatisfy(member ->
                        assertThat(member.sql(system))
                                .isEqualTo(cluster.key("initialize").orElseThrow()));
        assertThat(cluster.members())
                .filteredOn(member -> member.sql("SELECT pg_is_in_recovery()").equals("f"))
                .hasSize(1);
    }

    @Test
    void checksumsAreOnAndTheConfiguredParametersHold() {
        assertThat(cluster.members())
                .allSatisfy(member -> {
                    assertThat(member.sql("SHOW data_checksums")).isEqualTo("on");
                    assertThat(member.sql("SHOW max_connections")).isEqualTo("60");
                    assertThat(member.sql("SHOW shared_buffers")).isEqualTo("16MB");
                    assertThat(member.sql("SHOW restart_after_crash")).isEqualTo("off");
                });
    }

    @Test
    void theConfiguredUsersCanLogInAndOnlyWithTheirPassword() throws Exception {
        Member primary = cluster.awaitPrimary();
        String url = "jdbc:postgresql://127.0.0.1:" + primary.postgresPort() + "/postgres";
        for (String user : List.of("replicator/rep-secret", "rewinder/rewind-secret")) {
            String[] parts = user.split("/", -1);
            DriverManager.getConnection(url, parts[0], parts[1]).close();
            assertThat(canLogIn(url, parts[0], "wrong")).as(user).isFalse();
        }
        assertThat(
                        primary.sql(
                                "SELECT count(*) FROM pg_stat_replication WHERE usename = 'replicator'"))
                .isEqualTo("2");
        assertThat(primary.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'replicator'"))
                .isEqualTo("f");
    }

    private static boolean canLogIn(String url, String user, String password) {
        try {
            DriverManager.getConnection(url, user, password).close();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    @Test
    void theKeysInEtcdHavePatronisNamesAndFields() {
        Member primary = cluster.awaitPrimary();
        Await.until("the leader writes its position", () -> cluster.key("status").isPresent());
        Map<String, String> keys = cluster.etcd().list(cluster.prefix());
        assertThat(keys)
                .containsKeys(
                        key("initialize"),
                        key("leader"),
                        key("config"),
                        key("sync"),
                        key("status"),
                        key("members/pg1"),
                        key("members/pg2"),
                        key("members/pg3"));
        assertThat(keys.get(key("leader"))).isEqualTo(primary.name());
        assertThat(json(keys, "config").path("ttl").asInt()).isEqualTo(10);
        assertThat(json(keys, "sync").path("leader").asText()).isEqualTo(primary.name());
        assertThat(json(keys, "sync").path("sync_standby").asText())
                .isEqualTo(cluster.syncStandby().name());
        assertThat(json(keys, "status").path("optime").isIntegralNumber()).isTrue();
        for (Member member : cluster.members()) {
            JsonNode record = json(keys, "members/" + member.name());
            assertThat(record.path("conn_url").asText())
                    .isEqualTo("postgres://127.0.0.1:" + member.relay().port() + "/postgres");
            assertThat(record.path("api_url").asText())
                    .isEqualTo("http://127.0.0.1:" + member.restPort() + "/patroni");
            assertThat(record.path("role").asText())
                    .isEqualTo(member.equals(primary) ? "primary" : "replica");
            assertThat(record.path("state").asText()).isIn("running", "streaming");
            assertThat(record.path("timeline").asInt()).isEqualTo(1);
        }
    }

    @Test
    void theBalancerLeadsWritersToThePrimaryAndReadersToStandbys() {
        Member primary = cluster.awaitPrimary();
        assertThat(Sql.value(cluster.writer(), "SELECT current_setting('port')"))
                .isEqualTo(String.valueOf(primary.postgresPort()));
        Await.until(
                "a reader is led to a standby",
                () -> Sql.value(cluster.reader(), "SELECT pg_is_in_recovery()").equals("t"));
    }

    @Test
    void nothingIsWrittenBesideTheConfiguredDirectories() {
        assertThat(cluster.members())
                .allSatisfy(member -> {
                    List<String> there =
                            Arrays.stream(
                                            Objects.requireNonNull(
                                                    member.directory().toFile().list()))
                                    .sorted()
                                    .toList();
                    Path data = member.dataDirectory();
                    assertThat(there)
                            .containsExactlyInAnyOrder(
                                    "agent.log",
                                    String.valueOf(data.getFileName()),
                                    data.getFileName() + ".guard",
                                    member.name() + ".yml",
                                    "run");
                });
    }

    private String key(String name) {
        return cluster.prefix() + name;
    }

    private JsonNode json(Map<String, String> keys, String name) {
        return cluster.members()
                .getFirst()
                .rest()
                .parse(Objects.requireNonNull(keys.get(key(name))));
    }
}
