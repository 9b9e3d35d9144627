package dev.holdfast.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.ClientTls.Verification;
import dev.holdfast.core.config.AgentConfig.Etcd;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Renewal;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.tls.Certificates;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS to etcd, and a lease that outlives whatever one server of several does. */
class EtcdTlsIT {
    private static final Duration REQUEST = Duration.ofSeconds(2);
    private static final Duration LEASE = Duration.ofMillis(1500);
    private static final Duration TTL = Duration.ofSeconds(10);

    @TempDir Path directory;

    private final List<EtcdProcess> members = new ArrayList<>();
    private final List<Dcs> connections = new ArrayList<>();

    @AfterEach
    void stop() {
        connections.forEach(Dcs::close);
        members.forEach(EtcdProcess::close);
    }

    @Test
    void certificatesAreShownAndAskedForAndTheLeaseSurvivesAHungServer() throws IOException {
        Certificates certificates = Certificates.in(directory, "authority");
        Identity client = certificates.issue("client");
        Identity stranger = Certificates.in(directory, "another").issue("stranger");
        members.addAll(
                EtcdProcess.startProtectedCluster(
                        3, certificates.authority(), certificates.issue("server")));
        Optional<String> authority = Optional.of(certificates.authority());

        assertThat(failure(connect(all(), authority, Optional.empty())::read))
                .contains("https://127.0.0.1:");
        assertThat(failure(connect(all(), authority, Optional.of(stranger))::read))
                .contains("https://127.0.0.1:");
        assertThat(failure(connect(all(), Optional.empty(), Optional.of(client))::read))
                .contains("https://127.0.0.1:");
        assertThatThrownBy(
                        () -> connect(all(), Optional.of("/nowhere/ca.crt"), Optional.of(client)))
                .isInstanceOf(DcsException.class)
                .hasMessage("TLS to etcd is not possible: there is no file /nowhere/ca.crt.");

        Dcs dcs = connect(all(), authority, Optional.of(client));
        answer(dcs.commit(List.of(), List.of(Op.put("a", "1"))));
        assertThat(answer(dcs.read()).entries()).containsOnlyKeys("a");
        members.getFirst().hang();
        assertLeaseLives(dcs, 20);
        members.getFirst().resume();

        // What cannot be read any more leaves what was read last, also for a new connection.
        Files.move(
                Path.of(client.keyfile()),
                directory.resolve("moved"),
                StandardCopyOption.REPLACE_EXISTING);
        members.get(1).kill();
        assertLeaseLives(dcs, 10);
    }

    @Test
    void theLeaseSurvivesServersThatAreSilentOrOutOfTheQuorum() throws IOException {
        members.add(EtcdProcess.start());
        // For its clients a server cut off from its cluster is one whose cluster has gone.
        members.addAll(EtcdProcess.startCluster(3));
        members.get(1).kill();
        members.get(2).kill();
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            List<String> endpoints =
                    List.of(
                            members.getLast().endpoint(),
                            "http://127.0.0.1:" + silent.getLocalPort(),
                            members.getFirst().endpoint());
            Dcs dcs = connect(endpoints, Optional.empty(), Optional.empty());

            assertLeaseLives(dcs, 20);
            assertThat(answer(dcs.commit(List.of(), List.of(Op.put("a", "1")))))
                    .isInstanceOf(Dcs.TxnResult.Applied.class);
        }
    }

    /** Renews as an agent does, a fifth of the TTL apart, and misses none for long. */
    private static void assertLeaseLives(Dcs dcs, int renewals) {
        // A grant is sent once; where the first server cannot, the next try is at the next.
        LeaseId lease =
                await().atMost(TTL)
                        .ignoreExceptions()
                        .until(() -> answer(dcs.grant(TTL)).lease(), _ -> true);
        long last = System.nanoTime();
        for (int done = 0; done < renewals; ) {
            try {
                assertThat(answer(dcs.keepAlive(lease))).isInstanceOf(Renewal.Renewed.class);
                done++;
                last = System.nanoTime();
            } catch (CompletionException e) {
                assertThat(Duration.ofNanos(System.nanoTime() - last))
                        .as("since the last renewal, when %s", e)
                        .isLessThan(TTL.dividedBy(2));
            }
        }
    }

    private List<String> all() {
        return members.stream().map(EtcdProcess::endpoint).toList();
    }

    private Dcs connect(
            List<String> endpoints, Optional<String> authority, Optional<Identity> identity) {
        Dcs dcs =
                EtcdDcs.connect(
                        new Etcd(
                                endpoints,
                                Optional.empty(),
                                new ClientTls(authority, identity, Verification.VERIFIED),
                                Optional.empty()),
                        "/service/tls/",
                        new EtcdDcs.Options(REQUEST, LEASE));
        connections.add(dcs);
        return dcs;
    }

    private static <T> T answer(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
    }

    private interface Read {
        CompletionStage<?> begin();
    }

    private static String failure(Read read) {
        try {
            return "no failure: " + answer(read.begin());
        } catch (CompletionException e) {
            return String.valueOf(e.getCause());
        }
    }
}
