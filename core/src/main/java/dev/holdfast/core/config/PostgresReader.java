package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfig.Postgres;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads {@code postgresql} of a member's file. */
final class PostgresReader {
    private static final int DEFAULT_PORT = 5432;
    private static final Addresses.Listen NOWHERE = new Addresses.Listen("", DEFAULT_PORT);

    /**
     * What pg_basebackup is told by Holdfast itself, and what would make its result no data
     * directory.
     */
    private static final List<String> BASEBACKUP_SET_BY_HOLDFAST =
            List.of(
                    "pgdata",
                    "format",
                    "wal-method",
                    "xlog-method",
                    "gzip",
                    "compress",
                    "version",
                    "help",
                    "dbname",
                    "host",
                    "port",
                    "username",
                    "password",
                    "no-password",
                    "progress",
                    "write-recovery-conf");

    private static final List<String> PROGRAMS =
            List.of(
                    "pg_ctl",
                    "initdb",
                    "pg_controldata",
                    "pg_basebackup",
                    "postgres",
                    "pg_isready",
                    "pg_rewind");

    private PostgresReader() {}

    /**
     * The section; what stands in for a value that is missing is never used, because there is an
     * error then.
     */
    static Postgres read(ConfigTree root) {
        ConfigTree postgresql = root.section("postgresql");
        Addresses.Listen listen = listen(postgresql);
        Optional<String> dataDir = dataDir(postgresql);
        ConfigTree authentication = postgresql.section("authentication");
        DatabaseUser superuser = role(authentication, "superuser");
        DatabaseUser replication = role(authentication, "replication");
        DatabaseUser rewind =
                authentication.has("rewind") ? role(authentication, "rewind") : superuser;
        withoutEffect(postgresql);
        ParametersReader.ownFiles(postgresql);
        return new Postgres(
                listen.hosts(),
                listen.port(),
                connectAddress(postgresql, listen),
                AddressKeys.address(postgresql, "proxy_address", DEFAULT_PORT),
                dataDir.orElse(""),
                postgresql.absolutePath("config_dir").or(() -> dataDir).orElse(""),
                postgresql.absolutePath("bin_dir"),
                postgresql
                        .absolutePath("pgpass")
                        .orElseGet(() -> dataDir.orElse("") + ".guard/pgpass"),
                superuser,
                replication,
                rewind,
                ParametersReader.ofMember(postgresql.section("parameters")),
                postgresql.lines("pg_hba"),
                postgresql.lines("pg_ident"),
                ProgramOptions.read(
                        postgresql, "basebackup", "pg_basebackup", BASEBACKUP_SET_BY_HOLDFAST),
                postgresql.integer("keep_directories", 0, 100).orElse(5),
                postgresql
                        .read(
                                "keep_aside",
                                "auto, reflink, copy or rename",
                                PostgresReader::keeping)
                        .orElse(Keeping.AUTO),
                postgresql.flag("use_unix_socket").orElse(false),
                postgresql.flag("use_unix_socket_repl").orElse(false),
                postgresql
                        .duration("pg_ctl_timeout", Duration.ofSeconds(1), Duration.ofDays(1))
                        .orElse(Duration.ofSeconds(60)),
                programNames(postgresql.section("bin_name")),
                postgresql.absolutePath("custom_conf"),
                RoleSettings.read(postgresql));
    }

    private static Optional<Keeping> keeping(Object value) {
        return switch (Scalars.text(value).orElse("")) {
            case "auto" -> Optional.of(Keeping.AUTO);
            case "reflink" -> Optional.of(Keeping.REFLINK);
            case "copy" -> Optional.of(Keeping.COPY);
            case "rename" -> Optional.of(Keeping.RENAME);
            default -> Optional.empty();
        };
    }

    /** Only those that are named otherwise than usual. */
    private static SortedMap<String, String> programNames(ConfigTree names) {
        SortedMap<String, String> read = new TreeMap<>();
        for (String program : PROGRAMS) {
            names.read(
                            program,
                            "the name of a program, without its directory",
                            value ->
                                    Scalars.text(value)
                                            .map(String::strip)
                                            .filter(name ->
                                                    name.chars()
                                                            .noneMatch(c -> c == '/' || c < 32)))
                    .filter(name -> !name.isEmpty())
                    .ifPresent(name -> read.put(program, name));
        }
        return read;
    }

    private static Addresses.Listen listen(ConfigTree postgresql) {
        String expected = "addresses and a port, such as \"127.0.0.1,::1:5432\" or \"*:5432\"";
        if (postgresql.requiredText("listen", expected).isEmpty()) {
            return NOWHERE;
        }
        return postgresql
                .read(
                        "listen",
                        expected,
                        value ->
                                Scalars.text(value)
                                        .flatMap(text -> Addresses.listen(text, DEFAULT_PORT)))
                .orElse(NOWHERE);
    }

    private static HostPort connectAddress(ConfigTree postgresql, Addresses.Listen listen) {
        String firstHost = listen.hosts().split(",", -1)[0];
        return AddressKeys.connectAddress(
                postgresql, new HostPort(firstHost, listen.port()), DEFAULT_PORT);
    }

    private static Optional<String> dataDir(ConfigTree postgresql) {
        String expected =
                "an absolute path, one that starts with /, of PostgreSQL's data directory";
        if (postgresql.requiredText("data_dir", expected).isEmpty()) {
            return Optional.empty();
        }
        Optional<String> dataDir = postgresql.absolutePath("data_dir");
        if (dataDir.filter("/"::equals).isPresent()) {
            postgresql.error("data_dir", "\"/\"", "a directory below the root");
        }
        return dataDir;
    }

    private static DatabaseUser role(ConfigTree authentication, String role) {
        ConfigTree section = authentication.section(role);
        String user = section.requiredText("username", "the name of the " + role + " user");
        if (user.chars().anyMatch(c -> c < 32)) {
            section.error("username", Problem.show(user), "a name without control characters");
        }
        return new DatabaseUser(user, section.secret("password").orElse(""), connection(section));
    }

    private static SortedMap<String, String> connection(ConfigTree section) {
        SortedMap<String, String> connection = new TreeMap<>();
        List<String> threeWays = List.of("disable", "prefer", "require");
        choice(
                section,
                "sslmode",
                List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
                connection);
        choice(section, "gssencmode", threeWays, connection);
        choice(section, "channel_binding", threeWays, connection);
        choice(section, "sslnegotiation", List.of("postgres", "direct"), connection);
        for (String key : List.of("sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir")) {
            section.absolutePath(key).ifPresent(path -> connection.put(key, path));
        }
        section.secret("sslpassword")
                .filter(password -> !password.isEmpty())
                .ifPresent(password -> connection.put("sslpassword", password));
        return connection;
    }

    private static void choice(
            ConfigTree section,
            String key,
            List<String> choices,
            SortedMap<String, String> connection) {
        section.text(key)
                .ifPresent(mode -> {
                    if (choices.contains(mode)) {
                        connection.put(key, mode);
                    } else {
                        section.error(
                                key, Problem.show(mode), "one of " + String.join(", ", choices));
                    }
                });
    }

    private static void withoutEffect(ConfigTree postgresql) {
        postgresql.without(
                "comes only from the dynamic configuration and is ignored here",
                "use_pg_rewind",
                "use_slots");
        postgresql.unsupported(
                "pg_hosts",
                "pg_hosts_primary",
                "pg_hosts_replica",
                "pg_hosts_standby_leader",
                "replica_method");
        ClusterConfigReader.dataDirectoryPolicies(postgresql);
    }
}
