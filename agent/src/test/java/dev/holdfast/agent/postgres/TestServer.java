package dev.holdfast.agent.postgres;

import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.OwnAddress;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A real server under {@link LocalPostgres}, started by the test itself. PostgreSQL refuses root,
 * so a test that runs as root starts its programs as the user {@code postgres}.
 */
final class TestServer implements AutoCloseable {
    static final List<String> HBA =
            List.of(
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication all 127.0.0.1/32 scram-sha-256");

    /**
     * For PostgreSQL's programs. No power fails here, and to wait until the disk has the thousand
     * files of a cluster takes longer than to write them.
     */
    static final String NO_SYNC = "no-sync";

    private static final Duration BOUND = Duration.ofSeconds(60);

    final MemberName name;
    final AgentConfig.Postgres config;
    final Path dataDir;
    private final Path home;
    private final ProcessRunner runner;
    private LocalPostgres postgres;
    private Optional<Process> process = Optional.empty();

    TestServer(Path home, String name) {
        this(home, name, password -> password);
    }

    TestServer(Path home, String name, java.util.function.UnaryOperator<String> passwords) {
        this.home = home;
        this.name = new MemberName(name);
        this.dataDir = home.resolve(name);
        int port = OwnAddress.freePort();
        this.config =
                new AgentConfig.Postgres(
                        OwnAddress.HOST,
                        port,
                        new HostPort(OwnAddress.HOST, port),
                        Optional.empty(),
                        dataDir.toString(),
                        dataDir.toString(),
                        Optional.of(binDir().toString()),
                        home.resolve(name + ".guard/pgpass").toString(),
                        new DatabaseUser("postgres", passwords.apply("super's \\ secret: \"1\"")),
                        new DatabaseUser("repli'cator", passwords.apply("copy' \\ : %me")),
                        new DatabaseUser("rew\"inder", passwords.apply("turn back")),
                        new TreeMap<>(),
                        List.of(),
                        List.of(),
                        List.of(NO_SYNC),
                        2,
                        Keeping.AUTO,
                        false,
                        false,
                        BOUND,
                        new TreeMap<>(),
                        Optional.empty(),
                        RoleSettings.ByRole.none());
        this.runner = asUnprivilegedUser();
        this.postgres = open();
    }

    private LocalPostgres open() {
        return LocalPostgres.open(
                "the cluster", name, config, home.resolve(name + ".guard"), runner);
    }

    /** What an agent that was started anew knows: nothing. */
    LocalPostgres reopened() {
        postgres.close();
        postgres = open();
        return postgres;
    }

    LocalPostgres postgres() {
        return postgres;
    }

    /** The newest PostgreSQL of this machine. */
    static Path binDir() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.max(
                            Comparator.comparingInt(v -> Integer.parseInt(v.getFileName() + "")))
                    .orElseThrow()
                    .resolve("bin");
        } catch (IOException e) {
            throw new UncheckedIOException("the tests need PostgreSQL in /usr/lib/postgresql", e);
        }
    }

    /** A directory of its own that the programs can write to. */
    static Path newHome() throws IOException {
        Path home = Files.createTempDirectory(Path.of("/tmp"), "holdfast-pg-");
        if (isRoot()) {
            Files.setOwner(
                    home,
                    home.getFileSystem()
                            .getUserPrincipalLookupService()
                            .lookupPrincipalByName("postgres"));
        }
        return home;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    static ProcessRunner asUnprivilegedUser() {
        return builder -> {
            if (isRoot()) {
                List<String> command =
                        new ArrayList<>(
                                List.of(
                                        "setpriv",
                                        "--reuid=postgres",
                                        "--regid=postgres",
                                        "--clear-groups"));
                command.addAll(builder.command());
                builder.command(command);
            }
            return builder.start();
        };
    }

    /** Makes a cluster of its own. */
    void makeCluster() {
        postgres.initdb(List.of("encoding=UTF8", "locale=C", NO_SYNC), _ -> {});
    }

    /** The same by a copy of one that was stopped: initdb takes longer than most tests. */
    void copyCluster(Path template) {
        try {
            Process copying =
                    new ProcessBuilder("cp", "-a", template.toString(), dataDir.toString())
                            .inheritIO()
                            .start();
            if (copying.onExit().join().exitValue() != 0) {
                throw new IllegalStateException(template + " cannot be copied to " + dataDir);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ServerFiles files(Optional<TestServer> upstream) {
        return new ServerFiles(
                new TreeMap<>(
                        Map.of(
                                "shared_buffers", "16MB",
                                "fsync", "off",
                                "wal_retrieve_retry_interval", "100ms",
                                "unix_socket_directories", home.toString())),
                HBA,
                List.of(),
                upstream.map(TestServer::asUpstream),
                upstream.map(u -> name.slotName()),
                "");
    }

    static ServerFiles with(ServerFiles files, String parameter, String value) {
        SortedMap<String, String> parameters = new TreeMap<>(files.parameters());
        parameters.put(parameter, value);
        return new ServerFiles(
                parameters,
                files.hba(),
                files.ident(),
                files.upstream(),
                files.slotName(),
                files.syncNames());
    }

    Upstream asUpstream() {
        return new Upstream(name, OwnAddress.HOST, config.port());
    }

    TestServer start(ServerFiles files, Postgres.Role role) {
        launch(files, role);
        awaitServer(server -> server instanceof Server.Primary || server instanceof Server.Standby);
        return this;
    }

    /** Starts it without waiting until it takes sessions. */
    void launch(ServerFiles files, Postgres.Role role) {
        postgres.prepare(files, role);
        List<String> command = new ArrayList<>();
        command.add(postgres.executable().toString());
        command.addAll(postgres.startArguments(files));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(postgres.log().toFile()));
        try {
            process = Optional.of(runner.start(builder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Server awaitServer(Predicate<Server> wanted) {
        return await("the server " + name)
                .atMost(BOUND)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> postgres.freshProbe(), wanted);
    }

    void reload() {
        signal("HUP");
    }

    /** Fast shutdown. */
    void stop() throws InterruptedException {
        signal("INT");
        process.orElseThrow().waitFor();
        process = Optional.empty();
    }

    /** As a crash: the postmaster first, so that nobody writes a word any more. */
    void kill() {
        Process killed = process.orElseThrow();
        PostgresPrograms.endTree(killed.toHandle());
        process = Optional.empty();
    }

    void signal(String signal) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.orElseThrow().pid()))
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    long pid() {
        return process.orElseThrow().pid();
    }

    /** Runs SQL as the superuser. */
    <T> T sql(PostgresSessions.Work<T> work) {
        return new PostgresSessions(config)
                .run(
                        "test",
                        Duration.ofSeconds(30),
                        session -> {
                            try (var statement = session.createStatement()) {
                                statement.execute("SET search_path = public");
                            }
                            return work.in(session);
                        });
    }

    void execute(String sql) {
        sql(session -> {
            try (var statement = session.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    String query(String sql) {
        return sql(session -> {
            try (var statement = session.createStatement();
                    var row = statement.executeQuery(sql)) {
                row.next();
                return row.getString(1);
            }
        });
    }

    @Override
    public void close() {
        postgres.close();
        if (process.isPresent()) {
            kill();
        }
    }
}
