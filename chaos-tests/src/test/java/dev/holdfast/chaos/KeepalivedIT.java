package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Real keepalived on three hosts, by what {@code ctl generate keepalived} wrote, and beside it by a
 * configuration as people have it who run Patroni.
 */
@Tag("long")
final class KeepalivedIT {
    private Optional<TestCluster> made = Optional.empty();
    private final List<Child> daemons = new ArrayList<>();

    @BeforeEach
    void start() {
        Optional<String> obstacle = HostKind.chosen().obstacle();
        assumeTrue(obstacle.isEmpty(), () -> obstacle.orElseThrow());
        made = Optional.of(TestCluster.start(ClusterPlan.usual().withTtlSeconds(4).onHosts()));
    }

    @AfterEach
    void end() {
        daemons.forEach(daemon -> daemon.send(Signal.TERM));
        daemons.forEach(daemon -> daemon.awaitExit(java.time.Duration.ofSeconds(20)));
        made.ifPresent(TestCluster::close);
    }

    @Test
    void theAddressIsWhereWritesAreServedAndDoesNotComeBackWithTheOldPrimary() throws IOException {
        TestCluster cluster = made.orElseThrow();
        for (Member member : cluster.members()) {
            runKeepalived(cluster, member);
        }
        List<Host> hosts = cluster.members().stream().map(Member::host).toList();
        try (AddressSampler writer = AddressSampler.start(writer(cluster), hosts);
                AddressSampler patroni = AddressSampler.start(ofPatroni(cluster), hosts)) {
            Member old = cluster.awaitHealthy();
            awaitOn(old, writer);
            awaitOn(old, patroni);

            old.signalAgent(Signal.KILL);
            old.postmasterPid().ifPresent(Signal.KILL::send);

            Await.until(
                    "a dead database's host has given the addresses up",
                    () ->
                            !writer.holders().contains(old.name())
                                    && !patroni.holders().contains(old.name()));
            Member next = cluster.awaitPrimaryOf(cluster.others(old));
            awaitOn(next, writer);
            awaitOn(next, patroni);

            long returned = System.nanoTime();
            assertThat(cluster.heal()).isEqualTo(next);
            Await.pass(java.time.Duration.ofSeconds(6));
            assertThat(old.sql("SELECT pg_is_in_recovery()")).as("it can be read").isEqualTo("t");
            assertThat(writer.since(returned))
                    .allMatch(sample -> sample.holders().equals(Set.of(next.name())));
            assertThat(patroni.since(returned))
                    .allMatch(sample -> sample.holders().equals(Set.of(next.name())));
            assertThat(writer.doubles()).isEmpty();
            assertThat(patroni.doubles()).isEmpty();
        }
    }

    @Test
    void aDirectorsConfigurationIsValid() throws IOException {
        TestCluster cluster = made.orElseThrow();
        Finished generated =
                generate(
                        cluster,
                        "--lvs",
                        "NAT",
                        "--port",
                        "5432",
                        "--reader-address",
                        cluster.hosts().spareAddress(62) + "/24",
                        "--max-lag",
                        "16MB");
        assertThat(generated.status()).as(generated.toString()).isZero();
        Path file = cluster.directory().resolve("director.conf");
        Files.writeString(file, generated.out());

        assertThat(complaints(cluster.hosts().client(), file)).isEmpty();
    }

    private static void awaitOn(Member member, AddressSampler address) {
        Await.until(
                "the address is on the host of " + member + " alone",
                () -> address.holders().equals(Set.of(member.name())));
    }

    private static String writer(TestCluster cluster) {
        return cluster.hosts().spareAddress(60);
    }

    private static String ofPatroni(TestCluster cluster) {
        return cluster.hosts().spareAddress(61);
    }

    private void runKeepalived(TestCluster cluster, Member member) throws IOException {
        Finished generated =
                generate(
                        cluster,
                        "--member",
                        member.name(),
                        "--writer-address",
                        writer(cluster) + "/24");
        assertThat(generated.status()).as(generated.toString()).isZero();
        Path file = member.directory().resolve("keepalived.conf");
        Files.writeString(file, generated.out() + ofPatroni(cluster, member));
        assertThat(complaints(member.host(), file)).isEmpty();
        daemons.add(
                member.host()
                        .root()
                        .start(
                                member.directory().resolve("keepalived.log"),
                                List.of(
                                        member.host().program("keepalived"),
                                        "--dont-fork",
                                        "--log-console",
                                        "--vrrp",
                                        "--use-file",
                                        file.toString(),
                                        "--pid",
                                        member.directory().resolve("keepalived.pid").toString(),
                                        "--vrrp_pid",
                                        member.directory().resolve("vrrp.pid").toString())));
    }

    /**
     * Debian 12's ends itself by SIGTERM after a test, whatever it found: it says what is wrong. In
     * a container setsid says so, too.
     */
    private static String complaints(Host host, Path file) {
        Finished tested =
                host.root()
                        .run(
                                List.of(
                                        "setsid",
                                        "-w",
                                        host.program("keepalived"),
                                        "--config-test",
                                        "--use-file",
                                        file.toString()));
        return (tested.out() + tested.err())
                .lines()
                .filter(line -> !line.startsWith("setsid: child "))
                .collect(Collectors.joining("\n"));
    }

    private static Finished generate(TestCluster cluster, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("generate", "keepalived", "--interface", "eth0"));
        arguments.addAll(List.of(more));
        return cluster.ctl(arguments.toArray(String[]::new));
    }

    /** Multicast, a script without options, and a priority: as it stands in many a blog. */
    private static String ofPatroni(TestCluster cluster, Member member) {
        return """

        vrrp_script check_patroni {
            script "/usr/bin/curl -sf -o /dev/null http://%s:%d/leader"
            interval 1
        }
        vrrp_instance VI_1 {
            state BACKUP
            interface eth0
            virtual_router_id 77
            priority 100
            advert_int 1
            virtual_ipaddress {
                %s/24
            }
            track_script {
                check_patroni
            }
        }
        """
                .formatted(member.host().address(), member.restPort(), ofPatroni(cluster));
    }
}
