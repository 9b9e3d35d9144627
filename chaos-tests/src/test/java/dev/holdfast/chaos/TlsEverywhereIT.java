package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.tls.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A cluster in which nobody speaks in clear, and nobody is spoken to without a certificate: etcd,
 * REST and PostgreSQL.
 */
class TlsEverywhereIT {
    private static final List<String> NAMES = List.of("pg1", "pg2");

    private final Account account = Account.found();
    private final Ports ports = Ports.free(3 + 2 * NAMES.size());
    private final int etcdPort = ports.next();
    private final List<Integer> restPorts = List.of(ports.next(), ports.next());
    private final List<Integer> postgresPorts = List.of(ports.next(), ports.next());
    private final JsonMapper mapper = JsonMapper.builder().build();

    private Path directory;
    private Certificates certificates;
    private Identity client;

    @BeforeEach
    void prepare() throws IOException {
        directory = Files.createTempDirectory(Path.of("/tmp"), "holdfast-tls-");
        certificates = Certificates.in(directory, "authority");
        client = certificates.issue("client");
        for (String name : NAMES) {
            certificates.issue(name);
            Files.createDirectories(directory.resolve(name + "-run"));
            Files.writeString(yaml(name), memberFile(name));
        }
        Identity etcd = certificates.issue("etcd");
        account.own(directory);
        Child _ = startEtcd(etcd);
    }

    @AfterEach
    void end() throws IOException {
        List<Long> alive = ProcFs.touching(directory);
        while (!alive.isEmpty()) {
            alive.forEach(Signal.KILL::send);
            alive = ProcFs.touching(directory);
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    @Test
    void everythingWorksOverTlsAndNothingWithout() throws IOException, SQLException {
        for (String name : NAMES) {
            Child _ =
                    Child.start(
                            account,
                            directory.resolve(name + ".log"),
                            List.of(Checkout.found().agent().toString(), yaml(name).toString()));
        }
        try {
            String first = awaitLeader();

            standbyStreamsOverTls(first);
            commandsNeedCertificateAndPassword();
        } catch (RuntimeException | Error e) {
            for (String log : List.of("pg1.log", "pg2.log", "etcd.log")) {
                System.err.println(Files.readString(directory.resolve(log)));
            }
            throw e;
        }
    }

    /** The leader's name, once the other member streams from it. */
    private String awaitLeader() throws IOException {
        Await.until(
                "a leader and a standby that streams",
                () -> {
                    JsonNode rows = list();
                    return rows.size() == NAMES.size()
                            && leader(rows).isPresent()
                            && rows.toString().contains("\"streaming\"");
                });
        return leader(list()).orElseThrow();
    }

    private static Optional<String> leader(JsonNode rows) {
        for (JsonNode row : rows) {
            if (row.path("Role").asText().equals("Leader")
                    && row.path("State").asText().equals("running")) {
                return Optional.of(row.path("Member").asText());
            }
        }
        return Optional.empty();
    }

    private JsonNode list() throws IOException {
        return mapper.readTree(ctl("list", "-f", "json", "tls").out());
    }

    private void standbyStreamsOverTls(String primary) throws SQLException {
        try (Connection session = connect(primary);
                Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT ssl, client_dn FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getBoolean(1)).isTrue();
            assertThat(row.getString(2)).isEqualTo("/CN=client");
        }
    }

    private Connection connect(String member) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", Sql.USER);
        properties.setProperty("password", Sql.PASSWORD);
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", certificates.authority());
        properties.setProperty("sslcert", client.certfile());
        properties.setProperty("sslkey", client.keyfile());
        properties.setProperty("pemKeyAlgorithm", "EC");
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:"
                        + postgresPorts.get(NAMES.indexOf(member))
                        + "/postgres",
                properties);
    }

    private void commandsNeedCertificateAndPassword() throws IOException {
        String without = Files.readString(yaml("pg1"));
        Path file = directory.resolve("other.yml");

        Files.writeString(file, without.replaceAll("(?m)^  (certfile|keyfile): .*client.*\n", ""));
        account.own(file);
        Finished nobody = ctlWith(file, "reload", "tls", "pg1", "--force");
        assertThat(nobody.status()).as(nobody.toString()).isEqualTo(1);
        assertThat(nobody.out() + nobody.err()).contains("could not be asked");

        Files.writeString(file, without.replace("password: ctl-secret", "password: guess"));
        Finished guess = ctlWith(file, "reload", "tls", "pg1", "--force");
        assertThat(guess.status()).as(guess.toString()).isEqualTo(1);
        assertThat(guess.out() + guess.err()).contains("did not accept the user name and password");
    }

    private Finished ctl(String... arguments) {
        return ctlWith(yaml("pg1"), arguments);
    }

    private Finished ctlWith(Path file, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(Checkout.found().ctl().toString(), "-c", file.toString()));
        command.addAll(List.of(arguments));
        return Finished.run(account, command);
    }

    private Path yaml(String name) {
        return directory.resolve(name + ".yml");
    }

    private Child startEtcd(Identity shown) {
        String url = "https://127.0.0.1:" + etcdPort;
        String peer = "http://127.0.0.1:" + ports.next();
        String metrics = "http://127.0.0.1:" + ports.next();
        Child etcd =
                Child.start(
                        account,
                        directory.resolve("etcd.log"),
                        List.of(
                                Programs.named("etcd").toString(),
                                "--name=etcd",
                                "--data-dir=" + directory.resolve("etcd"),
                                "--listen-client-urls=" + url,
                                "--advertise-client-urls=" + url,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=etcd=" + peer,
                                "--listen-metrics-urls=" + metrics,
                                "--cert-file=" + shown.certfile(),
                                "--key-file=" + shown.keyfile(),
                                "--trusted-ca-file=" + certificates.authority(),
                                "--client-cert-auth",
                                "--log-level=warn"));
        Rest health =
                new Rest(
                        Address.here(
                                Integer.parseInt(metrics.substring(metrics.lastIndexOf(':') + 1))));
        Await.until("etcd answers", () -> health.get("/health").body().contains("true"));
        return etcd;
    }

    private String memberFile(String name) {
        int number = NAMES.indexOf(name);
        String tls =
                "sslmode: verify-full, sslrootcert: %s, sslcert: %s, sslkey: %s, gssencmode: disable, channel_binding: require"
                        .formatted(certificates.authority(), client.certfile(), client.keyfile());
        return """
        scope: tls
        name: %1$s
        restapi:
          listen: 127.0.0.1:%2$d
          certfile: %3$s/%1$s.crt
          keyfile: %3$s/%1$s.key
          cafile: %4$s
          verify_client: required
          allowlist: [127.0.0.0/8]
          authentication: {username: operator, password: ctl-secret}
        ctl:
          certfile: %5$s
          keyfile: %6$s
        etcd3:
          hosts: 127.0.0.1:%7$d
          protocol: https
          cacert: %4$s
          cert: %5$s
          key: %6$s
        bootstrap:
          dcs:
            ttl: 10
            synchronous_mode: on
        postgresql:
          listen: 127.0.0.1:%8$d
          data_dir: %3$s/%1$s-data
          bin_dir: %9$s
          authentication:
            superuser: {username: %10$s, password: %11$s, %12$s}
            replication: {username: replicator, password: rep-secret, %12$s}
            rewind: {username: rewinder, password: rewind-secret, %12$s}
          parameters:
            shared_buffers: 16MB
            unix_socket_directories: %3$s/%1$s-run
            ssl: on
            ssl_cert_file: %3$s/%1$s.crt
            ssl_key_file: %3$s/%1$s.key
            ssl_ca_file: %4$s
          pg_hba:
            - local all all scram-sha-256
            - hostssl all all all scram-sha-256 clientcert=verify-ca
            - hostssl replication replicator all scram-sha-256 clientcert=verify-ca
        """
                .formatted(
                        name,
                        restPorts.get(number),
                        directory,
                        certificates.authority(),
                        client.certfile(),
                        client.keyfile(),
                        etcdPort,
                        postgresPorts.get(number),
                        Programs.postgres(),
                        Sql.USER,
                        Sql.PASSWORD,
                        tls);
    }
}
