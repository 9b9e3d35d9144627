package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A member finds a data directory that it did not make. */
final class AdoptIT {
    private static final ClusterPlan TWO =
            new ClusterPlan(List.of("pg1", "pg2"), 4, ClusterPlan.Sync.ON);

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
            // The leader writes it in the turn in which it opens, so the answer may come after
            // that.
            Await.until(
                    "the identifier " + system + " stands in the store",
                    () -> cluster.key("initialize").filter(system::equals).isPresent());
            awaitConfig(cluster, "\"maximum_lag_on_failover\":1048576");

            assertThat(first.rest().command("PATCH", "/config", "{\"loop_wait\": 7}").status())
                    .isEqualTo(200);
            cluster.etcd().kill();
            cluster.etcd().lose();
            cluster.etcd().start();

            awaitConfig(cluster, "\"loop_wait\":7");
            awaitPrimary(cluster, first);
            assertThat(first.sql("SELECT answer FROM kept")).isEqualTo("42");
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

    /** The file's, or the one that etcd held before it lost everything. */
    private static void awaitConfig(TestCluster cluster, String part) {
        Await.until(
                "the store's configuration says " + part,
                () -> cluster.key("config").filter(text -> text.contains(part)).isPresent());
    }

    private static void awaitPrimary(TestCluster cluster, Member member) {
        try {
            Await.until(member + " is the primary", member::isPrimary);
        } catch (RuntimeException | Error e) {
            System.err.println(cluster.logs());
            throw e;
        }
    }
}
