package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A real HAProxy that agents tell of a new primary, and one that runs by what {@code ctl generate
 * haproxy} wrote.
 */
final class HaproxyToldIT {
    @RegisterExtension
    final LiveCluster live =
            new LiveCluster(new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON));

    @Test
    void aNewPrimaryIsToldAtOnceAndALateMessageIsOverruledByTheNextChecks() throws IOException {
        live.cluster().tellBalancer();
        Member old = live.primary();
        Member next = live.cluster().syncStandby();

        Finished ctl = live.cluster().ctl("switchover", "--force", "--candidate", next.name());

        assertThat(ctl.status()).as(ctl.toString()).isZero();
        Await.until(
                "HAProxy has taken " + old + " out by what it was told, before its checks could",
                () -> log().contains("Server writer/" + old + " is DOWN, changed from CLI"));
        assertThat(live.cluster().awaitHealthy()).isEqualTo(next);

        long found = foundDown(old);
        // As an old leader's message would arrive that was stuck in the network.
        assertThat(say("set server writer/%s health up".formatted(old))).isBlank();

        Await.until(
                "HAProxy's own checks have found out that " + old + " is no primary",
                () -> foundDown(old) > found);
        live.writers().awaitProgress();
    }

    @Test
    void theGeneratedConfigurationIsValidAndLeadsWritersAndReadersApart() throws IOException {
        Ports ports = Ports.free(2);
        int writers = ports.next();
        int readers = ports.next();
        Path file = live.cluster().directory().resolve("generated.cfg");

        Finished generated =
                live.cluster()
                        .ctl(
                                "generate",
                                "haproxy",
                                "--bind",
                                "127.0.0.1",
                                "--writer-port",
                                String.valueOf(writers),
                                "--reader-port",
                                String.valueOf(readers),
                                "--runtime",
                                live.cluster().directory().resolve("generated.sock").toString(),
                                "--max-lag",
                                "16MB");
        assertThat(generated.status()).as(generated.toString()).isZero();
        Files.writeString(file, generated.out());
        live.cluster().account().own(file);
        String haproxy = Programs.named("haproxy").toString();
        Finished check =
                Finished.run(
                        live.cluster().account(), List.of(haproxy, "-c", "-f", file.toString()));
        assertThat(check.status()).as(check.toString()).isZero();
        assertThat(check.out() + check.err()).doesNotContain("WARNING").doesNotContain("ALERT");

        Child balancer =
                live.cluster()
                        .account()
                        .start(
                                live.cluster().directory().resolve("generated.log"),
                                List.of(haproxy, "-db", "-f", file.toString()));
        try {
            Member primary = live.primary();
            // Replication goes through a relay, which is what others are told to connect to.
            Await.until(
                    "writers are led to " + primary,
                    () ->
                            Sql.value(Address.here(writers), "SELECT pg_is_in_recovery()")
                                    .equals("f"));
            Await.until(
                    "readers are led to a replica",
                    () ->
                            Sql.value(Address.here(readers), "SELECT pg_is_in_recovery()")
                                    .equals("t"));
        } finally {
            balancer.send(Signal.KILL);
        }
    }

    /** How often HAProxy's own checks have taken it from the writers. */
    private long foundDown(Member member) throws IOException {
        return log().lines()
                .filter(line ->
                        line.startsWith("Server writer/" + member + " is DOWN, reason: Layer7"))
                .count();
    }

    private String log() throws IOException {
        return Files.readString(live.cluster().directory().resolve("haproxy.log"));
    }

    private String say(String command) throws IOException {
        try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.connect(UnixDomainSocketAddress.of(live.cluster().balancer().runtime()));
            socket.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
            ByteBuffer answer = ByteBuffer.allocate(1024);
            while (socket.read(answer) >= 0) {
                assertThat(answer.hasRemaining()).isTrue();
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }
}
