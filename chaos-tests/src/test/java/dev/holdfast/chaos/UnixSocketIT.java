package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The authentication of Debian's Patroni: the superuser has no password and is let in through the
 * Unix socket alone, as the user of the operating system.
 */
final class UnixSocketIT {
    private static final String AUTHENTICATION =
            """
              use_unix_socket: true
              use_unix_socket_repl: true
              pg_hba:
                - local all all peer
                - local replication replicator md5
                - host replication replicator all md5
                - host postgres rewinder all md5
            """;

    @Test
    void aClusterWhoseSuperuserHasNoPasswordLivesAndSwitchesOver() throws IOException {
        try (TestCluster cluster =
                TestCluster.prepare(
                        new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON))) {
            for (Member member : cluster.members()) {
                member.writeFile(
                        Files.readString(member.yamlFile())
                                .replace("      password: " + Sql.PASSWORD + "\n", "")
                                .replace("  data_dir: ", AUTHENTICATION + "  data_dir: ")
                                .replace(
                                        "    shared_buffers:",
                                        "    log_connections: 'on'\n    shared_buffers:"));
                assertThat(Files.readString(member.yamlFile())).doesNotContain(Sql.PASSWORD);
                member.startAgent();
            }
            Await.until("pg1 or pg2 serves", () -> leads(cluster).size() == 1);
            Member old = leads(cluster).getFirst();
            Member next = cluster.others(old).getFirst();
            Await.until("the other is synchronous", () -> next.health("/sync") == 200);

            Finished ctl = cluster.ctl("switchover", "--force", "--candidate", next.name());

            assertThat(ctl.status()).as(ctl.toString()).isZero();
            assertThat(next.health("/primary")).isEqualTo(200);
            Await.until("the old one follows", () -> old.health("/sync") == 200);
            assertThat(replicationThroughTheSocket(old))
                    .as("the timeline was asked for before it streamed")
                    .isTrue();
        }
    }

    /** One process of PostgreSQL said both, beside its number. */
    private static boolean replicationThroughTheSocket(Member member) throws IOException {
        Path log = Path.of(member.dataDirectory() + ".guard", "postgresql.log");
        Set<String> local = new HashSet<>();
        for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
            String process = line.replaceFirst(".*(\\[\\d+]).*", "$1");
            if (line.contains("connection received: host=[local]")) {
                local.add(process);
            } else if (line.contains("replication connection authorized: user=replicator")
                    && local.contains(process)) {
                return true;
            }
        }
        return false;
    }

    private static List<Member> leads(TestCluster cluster) {
        return cluster.members().stream().filter(m -> m.health("/primary") == 200).toList();
    }
}
