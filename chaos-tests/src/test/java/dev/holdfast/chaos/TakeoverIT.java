package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A cluster that Patroni made (Debian's, on etcd) is taken over in place, member by member in a
 * pause, and given back: no PostgreSQL is restarted, and no write fails.
 */
@Tag("long")
final class TakeoverIT {
    /** The least that Patroni takes. */
    private static final ClusterPlan PLAN = ClusterPlan.usual().withTtlSeconds(20);

    @Test
    void aClusterOfPatronisIsTakenOverInPlaceAndGivenBack() {
        try (TestCluster cluster = TestCluster.prepare(PLAN)) {
            try {
                run(cluster);
            } catch (RuntimeException | Error e) {
                System.err.println(cluster.logs());
                throw e;
            }
        }
    }

    private static void run(TestCluster cluster) {
        Member primary = cluster.member("pg1");
        cluster.members().forEach(TakeoverIT::keepPasswordsHere);
        primary.startPatroni();
        Await.until("Patroni made a cluster", primary::isPrimary);
        cluster.others(primary).forEach(Member::startPatroni);
        awaitPatroni(cluster, primary);
        List<Optional<Long>> postmasters = postmasters(cluster);
        // The leader last: until then somebody leads whom Patroni's own would know.
        List<Member> order = new ArrayList<>(cluster.others(primary));
        order.add(primary);

        try (Writer writer = new Writer(primary)) {
            assertDone(cluster.patronictl("pause", "--wait"));
            for (Member member : order) {
                member.signalAgent(Signal.TERM);
                assertThat(member.awaitAgentExit()).isZero();
                member.startAgent();
                Await.until(member + " is steered by Holdfast", () -> says(member, "holdfast"));
            }
            Await.until("the primary leads", primary::isPrimary);
            assertDone(cluster.ctl("resume", "--wait"));
            assertThat(cluster.awaitHealthy()).isEqualTo(primary);
            writer.awaitProgress();

            assertDone(cluster.ctl("pause", "--wait"));
            for (Member member : order) {
                member.signalAgent(Signal.TERM);
                assertThat(member.awaitAgentExit()).isZero();
                member.startPatroni();
                Await.until(
                        member + " is steered by Patroni",
                        () -> member.health("/health") == 200 && !says(member, "holdfast"));
            }
            assertDone(cluster.patronictl("resume", "--wait"));
            awaitPatroni(cluster, primary);
            writer.awaitProgress();

            assertThat(writer.failures()).isEmpty();
            assertThat(postmasters(cluster)).isEqualTo(postmasters);
            assertThat(primary.sql("SELECT count(*) FROM written"))
                    .isEqualTo(String.valueOf(writer.stop()));
        }
    }

    /** Else Patroni writes them into the home directory. */
    private static void keepPasswordsHere(Member member) {
        try {
            String yaml = Files.readString(member.yamlFile());
            member.writeFile(
                    yaml.replaceFirst(
                            "\npostgresql:\n",
                            "\npostgresql:\n  pgpass: "
                                    + member.directory().resolve("pgpass")
                                    + "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitPatroni(TestCluster cluster, Member primary) {
        Await.until(
                "the others stream from " + primary + ", one of them synchronously",
                () ->
                        primary.isPrimary()
                                && primary.streaming().size() == 2
                                && primary.streaming().containsValue("sync"));
        for (Member standby : cluster.others(primary)) {
            Await.until(standby + " answers /replica", () -> standby.health("/replica") == 200);
        }
    }

    private static boolean says(Member member, String field) {
        return member.patroni().has(field);
    }

    private static List<Optional<Long>> postmasters(TestCluster cluster) {
        return cluster.members().stream().map(Member::postmasterPid).toList();
    }

    private static void assertDone(Finished command) {
        assertThat(command.status()).as(command.toString()).isZero();
    }

    /** A session that writes a row at a time, and may not fail. */
    private static final class Writer implements AutoCloseable {
        private static final Duration PAUSE = Duration.ofMillis(20);

        private final List<String> failures = new CopyOnWriteArrayList<>();
        private final AtomicInteger written = new AtomicInteger();
        private final Thread thread;

        Writer(Member primary) {
            primary.execute("CREATE TABLE written (n int PRIMARY KEY)");
            thread = Thread.ofVirtual().start(() -> write(primary.postgresPort()));
        }

        private void write(int port) {
            try (Connection session = Sql.connect(Address.here(port), 10);
                    PreparedStatement insert =
                            session.prepareStatement("INSERT INTO written VALUES (?)")) {
                while (!Thread.currentThread().isInterrupted()) {
                    insert.setInt(1, written.get());
                    insert.executeUpdate();
                    written.incrementAndGet();
                    Thread.sleep(PAUSE);
                }
            } catch (SQLException e) {
                failures.add(String.valueOf(e.getMessage()));
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }

        List<String> failures() {
            return failures;
        }

        void awaitProgress() {
            int before = written.get();
            Await.until("rows are written", () -> written.get() > before + 10);
        }

        /** How many rows were acknowledged. */
        int stop() {
            thread.interrupt();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return written.get();
        }

        @Override
        public void close() {
            stop();
        }
    }
}
