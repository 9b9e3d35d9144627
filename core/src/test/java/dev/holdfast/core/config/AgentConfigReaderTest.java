package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.core.config.AgentConfig.ServerTls;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentConfigReaderTest {
    private static final SortedMap<String, String> NO_VARIABLES = Collections.emptySortedMap();

    /** The least that a member needs; tests add to it or replace parts. */
    private static final String LEAST =
            """
            scope: demo
            name: pg1
            restapi: {listen: "127.0.0.1:8008"}
            etcd3: {host: "127.0.0.1:2379"}
            postgresql:
              listen: 127.0.0.1:5432
              data_dir: /srv/pg1
              authentication:
                superuser: {username: postgres, password: a}
                replication: {username: replicator, password: b}
            """;

    private static AgentConfigReader.Read read(String yaml) {
        return AgentConfigReader.read(Yaml.tree(yaml), NO_VARIABLES);
    }

    private static AgentConfig good(AgentConfigReader.Read read) {
        assertThat(read.config()).as(() -> Yaml.sentences(read.problems()).toString()).isPresent();
        return read.config().orElseThrow();
    }

    private static List<String> sentences(String yaml) {
        return Yaml.sentences(read(yaml).problems());
    }

    private static String leastWith(String before, String after) {
        assertThat(LEAST).contains(before);
        return LEAST.replace(before, after);
    }

    @Test
    void theFileThatDebianMakesIsTaken() {
        AgentConfigReader.Read read = read(Yaml.resource("debian.yml"));

        AgentConfig config = good(read);
        assertThat(config.scope()).isEqualTo("15-test");
        assertThat(config.namespace()).isEqualTo("/postgresql-common/");
        assertThat(config.postgresql().listenHosts()).isEqualTo("*");
        assertThat(config.postgresql().configDir()).isEqualTo("/etc/postgresql/15/test");
        assertThat(config.postgresql().useUnixSocket()).isTrue();
        assertThat(config.postgresql().parameters()).containsEntry("logging_collector", "on");
        assertThat(ClusterConfigReader.read(config.bootstrap().dcs()).config().ttl())
                .isEqualTo(Duration.ofSeconds(30));
        assertThat(config.tags().noFailover()).isFalse();
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING bootstrap.dcs.postgresql.remove_data_directory_on_rewind_failure: found true, which has no effect: a data"
                                + " directory that cannot be rewound is kept aside and cloned anew.",
                        "WARNING bootstrap.dcs.postgresql.remove_data_directory_on_diverged_timelines: found true, which has no effect: a"
                                + " data directory that cannot be rewound is kept aside and cloned anew.",
                        "WARNING bootstrap.method: found \"pg_createcluster\", which only wraps initdb: initdb is used itself.",
                        "WARNING postgresql.create_replica_method: found \"pg_clonecluster\", which only wraps pg_basebackup: that is"
                                + " used itself.");
    }

    @Test
    void everyKeyIsRead() {
        AgentConfigReader.Read read = read(Yaml.resource("demo.yml"));

        AgentConfig config = good(read);
        assertThat(read.problems()).isEmpty();
        assertThat(config.scope()).isEqualTo("demo");
        assertThat(config.namespace()).isEqualTo("/team/databases/");
        assertThat(config.name()).isEqualTo(new MemberName("pg1"));
        SortedMap<String, String> headers = new TreeMap<>();
        headers.put("Server", "Holdfast");
        headers.put("Strict-Transport-Security", "max-age=60");
        headers.put("X-Frame-Options", "SAMEORIGIN");
        assertThat(config.restApi())
                .isEqualTo(
                        new AgentConfig.RestApi(
                                new HostPort("::1", 8009),
                                new HostPort("pg1.example.org", 8008),
                                Optional.of(new Credentials("operator", "rest-secret")),
                                Optional.of(
                                        new ServerTls(
                                                new Identity(
                                                        "/tls/rest.crt",
                                                        "/tls/rest.key",
                                                        Optional.of("key-secret")),
                                                Optional.of("/tls/ca.crt"),
                                                List.of("TLS_AES_256_GCM_SHA384"),
                                                ServerTls.ClientCertificates.REQUIRED)),
                                new AgentConfig.Allowlist(List.of("10.0.0.0/8", "ops"), true),
                                headers,
                                4096));
        assertThat(config.restApi().url()).isEqualTo("https://pg1.example.org:8008/patroni");
        assertThat(config.ctl().tls())
                .isEqualTo(
                        new ClientTls(
                                Optional.of("/tls/ca.crt"),
                                Optional.of(
                                        new Identity(
                                                "/tls/ctl.pem", "/tls/ctl.pem", Optional.empty())),
                                ClientTls.Verification.VERIFIED));
        assertThat(config.ctl().authentication()).contains(new Credentials("admin", "ctl-secret"));
        assertThat(config.etcd())
                .isEqualTo(
                        new AgentConfig.Etcd(
                                List.of(
                                        "https://127.0.0.1:2379",
                                        "https://[::1]:2380",
                                        "https://etcd-3:2379"),
                                Optional.of(new Credentials("holdfast", "12345")),
                                new ClientTls(
                                        Optional.of("/tls/etcd-ca.crt"),
                                        Optional.of(
                                                new Identity(
                                                        "/tls/etcd.crt",
                                                        "/tls/etcd.key",
                                                        Optional.empty())),
                                        ClientTls.Verification.VERIFIED),
                                Optional.empty()));
        assertThat(config.bootstrap().initdb())
                .containsExactly("data-checksums", "encoding=UTF8", "locale=C.UTF-8");
        assertThat(config.bootstrap().pgHba()).containsExactly("host all all all scram-sha-256");
        assertThat(config.bootstrap().dcs()).containsEntry("ttl", 10).containsKey("postgresql");
        assertThat(config.guard().dir()).isEqualTo("/run/holdfast/pg1");
        assertThat(config.log())
                .isEqualTo(
                        new AgentConfig.Log(
                                "WARN",
                                new TreeMap<>(),
                                "ERROR",
                                AgentConfig.Log.Type.JSON,
                                Optional.empty(),
                                Optional.empty(),
                                fields("asctime", "levelname", "name", "message"),
                                new TreeMap<>(),
                                Optional.of(
                                        new AgentConfig.Log.Files(
                                                "/var/log/holdfast",
                                                4,
                                                25_000_000,
                                                Optional.empty())),
                                200));
        assertThat(config.tags().values())
                .containsExactly(
                        Map.entry("failover_priority", "3"),
                        Map.entry("nosync", "true"),
                        Map.entry("rack", "7b"));
    }

    @Test
    void everyKeyOfPostgresqlIsRead() {
        TreeMap<String, String> parameters = new TreeMap<>();
        parameters.put("log_min_duration_statement", "1s");
        SortedMap<String, String> connection = new TreeMap<>();
        connection.put("sslmode", "verify-full");
        connection.put("sslnegotiation", "direct");
        connection.put("sslrootcert", "/tls/pg-ca.crt");
        assertThat(good(read(Yaml.resource("demo.yml"))).postgresql())
                .isEqualTo(
                        new AgentConfig.Postgres(
                                "127.0.0.1,::1",
                                5433,
                                new HostPort("2001:db8::1", 5433),
                                Optional.of(new HostPort("pg1.example.org", 6432)),
                                "/srv/pg1",
                                "/srv/pg1",
                                Optional.of("/usr/lib/postgresql/15/bin"),
                                "/srv/pg1.pass",
                                new DatabaseUser("postgres", "a"),
                                new DatabaseUser("replicator", "b", connection),
                                new DatabaseUser("rewinder", "c"),
                                parameters,
                                List.of(),
                                List.of("map1 alice app"),
                                List.of("checkpoint=fast", "verbose", "max-rate=100M"),
                                3,
                                Keeping.COPY,
                                false,
                                false,
                                Duration.ofMinutes(2),
                                new TreeMap<>(),
                                Optional.empty(),
                                RoleSettings.ByRole.none()));
    }

    @Test
    void theLeastFileGetsDefaultsForTheRest() {
        AgentConfigReader.Read read = read(LEAST);

        AgentConfig config = good(read);
        assertThat(read.problems()).isEmpty();
        assertThat(config.namespace()).isEqualTo("/service/");
        assertThat(config.restApi().connectAddress()).isEqualTo(new HostPort("127.0.0.1", 8008));
        assertThat(config.postgresql().connectAddress()).isEqualTo(new HostPort("127.0.0.1", 5432));
        assertThat(config.postgresql().configDir()).isEqualTo("/srv/pg1");
        assertThat(config.postgresql().pgpass()).isEqualTo("/srv/pg1.guard/pgpass");
        assertThat(config.postgresql().rewind()).isEqualTo(new DatabaseUser("postgres", "a"));
        assertThat(config.postgresql().keepDirectories()).isEqualTo(5);
        assertThat(config.postgresql().keepAside()).isEqualTo(Keeping.AUTO);
        assertThat(config.postgresql().pgCtlTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.guard().dir()).isEqualTo("/srv/pg1.guard");
        assertThat(config.log().level()).isEqualTo("INFO");
        assertThat(config.bootstrap().initdb()).containsExactly("encoding=UTF8", "data-checksums");
    }

    @Test
    void anEmptyFileIsToldEverythingThatItLacks() {
        AgentConfigReader.Read read = AgentConfigReader.read(new TreeMap<>(), NO_VARIABLES);

        assertThat(read.config()).isEmpty();
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "ERROR postgresql.listen: found nothing, expected addresses and a port, such as \"127.0.0.1,::1:5432\" or"
                                + " \"*:5432\".",
                        "ERROR postgresql.data_dir: found nothing, expected an absolute path, one that starts with /, of PostgreSQL's data"
                                + " directory.",
                        "ERROR postgresql.authentication.superuser.username: found nothing, expected the name of the superuser user.",
                        "ERROR postgresql.authentication.replication.username: found nothing, expected the name of the replication user.",
                        "ERROR restapi.listen: found nothing, expected host:port on which the REST server listens, such as \"*:8008\".",
                        "ERROR scope: found nothing, expected the cluster's name, without slash or control character.",
                        "ERROR name: found nothing, expected the member's name: 1 to 63 characters of ASCII, not *, without slash, comma,"
                                + " quote or backslash, and not __holdfast_strict__.",
                        "ERROR etcd3.hosts: found nothing, expected where etcd is: a list of host:port (or host, url, proxy or srv).");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "''",
                "' '",
                "a/b",
                "'a,b'",
                "'*'",
                "größe",
                "'a\"b'",
                "[a]",
                "__Holdfast_strict__"
            })
    void aNameThatCannotBeAStandbysNameIsRefused(String name) {
        AgentConfigReader.Read read = read(leastWith("name: pg1", "name: " + name));

        assertThat(read.config()).isEmpty();
        assertThat(read.problems())
                .singleElement()
                .matches(p -> p.isError() && p.path().equals("name"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1:5432 | 127.0.0.1 | 5432",
                "127.0.0.1,::1:5432 | 127.0.0.1,::1 | 5432",
                "::1:5432 | ::1 | 5432",
                "[::1]:5432 | ::1 | 5432",
                "'[::1], db-1.example.org:1' | ::1,db-1.example.org | 1",
                "*:6000 | * | 6000",
                "0.0.0.0:5432 | 0.0.0.0 | 5432",
                "localhost | localhost | 5432"
            })
    void listenTakesHostsAndOnePort(String text, String hosts, int port) {
        AgentConfig config =
                good(
                        read(
                                leastWith(
                                        "listen: 127.0.0.1:5432",
                                        "listen: '"
                                                + text.replace("'", "")
                                                + "'\n  connect_address: h:1")));

        assertThat(config.postgresql().listenHosts()).isEqualTo(hosts);
        assertThat(config.postgresql().port()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a:0",
                "a:65536",
                "a:b",
                "a:",
                "::1",
                "[::1:5432",
                "[::1]5432",
                "a b:1",
                ",a:1",
                "a:1,b:2",
                "1:::2:5432",
                "-a:1"
            })
    void listenRefusesWhatIsNoAddress(String text) {
        assertThat(
                        sentences(
                                leastWith(
                                        "listen: 127.0.0.1:5432",
                                        "connect_address: h:1\n  listen: '" + text + "'")))
                .containsExactly(
                        "ERROR postgresql.listen: found \""
                                + text
                                + "\", expected addresses and a port, such as \"127.0.0.1,::1:5432\" or \"*:5432\".");
    }

    @Test
    void othersMustBeAbleToConnect() {
        assertThat(sentences(leastWith("listen: 127.0.0.1:5432", "listen: '*:5432'")))
                .containsExactly(
                        "ERROR postgresql.connect_address: found nothing, expected host:port to which others can connect, because"
                                + " listen names every address.");
        assertThat(
                        sentences(
                                leastWith(
                                        "\"127.0.0.1:8008\"",
                                        "\"127.0.0.1:8008\", connect_address: \"0.0.0.0:8008\"")))
                .containsExactly(
                        "ERROR restapi.connect_address: found \"0.0.0.0:8008\", expected host:port (an IPv6 address in brackets)"
                                + " to which others can connect.");
    }

    @Test
    void pathsAreAbsolute() {
        assertThat(
                        sentences(
                                leastWith(
                                        "data_dir: /srv/pg1",
                                        "data_dir: data/pg1\n  pgpass: pass\n  bin_dir: ''\n  config_dir: ./c")))
                .containsExactly(
                        "ERROR postgresql.data_dir: found \"data/pg1\", expected an absolute path, one that starts with /.",
                        "ERROR postgresql.config_dir: found \"./c\", expected an absolute path, one that starts with /.",
                        "ERROR postgresql.pgpass: found \"pass\", expected an absolute path, one that starts with /.");
        assertThat(sentences(leastWith("data_dir: /srv/pg1", "data_dir: /")))
                .containsExactly(
                        "ERROR postgresql.data_dir: found \"/\", expected a directory below the root.");
    }

    @Test
    void aGuardDirectoryTooLongForASocketIsRefused() {
        String fits = "/" + "d".repeat(95);
        assertThat(good(read(LEAST + "guard: {dir: " + fits + "}")).guard().dir()).isEqualTo(fits);
        assertThat(sentences(LEAST + "guard: {dir: " + fits + "d}"))
                .singleElement()
                .asString()
                .startsWith("ERROR guard.dir: found \"/ddd")
                .endsWith("expected a path of at most 96 bytes, because it holds a socket.");
    }

    @Test
    void initdbAndBasebackupTakeListsAndMapsButNotWhatHoldfastSets() {
        AgentConfigReader.Read read =
                read(
                        LEAST
                                + """
                                  basebackup: [verbose, {max-rate: 1M}, pgdata, "format=tar", -X, 7]
                                bootstrap:
                                  initdb: {encoding: UTF8, data-checksums: true, no-locale: false, username: x}
                                """);

        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "ERROR postgresql.basebackup[4]: found \"-X\", expected the long name of an option, such as data-checksums.",
                        "ERROR postgresql.basebackup[5]: found 7, expected the name of an option, or a name and its value.",
                        "WARNING postgresql.basebackup: found \"pgdata\", which is set by Holdfast and is ignored.",
                        "WARNING postgresql.basebackup: found \"format\", which is set by Holdfast and is ignored.",
                        "WARNING bootstrap.initdb: found \"username\", which is set by Holdfast and is ignored.");
        assertThat(
                        good(read(
                                        LEAST
                                                + "bootstrap: {initdb: {encoding: UTF8, data-checksums: true, no-locale: false}}"))
                                .bootstrap()
                                .initdb())
                .containsExactly("encoding=UTF8", "data-checksums");
        assertThat(sentences(LEAST + "bootstrap: {initdb: data-checksums}"))
                .containsExactly(
                        "ERROR bootstrap.initdb: found \"data-checksums\", expected a list or a map of options of initdb.");
    }

    @Test
    void theDynamicConfigurationOfABootstrapIsCheckedInItsPlace() {
        assertThat(
                        sentences(
                                LEAST
                                        + "bootstrap: {dcs: {ttl: 1, synchronous_mod: on, postgresql: {parameters: {port: 1}}}}"))
                .containsExactly(
                        "ERROR bootstrap.dcs.ttl: found 1, expected a whole number of seconds from 3 to 86400.",
                        "WARNING bootstrap.dcs.postgresql.parameters.port: found 1, which is set by Holdfast and is ignored.",
                        "WARNING bootstrap.dcs.synchronous_mod: found a key that Holdfast does not know, which is ignored.");
    }

    @Test
    void aMemberCannotSetWhatAllMembersShare() {
        AgentConfigReader.Read read =
                read(
                        LEAST
                                + "  parameters: {max_connections: 500, wal_keep_segments: 9, work_mem: 1MB, port: 7}");

        assertThat(good(read).postgresql().parameters())
                .containsExactly(Map.entry("work_mem", "1MB"));
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING postgresql.parameters.port: found 7, which is set by Holdfast and is ignored.",
                        "WARNING postgresql.parameters.max_connections: found \"500\", which is ignored here: every member must have the"
                                + " same, so it comes only from the dynamic configuration.",
                        "WARNING postgresql.parameters.wal_keep_segments: found \"9\", which is ignored here: every member must have the"
                                + " same, so it comes only from the dynamic configuration.");
    }

    @Test
    void aBootstrapFromElsewhereIsNotReplacedByAnEmptyCluster() {
        assertThat(sentences(LEAST + "bootstrap: {method: restore}"))
                .containsExactly(
                        "ERROR bootstrap.restore.command: found nothing, expected the program that this method calls.");
        assertThat(sentences(LEAST + "bootstrap: {method: initdb}")).isEmpty();
    }

    @Test
    void whatProtectsIsRefusedWhereItIsWrong() {
        assertThat(
                        sentences(
                                leastWith(
                                                        "\"127.0.0.1:8008\"",
                                                        "\"127.0.0.1:8008\", keyfile: k.pem, verify_client: required"
                                                                + ", ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:!SSLv4'"
                                                                + ", allowlist: [10.0.0.0/8, '10.0.0.0/33', a b]"
                                                                + ", http_extra_headers: {'X Y': 1}")
                                                .replace(
                                                        "password: b",
                                                        "password: b, sslmode: maybe, sslrootcert: r.pem")
                                        + """
                                          pre_promote: "/bin/fence 'x"
                                        watchdog: {mode: sometimes}
                                        """))
                .containsExactly(
                        "ERROR postgresql.authentication.replication.sslmode: found \"maybe\", expected one of disable, allow, prefer, require,"
                                + " verify-ca, verify-full.",
                        "ERROR postgresql.authentication.replication.sslrootcert: found \"r.pem\", expected an absolute path, one that"
                                + " starts with /.",
                        "ERROR restapi.keyfile: found \"k.pem\", expected an absolute path, one that starts with /.",
                        "ERROR restapi.certfile: found nothing, expected the server's certificate, because verify_client needs TLS.",
                        "ERROR restapi.cafile: found nothing, expected the authorities of the clients' certificates, because verify_client"
                                + " asks for them.",
                        "ERROR restapi.ciphers: found \"!SSLv4\", expected names or groups of openssl that the JDK speaks, such as"
                                + " ECDHE-RSA-AES256-GCM-SHA384 or ECDHE+AESGCM:!SHA1, or the JDK's own names (without this key nothing"
                                + " weak is spoken).",
                        "ERROR restapi.allowlist: found \"10.0.0.0/33\", expected a host name, an address, or a network such as"
                                + " 10.0.0.0/8.",
                        "ERROR restapi.allowlist: found \"a b\", expected a host name, an address, or a network such as 10.0.0.0/8.",
                        "ERROR restapi.http_extra_headers.X Y: found \"1\", expected a header: a name, and one line.",
                        "ERROR postgresql.pre_promote: found \"/bin/fence 'x\", expected a program with its arguments, every quote"
                                + " closed.",
                        "ERROR watchdog.mode: found \"sometimes\", expected off, automatic or required.");
    }

    @Test
    void membersThatCouldNotAskEachOtherAreSaid() {
        String tls = "\"127.0.0.1:8008\", certfile: /c.pem, cafile: /ca.pem, verify_client: ";
        assertThat(sentences(leastWith("\"127.0.0.1:8008\"", tls + "required")))
                .containsExactly(
                        "ERROR ctl.certfile: found nothing, expected the certificate that this member shows to others, because"
                                + " restapi.verify_client is required.");
        assertThat(sentences(leastWith("\"127.0.0.1:8008\"", tls + "optional")))
                .containsExactly(
                        "WARNING ctl.certfile: found nothing, which leaves members unable to confirm a leader (failsafe_mode) and to pass"
                                + " commands on, because restapi.verify_client is optional.");
        assertThat(
                        sentences(
                                leastWith("\"127.0.0.1:8008\"", tls + "required")
                                        + "ctl: {certfile: /m.pem}\n"))
                .isEmpty();
    }

    @Test
    void whatOnlyHelpsIsIgnoredAndSaid() {
        AgentConfigReader.Read read =
                read(
                        LEAST
                                + """
                                  use_slots: true
                                  replica_metod: 1
                                watchdog: {mode: automatic, device: /dev/watchdog, safety_margin: 5}
                                log: {deduplicate_heartbeat_logs: true, loggers: {patroni.ha: DEBUG}, format: "%(message)s %(relativeCreated)d"}
                                tags: {replicatefrom: pg2}
                                citus: {group: 1}
                                proxy: x
                                """);

        good(read);
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING postgresql.use_slots: found true, which comes only from the dynamic configuration and is ignored here.",
                        "WARNING log.deduplicate_heartbeat_logs: found true, which has no effect: no line is repeated.",
                        "WARNING log.loggers.patroni.ha: found a module of Patroni or of its libraries, which has no counterpart and is ignored; packages begin with dev.holdfast.",
                        "WARNING log.format: found the attribute \"relativeCreated\", which has no counterpart and is left out.",
                        "WARNING citus: found a map with the keys [group], which is not planned and is ignored.",
                        "WARNING proxy: found a key that Holdfast does not know, which is ignored.",
                        "WARNING postgresql.replica_metod: found a key that Holdfast does not know, which is ignored.");
    }

    @Test
    void theWatchdogIsAsInPatroni() {
        assertThat(good(read(LEAST)).watchdog())
                .isEqualTo(
                        new AgentConfig.Watchdog(
                                Optional.empty(),
                                "/dev/watchdog",
                                Optional.of(Duration.ofSeconds(5))));
        assertThat(good(read(LEAST)).watchdog().mode())
                .isEqualTo(AgentConfig.Watchdog.Mode.AUTOMATIC);
        assertThat(good(read(LEAST + "watchdog: {mode: off}\n")).watchdog().mode())
                .isEqualTo(AgentConfig.Watchdog.Mode.OFF);
        AgentConfig.Watchdog half =
                good(read(
                                LEAST
                                        + "watchdog: {mode: required, device: /dev/watchdog1, safety_margin: -1}\n"))
                        .watchdog();
        assertThat(half)
                .isEqualTo(
                        new AgentConfig.Watchdog(
                                Optional.of(AgentConfig.Watchdog.Mode.REQUIRED),
                                "/dev/watchdog1",
                                Optional.empty()));
    }

    @Test
    void aSafetyMarginThatDoesNotAddUpIsRefused() {
        String end = " and at least a second less than it, or -1 for half of it.";
        for (int margin : List.of(0, 1, 10, 11)) {
            assertThat(sentences(LEAST + "watchdog: {safety_margin: " + margin + "}\n"))
                    .containsExactly(
                            "ERROR watchdog.safety_margin: found "
                                    + margin
                                    + ", expected at least an eighth of ttl (10 s)"
                                    + end);
        }
        good(read(LEAST + "watchdog: {safety_margin: 2}\n"));
        good(read(LEAST + "watchdog: {safety_margin: 9}\n"));
        good(read(LEAST + "watchdog: {mode: off, safety_margin: 0}\n"));
    }

    @Test
    void theWatchdogsTimeoutIsWhatTheMarginLeavesOrHalfWhereItDoesNotFit() {
        AgentConfig.Watchdog five =
                new AgentConfig.Watchdog(
                        Optional.of(AgentConfig.Watchdog.Mode.REQUIRED),
                        "/dev/watchdog",
                        Optional.of(Duration.ofSeconds(5)));
        assertThat(five.timeoutSeconds(Duration.ofSeconds(30))).isEqualTo(25);
        assertThat(five.timeoutSeconds(Duration.ofSeconds(10))).isEqualTo(5);
        assertThat(five.timeoutSeconds(Duration.ofSeconds(7))).isEqualTo(2);
        assertThat(five.timeoutSeconds(Duration.ofSeconds(5))).isEqualTo(2);
        assertThat(five.timeoutSeconds(Duration.ofSeconds(60))).isEqualTo(30);
        for (long ttl = 3; ttl <= 100; ttl++) {
            assertThat(five.timeoutSeconds(Duration.ofSeconds(ttl)))
                    .as("ttl " + ttl)
                    .isPositive()
                    .isLessThanOrEqualTo(ttl * 7 / 8);
        }
    }

    @Test
    void tagsLogAndCredentialsAreChecked() {
        assertThat(
                        sentences(
                                leastWith(
                                                "\"127.0.0.1:8008\"",
                                                "\"127.0.0.1:8008\", authentication: {username: u}")
                                        + """
                                        tags: {nofailover: perhaps, failover_priority: high, own: [1]}
                                        log: {level: LOUD, type: xml, dir: logs}
                                        """))
                .containsExactly(
                        "ERROR restapi.authentication.password: found nothing, expected both username and password, or neither.",
                        "ERROR log.level: found \"LOUD\", expected one of ERROR, WARNING, INFO, DEBUG, TRACE.",
                        "ERROR log.type: found \"xml\", expected plain or json.",
                        "ERROR log.dir: found \"logs\", expected an absolute path, one that starts with /.",
                        "ERROR tags.nofailover: found \"perhaps\", expected true or false (or on, off, yes, no).",
                        "ERROR tags.failover_priority: found \"high\", expected a whole number from -1000000 to 1000000.",
                        "ERROR tags.own: found a list, expected text, a number, true or false.");
    }

    @Test
    void passwordsAreNeverShown() {
        AgentConfigReader.Read read =
                read(
                        """
                        scope: demo
                        name: pg1
                        restapi: {listen: "127.0.0.1:8008", authentication: {username: u, password: [hush]}}
                        etcd3: {url: "https://root:hush@etcd:2379", password: {hush: 1}}
                        postgresql:
                          listen: 127.0.0.1:5432
                          data_dir: /srv/pg1
                          authentication:
                            superuser: {username: postgres, pasword: hush}
                            replication: {username: replicator, password: [hush]}
                        """);

        assertThat(read.config()).isEmpty();
        assertThat(read.problems()).hasSizeGreaterThan(4);
        assertThat(Yaml.sentences(read.problems()))
                .noneMatch(sentence -> sentence.contains("hush"));
    }

    @Test
    void theDefaultLinesOfPgHbaAskEverybodyForAPassword() {
        AgentConfig config = good(read(LEAST));

        assertThat(PgHba.effective(config, ClusterConfig.defaults()))
                .containsExactly(
                        "local all all scram-sha-256",
                        "local replication \"replicator\" scram-sha-256",
                        "host all all all scram-sha-256",
                        "host replication \"replicator\" all scram-sha-256");
        assertThat(PgHba.defaultLines(new DatabaseUser("all", ""), new DatabaseUser("a\"b", "")))
                .startsWith("local all \"all\" peer")
                .endsWith("host replication \"a\"\"b\" all scram-sha-256");
    }

    @Test
    void aMembersOwnLinesOfPgHbaComeBeforeTheClusters() {
        ClusterConfig cluster =
                ClusterConfigReader.read(Yaml.tree("postgresql: {pg_hba: [cluster]}")).config();

        assertThat(PgHba.effective(good(read(LEAST + "  pg_hba: [member]")), cluster))
                .containsExactly("member");
        assertThat(PgHba.effective(good(read(LEAST + "bootstrap: {pg_hba: [first]}")), cluster))
                .containsExactly("cluster");
        assertThat(
                        PgHba.effective(
                                good(read(LEAST + "bootstrap: {pg_hba: [first]}")),
                                ClusterConfig.defaults()))
                .containsExactly("first");
    }

    @Test
    void aMissingPasswordIsSaidWhereItWillKeepSomebodyOut() {
        AgentConfigReader.Read read =
                read(LEAST.replace(", password: a", "").replace(", password: b", ""));

        good(read);
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING bootstrap.pg_hba: found nothing, and no password for the replication user, which keeps standbys out,"
                                + " because the default lines ask for one.",
                        "WARNING postgresql.authentication.superuser.password: found nothing, which works only where pg_hba lets the"
                                + " superuser in over TCP without one, or with use_unix_socket.");
    }

    @Test
    void theControlCommandNeedsOnlyWhereTheClusterIs() {
        AgentConfigReader.ClientRead read =
                AgentConfigReader.readForClient(
                        Yaml.tree(
                                "{etcd: {hosts: 'a:1,b'}, restapi: {authentication: {username: u, password: p}}}"),
                        NO_VARIABLES);

        assertThat(read.client())
                .contains(
                        new AgentConfigReader.Client(
                                Optional.empty(),
                                "/service/",
                                AgentConfig.Etcd.plain(
                                        List.of("http://a:1", "http://b:2379"), Optional.empty()),
                                new AgentConfig.Ctl(
                                        Optional.of(new Credentials("u", "p")),
                                        ClientTls.defaults())));
        assertThat(AgentConfigReader.readForClient(new TreeMap<>(), NO_VARIABLES).client())
                .isEmpty();
    }

    private static List<AgentConfig.Log.Field> fields(String... attributes) {
        return List.of(attributes).stream()
                .map(name -> new AgentConfig.Log.Field(name, name))
                .toList();
    }

    @Test
    void patronisKeysOfTheLogAreRead() {
        AgentConfig.Log log =
                good(read(
                                LEAST
                                        + """
                                        log:
                                          level: DEBUG
                                          traceback_level: DEBUG
                                          format: '%(asctime)s %(levelname)s: %(message)s'
                                          dateformat: '%d.%m.%Y'
                                          dir: /var/log/holdfast
                                          mode: 0640
                                          file_num: 7
                                          file_size: 1MB
                                          loggers: {dev.holdfast.agent.guard: NOTSET, journal: ERROR}
                                        """))
                        .log();

        assertThat(log.tracebackLevel()).isEqualTo("DEBUG");
        assertThat(log.format()).contains("%(asctime)s %(levelname)s: %(message)s");
        assertThat(log.dateFormat()).contains("%d.%m.%Y");
        assertThat(log.files())
                .contains(
                        new AgentConfig.Log.Files(
                                "/var/log/holdfast", 7, 1 << 20, Optional.of("rw-r-----")));
        assertThat(log.loggers())
                .containsExactly(
                        Map.entry("dev.holdfast.agent.guard", "TRACE"),
                        Map.entry("journal", "ERROR"));
    }

    @Test
    void theFieldsOfJsonCanBeNamedAnewAndJoinedByConstantOnes() {
        AgentConfig.Log log =
                good(read(
                                LEAST
                                        + """
                                        log:
                                          type: json
                                          format: [message, {levelname: severity}]
                                          static_fields: {app: holdfast}
                                        """))
                        .log();

        assertThat(log.fields())
                .containsExactly(
                        new AgentConfig.Log.Field("message", "message"),
                        new AgentConfig.Log.Field("levelname", "severity"));
        assertThat(log.staticFields()).containsExactly(Map.entry("app", "holdfast"));
    }

    @Test
    void namesOfProgramsOwnFilesAndWhatIsForOneRoleAreRead() {
        AgentConfigReader.Read read =
                read(
                        LEAST
                                + """
                                  bin_name: {postgres: edb-postgres, pg_ctl: ''}
                                  custom_conf: /etc/postgresql/own.conf
                                  parameters: {hba_file: /etc/postgresql/hba.conf}
                                  pg_hba: [local all all peer]
                                  parameters_primary: {Work_Mem: 8MB, max_connections: 50}
                                  recovery_conf: {restore_command: fetch, hot_standby_feedback: off}
                                  parameters_replica: {hot_standby_feedback: on}
                                  pg_hba_replica: [host all reports all scram-sha-256]
                                  pg_ident_primary: [map os db]
                                """);

        AgentConfig.Postgres postgresql = good(read).postgresql();
        assertThat(postgresql.binName()).containsExactly(Map.entry("postgres", "edb-postgres"));
        assertThat(postgresql.customConf()).contains("/etc/postgresql/own.conf");
        assertThat(postgresql.parameters())
                .containsExactly(Map.entry("hba_file", "/etc/postgresql/hba.conf"));
        assertThat(postgresql.roles().primary().parameters())
                .containsExactly(Map.entry("work_mem", "8MB"));
        assertThat(postgresql.roles().primary().pgIdent()).containsExactly("map os db");
        assertThat(postgresql.roles().replica().parameters())
                .containsExactly(
                        Map.entry("hot_standby_feedback", "on"),
                        Map.entry("restore_command", "fetch"));
        assertThat(postgresql.roles().replica().pgHba())
                .containsExactly("host all reports all scram-sha-256");
        assertThat(Yaml.sentences(read.problems()))
                .containsExactlyInAnyOrder(
                        "WARNING postgresql.parameters_primary.max_connections: found \"50\", which is ignored here: it must be the same in every role, so it comes only from the dynamic configuration.",
                        "WARNING postgresql.pg_hba: found lines, which are ignored, because the parameter hba_file names a file.");
    }

    @Test
    void theNameOfAProgramIsNoPath() {
        assertThat(Yaml.sentences(read(LEAST + "  bin_name: {initdb: bin/initdb}\n").problems()))
                .containsExactly(
                        "ERROR postgresql.bin_name.initdb: found \"bin/initdb\", expected the name of a program, without its directory.");
    }

    @Test
    void anotherStoreThanEtcdIsNamedAsSuch() {
        assertThat(Yaml.sentences(read(LEAST + "consul: {host: a}\n").problems()))
                .containsExactly(
                        "WARNING consul: found a map with the keys [host], which is not planned and is ignored: the store is etcd.");
    }

    @Test
    void aSuperuserNeedsNoPasswordWhereSessionsGoThroughUnixSockets() {
        assertThat(
                        Yaml.sentences(
                                read(LEAST.replace("password: a", "password: ''")
                                                + "  use_unix_socket: true\n")
                                        .problems()))
                .isEmpty();
    }
}
