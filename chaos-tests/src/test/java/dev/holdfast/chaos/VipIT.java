package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three hosts whose agents hold an address for writers and one for readers: each is on one host at
 * most at every look, that of the writers where writes are accepted, that of the readers on nobody
 * who is behind.
 */
@Tag("long")
final class VipIT {
    private static final int PORT = 5432;
    private static final int TTL_SECONDS = 4;

    private Optional<TestCluster> made = Optional.empty();

    @BeforeEach
    void start() throws IOException {
        Optional<String> obstacle = HostKind.chosen().obstacle();
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow());
        TestCluster cluster =
                TestCluster.prepare(ClusterPlan.usual().withTtlSeconds(TTL_SECONDS).onHosts());
        made = Optional.of(cluster);
        for (Member member : cluster.members()) {
            configure(cluster, member);
            member.startAgent();
        }
        cluster.awaitHealthy();
    }

    private static Address writer(TestCluster cluster) {
        return new Address(cluster.hosts().spareAddress(50), PORT);
    }

    private static Address reader(TestCluster cluster) {
        return new Address(cluster.hosts().spareAddress(51), PORT);
    }

    /**
     * PostgreSQL listens on every address. The harness gives each member a port of its own, and
     * clients of an address know one: it is translated, for these addresses only.
     */
    private static void configure(TestCluster cluster, Member member) throws IOException {
        String listen = "listen: " + member.host().address() + ":" + member.postgresPort();
        String yaml = Files.readString(member.yamlFile());
        assertThat(yaml).contains(listen);
        member.writeFile(
                yaml.replace(listen, "listen: 0.0.0.0:" + member.postgresPort())
                        + """
                        vip:
                          interface: eth0
                          writer: %s/24
                          reader: %s/24
                          maximum_lag: 1MB
                        """
                                .formatted(writer(cluster).host(), reader(cluster).host()));
        java.nio.file.Path rules = member.directory().resolve("port.nft");
        Files.writeString(
                rules,
                """
                table ip vip {
                    chain prerouting {
                        type nat hook prerouting priority dstnat
                        ip daddr %1$s tcp dport %3$d dnat to %1$s:%4$d
                        ip daddr %2$s tcp dport %3$d dnat to %2$s:%4$d
                    }
                }
                """
                        .formatted(
                                writer(cluster).host(),
                                reader(cluster).host(),
                                PORT,
                                member.postgresPort()));
        Finished loaded =
                member.host()
                        .root()
                        .run(List.of(member.host().program("nft"), "--file", rules.toString()));
        assertThat(loaded.status()).as(loaded.toString()).isZero();
    }

    @AfterEach
    void end() {
        made.ifPresent(TestCluster::close);
    }

    @Test
    void theAddressesAreEachOnOneHostWhateverHappens() {
        TestCluster cluster = made.orElseThrow();
        List<Host> hosts = cluster.members().stream().map(Member::host).toList();
        try (AddressSampler writer = AddressSampler.start(writer(cluster).host(), hosts);
                AddressSampler reader = AddressSampler.start(reader(cluster).host(), hosts)) {
            awaitOn(cluster.awaitPrimary(), writer);
            Await.until(
                    "a replica has the readers' address",
                    () -> reader.holders().size() == 1 && inRecovery(reader(cluster)));
            try (Writers writers = Writers.start(writer(cluster))) {
                step(
                        "switchover",
                        cluster,
                        writer,
                        writers,
                        primary -> {
                            Finished ctl =
                                    cluster.ctl(
                                            "switchover",
                                            "--force",
                                            "--candidate",
                                            cluster.syncStandby().name());
                            assertThat(ctl.status()).as(ctl.toString()).isZero();
                        });
                step(
                        "database killed",
                        cluster,
                        writer,
                        writers,
                        primary -> Signal.KILL.send(primary.postmasterPid().orElseThrow()));
                step(
                        "agent killed",
                        cluster,
                        writer,
                        writers,
                        primary -> primary.signalAgent(Signal.KILL));
                step(
                        "host cut off",
                        cluster,
                        writer,
                        writers,
                        primary -> cluster.hosts().cut(Cut.off(primary, Cut.From.EVERYTHING)));
                aReplicaThatFallsBehindLosesTheReaders(cluster, reader, writers);

                writers.stop();
                Member now = cluster.awaitHealthy();
                Writers.Verdict verdict = writers.check(now);
                assertThat(verdict.acknowledged()).isPositive();
                assertThat(verdict.lost()).isEmpty();
                assertThat(verdict.doubled()).isEmpty();
                assertThat(Reigns.overlaps(writers.acknowledged())).isEmpty();
            }
            assertThat(writer.doubles()).as("looks at which two hosts had the writers'").isEmpty();
            assertThat(reader.doubles()).as("looks at which two hosts had the readers'").isEmpty();
        }
    }

    private interface Event {
        void happen(Member primary);
    }

    private static void step(
            String what, TestCluster cluster, AddressSampler writer, Writers writers, Event event) {
        Member old = cluster.awaitHealthy();
        awaitOn(old, writer);
        writers.awaitProgress();
        long began = System.nanoTime();

        event.happen(old);

        Await.until(
                "after \"" + what + "\" another host has the address, or the same one anew",
                () -> writer.holders().size() == 1 && serves(cluster, writer));
        writers.awaitProgress();
        Member next = cluster.member(writer.holders().iterator().next());
        System.out.println(
                "%s: %s -> %s, write gap %d ms, without the address %d ms"
                        .formatted(
                                what,
                                old,
                                next,
                                writers.longestGap(began).toMillis(),
                                writer.longestAbsence(began).toMillis()));
        long returned = System.nanoTime();
        assertThat(cluster.heal()).isEqualTo(next);
        Await.pass(Duration.ofSeconds(2));
        assertThat(writer.since(returned))
                .as("it does not come back with the old primary")
                .allMatch(sample -> sample.holders().equals(Set.of(next.name())));
    }

    private static boolean serves(TestCluster cluster, AddressSampler writer) {
        return writer.holders().stream().allMatch(name -> cluster.member(name).isPrimary());
    }

    private static void aReplicaThatFallsBehindLosesTheReaders(
            TestCluster cluster, AddressSampler reader, Writers writers) {
        Await.until("a replica has the readers' address", () -> reader.holders().size() == 1);
        Member holder = cluster.member(reader.holders().iterator().next());
        holder.execute("SELECT pg_wal_replay_pause()");
        cluster.awaitPrimary()
                .execute(
                        "CREATE TABLE behind AS SELECT repeat('x', 1000) FROM generate_series(1, 5000)");

        Await.until(
                holder + " is behind, and another has the readers' address",
                () ->
                        reader.holders().size() == 1
                                && !reader.holders().contains(holder.name())
                                && inRecovery(reader(cluster)));
        long passed = System.nanoTime();
        Await.pass(Duration.ofSeconds(3));
        assertThat(reader.since(passed))
                .noneMatch(sample -> sample.holders().contains(holder.name()));
        holder.execute("SELECT pg_wal_replay_resume()");
        writers.awaitProgress();
    }

    private static boolean inRecovery(Address address) {
        return Sql.value(address, "SELECT pg_is_in_recovery()").equals("t");
    }

    private static void awaitOn(Member member, AddressSampler address) {
        Await.until(
                "the address is on the host of " + member + " alone",
                () -> address.holders().equals(Set.of(member.name())));
    }
}
