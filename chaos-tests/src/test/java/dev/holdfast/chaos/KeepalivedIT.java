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
    private static final String WRITER = "10.77.0.60";
    private static final String OF_PATRONI = "10.77.0.61";

    private Optional<TestCluster> made = Optional.empty();
    private final List<Child> daemons = new ArrayList<>();

    @BeforeEach
    void start() {
        Optional<String> obstacle = NetworkNamespaces.obstacle();
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
        try (AddressSampler writer = AddressSampler.start(WRITER, hosts);
                AddressSampler patroni = AddressSampler.start(OF_PATRONI, hosts)) {
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
                        "10.77.0.62/24",
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

    private void runKeepalived(TestCluster cluster, Member member) throws IOException {
        Finished generated =
                generate(cluster, "--member", member.name(), "--writer-address", WRITER + "/24");
        assertThat(generated.status()).as(generated.toString()).isZero();
        Path file = member.directory().resolve("keepalived.conf");
        Files.writeString(file, generated.out() + ofPatroni(member));
        assertThat(complaints(member.host(), file)).isEmpty();
        daemons.add(
                Child.start(
                        member.host().root(),
                        member.directory().resolve("keepalived.log"),
                        List.of(
                                Programs.named("keepalived").toString(),
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
     * Debian 12's ends itself by SIGTERM after a test, whatever it found: it says what is wrong.
     */
    private static String complaints(Host host, Path file) {
        Finished tested =
                Finished.run(
                        host.root(),
                        List.of(
                                "setsid",
                                "-w",
                                Programs.named("keepalived").toString(),
                                "--config-test",
                                "--use-file",
                                file.toString()));
        return tested.out() + tested.err();
    }

    private static Finished generate(TestCluster cluster, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("generate", "keepalived", "--interface", "eth0"));
        arguments.addAll(List.of(more));
        return cluster.ctl(arguments.toArray(String[]::new));
    }

    /** Multicast, a script without options, and a priority: as it stands in many a blog. */
    private static String ofPatroni(Member member) {
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
                .formatted(member.host().address(), member.restPort(), OF_PATRONI);
    }
}
