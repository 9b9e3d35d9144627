package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.OwnAddress;
import dev.holdfast.agent.time.BootClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

/**
 * The guard with a real PostgreSQL. As root the guard, and so PostgreSQL, runs as the user
 * postgres.
 */
class GuardPostgresIT {
    private static final int SESSIONS = 30;

    @TempDir Path home;

    private Told told = new Told();
    private final List<Connection> sessions = new ArrayList<>();
    private Path dataDir;
    private Path programs;
    private int port;
    private GuardClient client;
    private long postmaster;

    @BeforeEach
    void startPostgres() throws IOException, SQLException {
        programs = programs();
        dataDir = home.resolve("data");
        Path guardDir =
                Files.createDirectory(
                        home.resolve("guard"),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        if (isRoot()) {
            GuardUnderTest.run("chown", "-R", "postgres:", home.toString());
        }
        asServer(
                programs.resolve("initdb").toString(),
                "-D",
                dataDir.toString(),
                "-A",
                "trust",
                "-U",
                "postgres",
                "-N");
        asServer(GuardUnderTest.binary().toString(), "--dir", guardDir.toString());
        client = GuardClient.connect(guardDir, told);
        port = OwnAddress.freePort();
        postmaster = startServer();
        await().atMost(Told.PATIENCE).ignoreExceptions().until(() -> sessions.add(connect()));
        while (sessions.size() < SESSIONS) {
            sessions.add(connect());
        }
    }

    private long startServer() {
        return answer(
                client.start(
                        dataDir,
                        home.resolve("log"),
                        programs.resolve("postgres"),
                        List.of(
                                "-D",
                                dataDir.toString(),
                                "-p",
                                Integer.toString(port),
                                "-h",
                                OwnAddress.HOST,
                                "-k",
                                "",
                                "-c",
                                "max_connections=100",
                                "-c",
                                "shared_buffers=16MB")));
    }

    @AfterEach
    void endPostgres() throws SQLException {
        answer(client.kill());
        told.awaitState(state -> state.phase() == GuardState.Phase.NONE);
        answer(client.quit());
        client.close();
        for (Connection session : sessions) {
            session.close();
        }
    }

    @Test
    void allBackendsAreGoneAfterThePostmasterWasKilled() throws IOException {
        assertThat(processes()).hasSizeGreaterThan(SESSIONS);
        GuardUnderTest.kill("KILL", postmaster);
        told.awaitEvent(new Told.Gone(postmaster));
        assertThat(processes()).isEmpty();
        assertThat(told.events()).contains(new Told.Exited(postmaster, new ExitCause.Signalled(9)));
    }

    @Test
    void allBackendsAreGoneAfterTheDeadlineThoughTheyAreBusyOrStopped() throws Exception {
        for (Connection session : sessions) {
            Statement busy = session.createStatement();
            Thread.ofVirtual().start(() -> spin(busy));
        }
        await().atMost(Told.PATIENCE).until(() -> running() >= SESSIONS);
        // One that stays: the newest process may be that of a question, and gone by now.
        GuardUnderTest.kill("STOP", sessions.getFirst().unwrap(PGConnection.class).getBackendPID());
        answer(client.arm(new BootClock().now().plus(Duration.ofSeconds(2))));
        told.awaitEvent(new Told.Gone(postmaster));
        assertThat(processes()).isEmpty();
    }

    @Test
    void theNextGuardEndsAllBackendsThoughTheyAreNotItsChildren() throws Exception {
        for (Connection session : sessions) {
            Statement busy = session.createStatement();
            Thread.ofVirtual().start(() -> spin(busy));
        }
        await().atMost(Told.PATIENCE).until(() -> running() >= SESSIONS);
        answer(client.arm(new BootClock().now().plus(Duration.ofSeconds(3))));
        GuardUnderTest.kill("KILL", client.guardPid());
        await().atMost(Told.PATIENCE)
                .until(() -> told.events().stream().anyMatch(Told.Disconnected.class::isInstance));
        assertThat(processes()).hasSizeGreaterThan(SESSIONS);
        asServer(GuardUnderTest.binary().toString(), "--dir", home.resolve("guard").toString());
        await().atMost(Told.PATIENCE).until(() -> processes().isEmpty());
        told = new Told();
        client = GuardClient.connect(home.resolve("guard"), told);
        assertThat(told.state())
                .isEqualTo(new GuardState(new GuardState.Standby(), 0, GuardState.Phase.NONE));
    }

    @Test
    void aGuardUpgradedUnderLoadGoesOnAsPostgresParent() throws Exception {
        for (Connection session : sessions) {
            Statement busy = session.createStatement();
            Thread.ofVirtual().start(() -> spin(busy));
        }
        await().atMost(Told.PATIENCE).until(() -> running() >= SESSIONS);
        answer(client.arm(new BootClock().now().plus(Duration.ofMinutes(5))));
        assertThat(GuardUnderTest.failure(client.upgrade(GuardUnderTest.binary().toRealPath())))
                .isInstanceOf(GuardSilentException.class);
        told = new Told();
        client = GuardClient.connect(home.resolve("guard"), told);
        assertThat(told.state().postmasterPid()).isEqualTo(postmaster);
        assertThat(running()).isGreaterThanOrEqualTo(SESSIONS);
        answer(client.arm(new BootClock().now().plus(Duration.ofSeconds(1))));
        told.awaitEvent(new Told.Gone(postmaster));
        assertThat(told.events()).contains(new Told.Exited(postmaster, new ExitCause.Signalled(9)));
        assertThat(processes()).isEmpty();
    }

    @Test
    void aFastShutdownIsACleanExitAndPostgresStartsAgain() {
        answer(client.signal(PostmasterSignal.INT));
        told.awaitEvent(new Told.Gone(postmaster));
        assertThat(told.events())
                .containsSubsequence(
                        new Told.Exited(postmaster, new ExitCause.Status(0)),
                        new Told.Gone(postmaster));
        long again = startServer();
        assertThat(again).isNotEqualTo(postmaster);
        await().atMost(Told.PATIENCE).ignoreExceptions().until(() -> sessions.add(connect()));
    }

    private static void spin(Statement busy) {
        try (busy) {
            // In the select list the series is made row by row; after FROM it would be stored, and
            // fill the disk.
            busy.execute("select count(*) from (select generate_series(1, 10000000000)) s");
        } catch (SQLException ended) {
            assertThat(ended.getSQLState()).startsWith("08");
        }
    }

    private long running() throws SQLException {
        try (Connection watching = connect();
                Statement statement = watching.createStatement();
                var rows =
                        statement.executeQuery(
                                "select count(*) from pg_stat_activity where state = 'active' and query like '%generate_series%' and pid <> pg_backend_pid()")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** The processes that stand in the data directory: the postmaster and all that it made. */
    private List<Long> processes() throws IOException {
        Path real = dataDir.toRealPath();
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            return entries.filter(p -> p.getFileName().toString().matches("\\d+"))
                    .filter(p -> standsIn(p, real))
                    .map(p -> Long.valueOf(p.getFileName().toString()))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }

    private static boolean standsIn(Path process, Path directory) {
        try {
            return Files.readSymbolicLink(process.resolve("cwd")).equals(directory);
        } catch (IOException endedOrNotOurs) {
            return false;
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://%s:%d/postgres?user=postgres".formatted(OwnAddress.HOST, port));
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    /** Runs a command as the user that PostgreSQL may run as. */
    private static void asServer(String... command) throws IOException {
        List<String> whole = new ArrayList<>();
        if (isRoot()) {
            whole.addAll(
                    List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"));
        }
        whole.addAll(List.of(command));
        GuardUnderTest.run(whole.toArray(String[]::new));
    }

    /** The newest PostgreSQL that Debian's packages put here. */
    private static Path programs() throws IOException {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.filter(version -> Files.isExecutable(version.resolve("bin/postgres")))
                    .max(
                            Comparator.comparingInt(version ->
                                    Integer.parseInt(String.valueOf(version.getFileName()))))
                    .orElseThrow()
                    .resolve("bin");
        }
    }
}
