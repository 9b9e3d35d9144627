package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.Etcd;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.etcd.EtcdDcs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The command on a real etcd: what it writes can be read again, and what is not there is said. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealStoreIT {
    private static final EtcdDcs.Options DEADLINES =
            new EtcdDcs.Options(Duration.ofSeconds(5), Duration.ofSeconds(5));

    // Static, since a field of the instance is filled only after @BeforeAll.
    @TempDir static Path directory;

    private int port;

    @SuppressWarnings("NullAway.Init") // Set before any test runs.
    private Process etcd;

    private record Result(int status, String out, String err) {}

    @BeforeAll
    void startEtcd() throws IOException {
        port = freePort();
        String client = "http://127.0.0.1:" + port;
        String peer = "http://127.0.0.1:" + freePort();
        etcd =
                new ProcessBuilder(
                                "etcd",
                                "--data-dir=" + directory,
                                "--listen-client-urls=" + client,
                                "--advertise-client-urls=" + client,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=default=" + peer)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try (Dcs dcs = open("/service/demo/")) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> ClusterStore.await(dcs.read()).revision() > 0);
            ClusterStore.await(
                    dcs.commit(
                            List.of(),
                            List.of(
                                    Op.put("initialize", ClusterFixture.SYSTEM),
                                    Op.put("leader", "pg1"),
                                    Op.put("config", "{\"ttl\":10}"),
                                    Op.put(
                                            "members/pg1",
                                            "{\"conn_url\":\"postgres://pg1.example:5432/postgres\",\"api_url\":"
                                                    + "\"http://127.0.0.1:1/patroni\",\"state\":\"running\",\"role\":\"primary\","
                                                    + "\"version\":\"0.1.0\",\"timeline\":1}"))));
        }
    }

    @AfterAll
    void endEtcd() throws InterruptedException {
        etcd.destroy();
        if (!etcd.waitFor(10, TimeUnit.SECONDS)) {
            etcd.destroyForcibly().waitFor();
        }
    }

    @Test
    void theMembersAreListed() {
        assertThat(run(port, "list", "demo").out())
                .startsWith("+ Cluster: demo (" + ClusterFixture.SYSTEM + ") ")
                .contains("| pg1    | pg1.example | Leader | running |  1 |");
    }

    @Test
    void aChangeOfTheConfigurationIsThereAfterwards() {
        assertThat(run(port, "edit-config", "demo", "-s", "loop_wait=7", "--force", "-q").status())
                .isZero();

        assertThat(run(port, "show-config", "demo").out()).isEqualTo("loop_wait: 7\nttl: 10\n");
    }

    @Test
    void anUnknownClusterIsSaidWithTheKnownOnes() {
        Result result = run(port, "list", "demoo");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo(
                        "Error: there is no cluster \"demoo\" under /service/ at http://127.0.0.1:"
                                + port
                                + "; those found are: demo.\n");
    }

    @Test
    void aWrongAddressIsSaid() throws IOException {
        int closed = freePort();
        Result result = run(closed, "list", "demo");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("Error: ")
                .contains("127.0.0.1:" + closed)
                .doesNotContain("\tat ");
    }

    private Dcs open(String prefix) {
        return EtcdDcs.connect(
                Etcd.plain(List.of("http://127.0.0.1:" + port), Optional.empty()),
                prefix,
                DEADLINES);
    }

    private Result run(int etcdPort, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Surroundings surroundings =
                new Surroundings(
                        Map.of("HOLDFAST_ETCD3_HOSTS", "127.0.0.1:" + etcdPort),
                        directory,
                        new Terminal(
                                new PrintWriter(out),
                                new PrintWriter(err),
                                new BufferedReader(new StringReader("")),
                                () -> false),
                        (settings, prefix) -> EtcdDcs.connect(settings, prefix, DEADLINES),
                        _ -> false,
                        ZonedDateTime::now);
        int status = CommandTree.run(surroundings, args);
        return new Result(status, out.toString(), err.toString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
