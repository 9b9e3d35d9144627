package dev.holdfast.agent.postgres;

import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.guard.GuardKeeper;
import dev.holdfast.agent.guard.GuardUnderTest;
import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.agent.time.BootClock;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A real PostgreSQL held by a real guard. */
final class GuardedServer implements TestHost, AutoCloseable {
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final TestServer server;
    private final Path template;
    private final GuardKeeper guard;
    private final BootClock clock = new BootClock();
    private final AtomicInteger commits;
    private boolean present;
    private Optional<Long> stoppedCheckpointer = Optional.empty();

    /**
     * Starts a guard.
     *
     * @param home of all members of one test
     * @param template a cluster to begin with
     * @param commits numbers the transactions of all members
     */
    GuardedServer(Path home, String name, Path template, AtomicInteger commits) {
        this.server = new TestServer(home, name);
        this.template = template;
        this.commits = commits;
        Path directory = home.resolve(name + ".guard");
        try {
            Path program = GuardUnderTest.binary();
            makeGuardDirectory(directory, Files.getOwner(home).getName());
            Process started =
                    TestServer.asUnprivilegedUser()
                            .start(
                                    new ProcessBuilder(
                                            program.toString(), "--dir", directory.toString()));
            await("the guard").until(() -> !started.isAlive());
            this.guard = keeper(program, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        guard.start();
        await("the guard of " + name).atMost(BOUND).until(this::hasGuard);
    }

    private static void makeGuardDirectory(Path directory, String owner) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectory(directory);
        }
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        Files.setOwner(
                directory,
                directory
                        .getFileSystem()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(owner));
    }

    private GuardKeeper keeper(Path program, Path directory) {
        return new GuardKeeper(
                new GuardKeeper.Setup(
                        program,
                        directory,
                        server.dataDir,
                        Optional.empty(),
                        new AgentConfig.Watchdog(
                                Optional.of(AgentConfig.Watchdog.Mode.OFF),
                                "/dev/watchdog",
                                Optional.empty())),
                Optional::empty,
                new GuardKeeper.Listener() {
                    @Override
                    public void onFact(GuardFact fact) {
                        seen(fact);
                    }

                    @Override
                    public void onReplaced(String why) {
                        throw new AssertionError(why);
                    }

                    @Override
                    public void onAddress(String address, String state, String why) {}

                    @Override
                    public void onBarred(Optional<String> why) {}

                    @Override
                    public void onUnwatched(Optional<String> why) {}
                });
    }

    private synchronized void seen(GuardFact fact) {
        present = fact instanceof GuardFact.Present;
    }

    private synchronized boolean hasGuard() {
        return present;
    }

    @Override
    public MemberName name() {
        return server.name;
    }

    @Override
    public LocalPostgres postgres() {
        return server.postgres();
    }

    @Override
    public GuardPort guard() {
        return guard;
    }

    @Override
    public MonoTime now() {
        return clock.now();
    }

    @Override
    public Upstream asUpstream() {
        return server.asUpstream();
    }

    /** The interval between two attempts to connect is PostgreSQL's own. */
    @Override
    public ServerFiles settings() {
        ServerFiles files = server.files(Optional.empty());
        SortedMap<String, String> parameters = new TreeMap<>(files.parameters());
        parameters.remove("wal_retrieve_retry_interval");
        return new ServerFiles(
                parameters,
                files.hba(),
                files.ident(),
                Optional.empty(),
                Optional.empty(),
                files.syncNames());
    }

    @Override
    public void makeCluster() {
        server.copyCluster(template);
    }

    /** Makes what {@link #makeCluster} copies. */
    void makeTemplate() {
        server.makeCluster();
        server.start(settings(), Postgres.Role.PRIMARY);
        server.postgres().createUsers();
        server.execute("CREATE TABLE written (i int)");
        try {
            server.stop();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Commit commit() {
        int number = commits.incrementAndGet();
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> outcome.complete(inserted(number)));
        return new Written(number, outcome);
    }

    private Outcome inserted(int number) {
        try {
            return server.sql(session -> {
                try (Statement statement = session.createStatement()) {
                    statement.execute("SET synchronous_commit = on");
                    statement.execute("INSERT INTO written VALUES (" + number + ")");
                    return isCancelled(statement) ? Outcome.CANCELLED : Outcome.COMMITTED;
                }
            });
        } catch (PostgresException e) {
            return Outcome.FAILED;
        }
    }

    private static boolean isCancelled(Statement statement) throws SQLException {
        SQLWarning warning = statement.getWarnings();
        return warning != null
                && String.valueOf(warning.getMessage()).contains("synchronous replication");
    }

    private record Written(int number, CompletableFuture<Outcome> done) implements Commit {
        @Override
        public Outcome outcome() {
            return done.getNow(Outcome.NOTHING_YET);
        }
    }

    @Override
    public void writeMuch() {
        server.execute("INSERT INTO written SELECT 0 FROM generate_series(1, 600000)");
    }

    @Override
    public boolean sees(Commit commit) {
        String query = "SELECT count(*) FROM written WHERE i = " + ((Written) commit).number();
        return server.query(query).equals("1");
    }

    @Override
    public void cancelWaits() {
        server.query(
                "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    }

    @Override
    public void stopCheckpointer() {
        long pid =
                server.sql((Connection session) -> {
                    try (Statement statement = session.createStatement();
                            var row =
                                    statement.executeQuery(
                                            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")) {
                        row.next();
                        return row.getLong(1);
                    }
                });
        run("kill", "-STOP", Long.toString(pid));
        stoppedCheckpointer = Optional.of(pid);
    }

    @Override
    public void continueCheckpointer() {
        stoppedCheckpointer.ifPresent(pid -> run("kill", "-CONT", Long.toString(pid)));
        stoppedCheckpointer = Optional.empty();
    }

    @Override
    public void holdReplay() {
        server.query("SELECT pg_wal_replay_pause()::text");
    }

    @Override
    public void releaseReplay() {
        server.query("SELECT pg_wal_replay_resume()::text");
    }

    private static void run(String... command) {
        try {
            Process process = new ProcessBuilder(command).inheritIO().start();
            if (process.onExit().join().exitValue() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the server, and the guard. */
    @Override
    public void close() {
        long pid = guard.postmaster();
        CompletableFuture<Void> gone = guard.gone(pid);
        guard.kill().orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
        if (pid != 0) {
            gone.orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
        }
        guard.quit().orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
        guard.close();
        server.close();
    }
}
