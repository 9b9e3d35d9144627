package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.tls.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A cluster in which nobody speaks in clear, and nobody is spoken to without a certificate and a
 * password: etcd, REST and PostgreSQL, each with an authority of its own, which the others do not
 * know. So whatever works here has taken its certificates from the keys that are meant for it.
 */
@Tag("long")
class TlsEverywhereIT {
    private static final int TTL_SECONDS = 5;
    private static final Duration EXIT = Duration.ofSeconds(60);
    private static final List<String> NAMES = List.of("pg1", "pg2");
    private static final Pattern SCRIPT = Pattern.compile("script \"([^\"]+)\"");

    private final Account account = Account.found();
    private final Ports ports = Ports.free(5 + 2 * NAMES.size());
    private final int etcdPort = ports.next();
    private final int etcdPeerPort = ports.next();
    private final int etcdMetricsPort = ports.next();
    private final List<Integer> restPorts = List.of(ports.next(), ports.next());
    private final List<Integer> postgresPorts = List.of(ports.next(), ports.next());
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final SortedMap<String, Child> agents = new TreeMap<>();

    private Path directory;
    private Certificates rest;
    private Certificates database;
    private Identity client;
    private Child etcd;

    @BeforeEach
    void prepare() throws IOException {
        directory = Files.createTempDirectory(Path.of("/tmp"), "holdfast-tls-");
        certifyEtcd();
        rest = authority("rest");
        client = rest.issue("client");
        database = authority("database");
        Identity database = this.database.issue("client");
        for (String name : NAMES) {
            rest.issue(name);
            this.database.issue(name);
            Files.createDirectories(home(name).resolve("run"));
            Files.writeString(yaml(name), memberFile(name, database));
        }
        account.own(directory);
        etcd = startEtcd();
        protectEtcd();
    }

    @AfterEach
    void end() throws IOException {
        kill(directory);
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    private static void kill(Path directory) {
        List<Long> alive = ProcFs.touching(directory);
        while (!alive.isEmpty()) {
            alive.forEach(Signal.KILL::send);
            alive = ProcFs.touching(directory);
        }
    }

    @Test
    void everythingWorksOverTlsAndNothingWithout() throws IOException, SQLException {
        NAMES.forEach(this::startAgent);
        try {
            String first = awaitLeader();
            String second = NAMES.get(1 - NAMES.indexOf(first));

            standbyStreamsOverTls(first);
            nobodyIsLetInInClear(first);
            commandsNeedCertificateAndPassword();
            etcdNeedsCertificateAndPassword();
            balancersAskWithTheCertificateTheyAreGiven(first);
            renewedCertificatesAreServedAfterAReload();

            Finished switchover = ctl("switchover", "--candidate", second, "--force", "tls");
            assertThat(switchover.status()).as(switchover.toString()).isZero();
            assertThat(awaitLeader()).isEqualTo(second);
            standbyStreamsOverTls(second);

            membersConfirmTheirLeaderWhileEtcdIsAway(second);
            aPrimaryThatHadMoreIsRewound(second, first);
        } catch (RuntimeException | Error e) {
            for (String log : List.of("pg1/log", "pg2/log", "etcd/log")) {
                System.err.println(Files.readString(directory.resolve(log)));
            }
            throw e;
        }
        agents.values().forEach(agent -> agent.send(Signal.TERM));
        for (Child agent : agents.values()) {
            assertThat(agent.awaitExit(EXIT)).isZero();
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

    // --- PostgreSQL

    private void standbyStreamsOverTls(String primary) throws SQLException {
        try (Connection session = connect(primary, "verify-full");
                Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT ssl, client_dn FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getBoolean(1)).isTrue();
            assertThat(row.getString(2)).isEqualTo("/CN=client");
        }
    }

    /** So the copy was made over TLS, too, and what follows is. */
    private void nobodyIsLetInInClear(String primary) {
        assertThatThrownBy(() -> connect(primary, "disable").close())
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("no encryption");
    }

    private Connection connect(String member, String mode) throws SQLException {
        return connect(postgresPorts.get(NAMES.indexOf(member)), mode);
    }

    private Connection connect(int port, String mode) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", Sql.USER);
        properties.setProperty("password", Sql.PASSWORD);
        properties.setProperty("sslmode", mode);
        properties.setProperty("sslrootcert", database.authority());
        properties.setProperty("sslcert", database.file("client.crt"));
        properties.setProperty("sslkey", database.file("client.key"));
        properties.setProperty("pemKeyAlgorithm", "EC");
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
    }

    /** What was written as it went down and nobody else got is taken back, over TLS. */
    private void aPrimaryThatHadMoreIsRewound(String primary, String standby)
            throws IOException, SQLException {
        try (Connection session = connect(primary, "verify-full");
                Statement statement = session.createStatement()) {
            statement.execute("CREATE TABLE kept (row int)");
            try (ResultSet sender = statement.executeQuery("SELECT pid FROM pg_stat_replication")) {
                assertThat(sender.next()).isTrue();
                Signal.STOP.send(sender.getLong(1));
            }
            statement.execute("SET synchronous_commit = local");
            statement.execute("INSERT INTO kept VALUES (1)");
        }
        kill(home(primary));

        Await.until(standby + " leads", () -> leader(list()).equals(Optional.of(standby)));
        startAgent(primary);

        assertThat(awaitLeader()).isEqualTo(standby);
        standbyStreamsOverTls(standby);
        assertThat(log(primary)).contains("follow.rewind");
        try (Connection session = connect(primary, "verify-full");
                Statement statement = session.createStatement();
                ResultSet kept = statement.executeQuery("SELECT count(*) FROM kept")) {
            assertThat(kept.next()).isTrue();
            assertThat(kept.getInt(1)).isZero();
        }
    }

    // --- REST

    private void commandsNeedCertificateAndPassword() throws IOException {
        String whole = Files.readString(yaml("pg1"));

        Finished nobody =
                ctlWith(
                        whole.replaceAll("(?m)^  (certfile|keyfile): .*/client\\..*\n", ""),
                        "reload",
                        "tls",
                        "pg1",
                        "--force");
        assertThat(nobody.status()).as(nobody.toString()).isEqualTo(1);
        assertThat(nobody.out() + nobody.err()).contains("could not be asked");

        Finished guess =
                ctlWith(
                        whole.replace("password: ctl-secret", "password: guess"),
                        "reload",
                        "tls",
                        "pg1",
                        "--force");
        assertThat(guess.status()).as(guess.toString()).isEqualTo(1);
        assertThat(guess.out() + guess.err())
                .contains("did not accept the user name and password (401)");

        // Another authority: only -k believes that server, and the rest is as it should be.
        String stranger =
                whole.replace("cafile: " + rest.authority(), "cafile: " + database.authority());
        assertThat(ctlWith(stranger, "reload", "tls", "pg1", "--force").status()).isEqualTo(1);
        Finished insecure = ctlWith(stranger, "-k", "reload", "tls", "pg1", "--force");
        assertThat(insecure.status()).as(insecure.toString()).isZero();
    }

    /**
     * As they are generated: HAProxy's configuration whole, and what keepalived runs each second.
     */
    private void balancersAskWithTheCertificateTheyAreGiven(String primary) throws IOException {
        Path shown = directory.resolve("shown.pem");
        Files.writeString(
                shown,
                Files.readString(Path.of(client.certfile()))
                        + Files.readString(Path.of(client.keyfile())));
        account.own(shown);
        int writers = ports.next();
        int readers = ports.next();
        Finished generated =
                ctl(
                        "generate",
                        "haproxy",
                        "tls",
                        "--bind=127.0.0.1",
                        "--writer-port=" + writers,
                        "--reader-port=" + readers,
                        "--certfile=" + shown);
        assertThat(generated.status()).as(generated.toString()).isZero();
        Path file = directory.resolve("haproxy.cfg");
        Files.writeString(file, generated.out());
        Child haproxy =
                account.start(
                        directory.resolve("haproxy.log"),
                        List.of(
                                Programs.named("haproxy").toString(),
                                "-db",
                                "-f",
                                file.toString()));
        Await.until(
                "HAProxy leads writers to the primary", () -> isInRecovery(writers).equals("f"));
        Await.until(
                "HAProxy leads readers to the replica", () -> isInRecovery(readers).equals("t"));
        haproxy.send(Signal.TERM);

        for (String name : NAMES) {
            Finished keepalived =
                    ctl(
                            "generate",
                            "keepalived",
                            "tls",
                            "--member=" + name,
                            "--interface=lo",
                            "--writer-address=10.77.0.1/24",
                            "--certfile=" + shown);
            assertThat(keepalived.status()).as(keepalived.toString()).isZero();
            Matcher script = SCRIPT.matcher(keepalived.out());
            assertThat(script.find()).as(keepalived.out()).isTrue();
            Finished asked = account.run(List.of(script.group(1).split(" ", -1)));
            assertThat(asked.status() == 0).as(asked.toString()).isEqualTo(name.equals(primary));
        }
    }

    private String isInRecovery(int port) throws SQLException {
        try (Connection session = connect(port, "verify-full");
                Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery("SELECT pg_is_in_recovery()")) {
            assertThat(row.next()).isTrue();
            return row.getString(1);
        }
    }

    private void renewedCertificatesAreServedAfterAReload() throws IOException {
        List<String> toRest =
                List.of(
                        "-connect",
                        "127.0.0.1:" + restPorts.getFirst(),
                        "-cert",
                        client.certfile(),
                        "-key",
                        client.keyfile());
        List<String> toPostgres =
                List.of(
                        "-connect",
                        "127.0.0.1:" + postgresPorts.getFirst(),
                        "-starttls",
                        "postgres");
        assertThat(shown(toRest)).containsPattern("CN ?= ?pg1");
        assertThat(shown(toPostgres)).containsPattern("CN ?= ?pg1");
        for (Certificates authority : List.of(rest, database)) {
            Identity renewed = authority.issue("renewed");
            move(renewed.certfile(), authority.file("pg1.crt"));
            move(renewed.keyfile(), authority.file("pg1.key"));
        }
        account.own(directory);

        assertThat(ctl("reload", "tls", "pg1", "--force").status()).isZero();

        for (List<String> whom : List.of(toRest, toPostgres)) {
            Await.until("the new certificate", () -> shown(whom).matches("(?s).*CN ?= ?renewed.*"));
        }
    }

    /** What a server shows of itself. */
    private String shown(List<String> whom) {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client"));
        command.addAll(whom);
        return Finished.run(account, command).out();
    }

    private static void move(String from, String to) throws IOException {
        Files.move(Path.of(from), Path.of(to), StandardCopyOption.REPLACE_EXISTING);
    }

    // --- etcd

    private void etcdNeedsCertificateAndPassword() throws IOException {
        String url = "https://127.0.0.1:" + etcdPort;
        Finished named = ctl("-d", url, "list", "tls");
        assertThat(named.status()).as(named.toString()).isZero();
        assertThat(named.out()).contains("pg1", "pg2");

        Finished nobody = ctlWith("scope: tls\n", "-d", url, "list");
        assertThat(nobody.status()).as(nobody.toString()).isEqualTo(1);
        assertThat(nobody.err()).contains(url);

        Finished guess =
                ctlWith(
                        Files.readString(yaml("pg1"))
                                .replace("password: etcd-secret", "password: guess"),
                        "list",
                        "tls");
        assertThat(guess.status()).as(guess.toString()).isEqualTo(1);
        assertThat(guess.err()).contains("authentication failed");
    }

    /**
     * The leader asks the other over REST. When etcd comes back, all its certificates are signed by
     * an authority that did not exist when the agents began.
     */
    private void membersConfirmTheirLeaderWhileEtcdIsAway(String primary) throws IOException {
        etcd.send(Signal.KILL);
        int _ = etcd.awaitExit(EXIT);

        Await.holds(
                primary + " takes writes",
                Duration.ofSeconds(2 * TTL_SECONDS),
                () -> {
                    try (Connection session = connect(primary, "verify-full");
                            Statement statement = session.createStatement()) {
                        return !statement.execute("CREATE TABLE IF NOT EXISTS written ()");
                    }
                });

        certifyEtcd();
        account.own(directory);
        etcd = startEtcd();
        assertThat(awaitLeader()).isEqualTo(primary);
    }

    private void certifyEtcd() throws IOException {
        Certificates authority = authority("etcd");
        authority.issue("server");
        authority.issue("client");
    }

    private Certificates authority(String name) throws IOException {
        return Certificates.in(Files.createDirectories(directory.resolve(name)), "authority");
    }

    private String ofEtcd(String file) {
        return directory.resolve("etcd").resolve(file).toString();
    }

    private Child startEtcd() {
        String url = "https://127.0.0.1:" + etcdPort;
        String peer = "http://127.0.0.1:" + etcdPeerPort;
        Child started =
                account.start(
                        Path.of(ofEtcd("log")),
                        List.of(
                                Programs.named("etcd").toString(),
                                "--name=etcd",
                                "--data-dir=" + ofEtcd("data"),
                                "--listen-client-urls=" + url,
                                "--advertise-client-urls=" + url,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=etcd=" + peer,
                                "--listen-metrics-urls=http://127.0.0.1:" + etcdMetricsPort,
                                "--cert-file=" + ofEtcd("server.crt"),
                                "--key-file=" + ofEtcd("server.key"),
                                "--trusted-ca-file=" + ofEtcd("authority.crt"),
                                "--client-cert-auth",
                                "--log-level=warn"));
        Rest health = new Rest(Address.here(etcdMetricsPort));
        Await.until("etcd answers", () -> health.get("/health").body().contains("true"));
        return started;
    }

    /** Holdfast's user may do nothing but with the keys of its cluster. */
    private void protectEtcd() {
        etcdctl("user", "add", "root:root-secret");
        etcdctl("role", "add", "tls");
        etcdctl("role", "grant-permission", "tls", "--prefix=true", "readwrite", "/service/tls/");
        etcdctl("user", "add", "holdfast:etcd-secret");
        etcdctl("user", "grant-role", "holdfast", "tls");
        etcdctl("user", "grant-role", "root", "root");
        etcdctl("auth", "enable");
    }

    private void etcdctl(String... arguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "env",
                                "ETCDCTL_API=3",
                                Programs.named("etcdctl").toString(),
                                "--endpoints=https://127.0.0.1:" + etcdPort,
                                "--cacert=" + ofEtcd("authority.crt"),
                                "--cert=" + ofEtcd("client.crt"),
                                "--key=" + ofEtcd("client.key")));
        command.addAll(List.of(arguments));
        Finished done = Finished.run(account, command);
        assertThat(done.status()).as(done.toString()).isZero();
    }

    // --- programs and files

    private void startAgent(String name) {
        agents.put(
                name,
                account.start(
                        home(name).resolve("log"),
                        List.of(Checkout.found().agent().toString(), yaml(name).toString())));
    }

    private Finished ctl(String... arguments) {
        return ctl(yaml("pg1"), arguments);
    }

    private Finished ctlWith(String yaml, String... arguments) throws IOException {
        Path file = directory.resolve("other.yml");
        Files.writeString(file, yaml);
        account.own(file);
        return ctl(file, arguments);
    }

    private Finished ctl(Path file, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(Checkout.found().ctl().toString(), "-c", file.toString()));
        command.addAll(List.of(arguments));
        return Finished.run(account, command);
    }

    private Path home(String name) {
        return directory.resolve(name);
    }

    private Path yaml(String name) {
        return home(name).resolve(name + ".yml");
    }

    private String log(String name) throws IOException {
        return Files.readString(home(name).resolve("log"));
    }

    private String memberFile(String name, Identity shown) {
        int number = NAMES.indexOf(name);
        String tls =
                "sslmode: verify-ca, sslrootcert: %s, sslcert: %s, sslkey: %s, gssencmode: disable, channel_binding: require"
                        .formatted(database.authority(), shown.certfile(), shown.keyfile());
        return """
        scope: tls
        name: %1$s
        restapi:
          listen: 127.0.0.1:%2$d
          certfile: %13$s
          keyfile: %14$s
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
          cacert: %15$s/authority.crt
          cert: %15$s/client.crt
          key: %15$s/client.key
          username: holdfast
          password: etcd-secret
        bootstrap:
          dcs:
            ttl: %16$d
            failsafe_mode: true
            synchronous_mode: on
        postgresql:
          listen: 127.0.0.1:%8$d
          data_dir: %3$s/data
          bin_dir: %9$s
          authentication:
            superuser: {username: %10$s, password: %11$s, %12$s}
            replication: {username: replicator, password: rep-secret, %12$s}
            rewind: {username: rewinder, password: rewind-secret, %12$s}
          parameters:
            shared_buffers: 16MB
            unix_socket_directories: %3$s/run
            ssl: on
            ssl_cert_file: %17$s
            ssl_key_file: %18$s
            ssl_ca_file: %19$s
          pg_hba:
            - local all all scram-sha-256
            - hostssl all all all scram-sha-256 clientcert=verify-ca
            - hostssl replication replicator all scram-sha-256 clientcert=verify-ca
        """
                .formatted(
                        name,
                        restPorts.get(number),
                        home(name),
                        rest.authority(),
                        client.certfile(),
                        client.keyfile(),
                        etcdPort,
                        postgresPorts.get(number),
                        Programs.postgres(),
                        Sql.USER,
                        Sql.PASSWORD,
                        tls,
                        rest.file(name + ".crt"),
                        rest.file(name + ".key"),
                        directory.resolve("etcd"),
                        TTL_SECONDS,
                        database.file(name + ".crt"),
                        database.file(name + ".key"),
                        database.authority());
    }
}
