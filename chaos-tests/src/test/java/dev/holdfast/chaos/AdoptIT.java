package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A member finds a data directory that it did not make. */
final class AdoptIT {
    private static final ClusterPlan TWO =
            new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON);

    @Test
    void aRunningPostgresqlBecomesThePrimaryWithoutARestart() {
        try (TestCluster cluster = TestCluster.prepare(TWO)) {
            Member first = cluster.member("pg1");
            HandMade.startedIn(cluster, first);
            first.execute("CREATE TABLE kept AS SELECT 42 AS answer");
            Optional<Long> postmaster = first.postmasterPid();
            assertThat(postmaster).isPresent();

            first.startAgent();
            awaitPrimary(cluster, first);

            assertThat(first.postmasterPid()).isEqualTo(postmaster);
            cluster.member("pg2").startAgent();
            assertThat(cluster.awaitHealthy()).isEqualTo(first);
            assertThat(first.postmasterPid()).isEqualTo(postmaster);
            assertThat(cluster.member("pg2").sql("SELECT answer FROM kept")).isEqualTo("42");
        }
    }

    @Test
    void aStoppedPostgresqlBecomesThePrimaryWithItsData() {
        try (TestCluster cluster = TestCluster.prepare(TWO)) {
            Member first = cluster.member("pg1");
            HandMade.startedIn(cluster, first);
            first.execute("CREATE TABLE kept AS SELECT 42 AS answer");
            String system = first.sql("SELECT system_identifier FROM pg_control_system()");
            HandMade.stop(cluster, first);

            first.startAgent();
            awaitPrimary(cluster, first);

            assertThat(first.sql("SELECT answer FROM kept")).isEqualTo("42");
            assertThat(cluster.key("initialize")).contains(system);
        }
    }

    @Test
    void aDirectoryOfAnotherClusterIsRefusedAndLeftAsItIs() {
        try (TestCluster cluster = TestCluster.prepare(TWO)) {
            Member first = cluster.member("pg1");
            Member stranger = cluster.member("pg2");
            first.startAgent();
            awaitPrimary(cluster, first);
            HandMade.startedIn(cluster, stranger);
            stranger.execute("CREATE TABLE kept AS SELECT 42 AS answer");
            HandMade.stop(cluster, stranger);

            stranger.startAgent();
            int status = stranger.awaitAgentExit();

            assertThat(status).isEqualTo(1);
            assertThat(cluster.logs()).contains("belongs to another cluster");
            assertThat(stranger.serverPids()).isEmpty();
            HandMade.start(cluster, stranger);
            assertThat(stranger.sql("SELECT answer FROM kept")).isEqualTo("42");
            assertThat(first.isPrimary()).isTrue();
        }
    }

    private static void awaitPrimary(TestCluster cluster, Member member) {
        try {
            Await.until(member + " is the primary", member::isPrimary);
        } catch (RuntimeException | Error e) {
            System.err.println(cluster.logs());
            throw e;
        }
    }

    /** PostgreSQL as somebody made and started it who had never heard of Holdfast. */
    private static final class HandMade {
        private HandMade() {}

        static void startedIn(TestCluster cluster, Member member) {
            Path passwordFile = member.directory().resolve("password");
            write(passwordFile, Sql.PASSWORD);
            cluster.account().own(passwordFile);
            run(
                    cluster,
                    "initdb",
                    "--pgdata=" + member.dataDirectory(),
                    "--username=" + Sql.USER,
                    "--pwfile=" + passwordFile,
                    "--auth=scram-sha-256",
                    "--data-checksums",
                    "--encoding=UTF8");
            start(cluster, member);
            member.execute("CREATE ROLE replicator REPLICATION LOGIN PASSWORD 'rep-secret'");
            member.execute("CREATE ROLE rewinder LOGIN PASSWORD 'rewind-secret'");
        }

        static void start(TestCluster cluster, Member member) {
            run(
                    cluster,
                    "pg_ctl",
                    "start",
                    "--wait",
                    "--pgdata=" + member.dataDirectory(),
                    "--log=" + member.directory().resolve("by-hand.log"),
                    "--options=-p %d -h 127.0.0.1 -k %s"
                            .formatted(member.postgresPort(), member.directory().resolve("run")));
        }

        static void stop(TestCluster cluster, Member member) {
            run(
                    cluster,
                    "pg_ctl",
                    "stop",
                    "--wait",
                    "--mode=fast",
                    "--pgdata=" + member.dataDirectory());
        }

        private static void run(TestCluster cluster, String program, String... arguments) {
            List<String> command = new ArrayList<>();
            command.add(Programs.postgres().resolve(program).toString());
            command.addAll(List.of(arguments));
            Finished finished = Finished.run(cluster.account(), command);
            assertThat(finished.status()).as(finished.toString()).isZero();
        }

        private static void write(Path file, String text) {
            try {
                Files.writeString(file, text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
