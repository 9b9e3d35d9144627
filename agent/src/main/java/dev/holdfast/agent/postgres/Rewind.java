package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.PostgresPrograms.Outcome;
import dev.holdfast.agent.postgres.PostgresPrograms.Program;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/** Takes back what the data directory holds beyond another member's history. */
final class Rewind {
    private static final Map<String, String> ENGLISH = Map.of("LC_ALL", "C");
    private static final Duration CHECKPOINT_BOUND = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 200;

    /** Since this version pg_rewind knows a source that was promoted and has not checkpointed. */
    private static final int SEES_PROMOTION = 16;

    /** Since this version pg_rewind takes the place of the configuration. */
    private static final int TAKES_CONFIG_FILE = 15;

    private final AgentConfig.Postgres config;
    private final PostgresPrograms programs;
    private final PostgresFiles files;
    private final PostgresSessions sessions;
    private final UnfinishedWork unfinished;
    private final DataDirectories directories;
    private final OperatorPrograms operators;
    private final Path dataDir;

    Rewind(
            AgentConfig.Postgres config,
            PostgresPrograms programs,
            PostgresFiles files,
            PostgresSessions sessions,
            UnfinishedWork unfinished,
            DataDirectories directories,
            OperatorPrograms operators) {
        this.config = config;
        this.programs = programs;
        this.files = files;
        this.sessions = sessions;
        this.unfinished = unfinished;
        this.directories = directories;
        this.operators = operators;
        this.dataDir = Path.of(config.dataDir()).toAbsolutePath();
    }

    /**
     * See {@link Postgres#rewind}.
     *
     * @param sourceTimeline the one that the source writes to or replays now
     */
    void run(Upstream source, Timeline sourceTimeline, Consumer<String> progress) {
        ControlFile control = directories.control();
        if (sourceTimeline.equals(control.data().newestTimeline())) {
            throw new PostgresException(
                    "pg_rewind would change nothing: "
                            + source.name()
                            + " and "
                            + dataDir
                            + " are both on timeline "
                            + sourceTimeline
                            + "; follow it as it is, or make a new copy");
        }
        recover(control, progress);
        if (!programs.version().isAtLeast(SEES_PROMOTION)) {
            awaitCheckpoint(source, sourceTimeline, progress);
        }
        try {
            archive(progress);
            files.writePasswords();
            rewind(source, progress);
            // Of the server that ran here before; its pid may be another process by now.
            DurableFiles.delete(dataDir.resolve("postmaster.pid"));
        } catch (IOException e) {
            throw new PostgresException(
                    "the rewind of "
                            + dataDir
                            + " could not be prepared or tidied up: "
                            + e
                            + "; it must be writable for the agent and have room",
                    e);
        }
    }

    /**
     * Ends a crash as the server itself would. pg_rewind can do it too, but knows neither the
     * limits that prepared transactions need nor, in older versions, where the configuration is.
     */
    private void recover(ControlFile control, Consumer<String> progress) {
        if (control.data().isShutDown()) {
            return;
        }
        progress.accept("crash recovery, since the server was not shut down");
        List<String> arguments = new ArrayList<>();
        arguments.addAll(List.of("--single", "-D", dataDir.toString()));
        arguments.addAll(List.of("-c", "config_file=" + files.configuration()));
        control.limits()
                .forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
        arguments.add("template1");
        try {
            // Single-user mode refuses to be a standby.
            DurableFiles.delete(dataDir.resolve("standby.signal"));
            DurableFiles.delete(dataDir.resolve("recovery.signal"));
        } catch (IOException e) {
            throw new PostgresException(
                    dataDir + "/standby.signal cannot be removed: " + e + "; check its owner", e);
        }
        Outcome outcome =
                programs.run(
                        Program.POSTGRES,
                        arguments,
                        ENGLISH,
                        process -> unfinished.recovering("crash recovery", process),
                        progress);
        unfinished.finish();
        if (!outcome.succeeded()) {
            throw new PostgresException(
                    "crash recovery of "
                            + dataDir
                            + " ended with status "
                            + outcome.status()
                            + ": "
                            + outcome.lastWords());
        }
    }

    private void archive(Consumer<String> progress) throws IOException {
        Optional<String> command =
                setting("archive_mode").filter(mode -> !mode.equals("off")).isPresent()
                        ? setting("archive_command")
                        : Optional.empty();
        if (command.isPresent()) {
            new UnarchivedWal(dataDir, operators).archive(command.get(), progress);
        }
    }

    private void rewind(Upstream source, Consumer<String> progress) {
        String name = Program.PG_REWIND.fileName();
        List<String> arguments = arguments(source);
        unfinished.begin(name);
        boolean whole = false;
        try {
            Outcome outcome =
                    programs.run(
                            Program.PG_REWIND,
                            arguments,
                            ENGLISH,
                            process -> unfinished.changing(name, process),
                            progress);
            whole = outcome.succeeded() || !hasBegunToCopy(outcome);
            if (!outcome.succeeded()) {
                throw new PostgresException(
                        "pg_rewind of "
                                + dataDir
                                + " from "
                                + source.name()
                                + " ("
                                + source.where()
                                + ") ended with status "
                                + outcome.status()
                                + " and "
                                + (whole ? "changed nothing" : "left the directory unusable")
                                + ": "
                                + outcome.lastWords());
            }
        } finally {
            if (whole) {
                unfinished.finish();
            }
        }
    }

    private List<String> arguments(Upstream source) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--target-pgdata=" + dataDir);
        arguments.add(
                "--source-server="
                        + files.conninfo(source, config.rewind(), "holdfast_rewind")
                        + " dbname=postgres");
        arguments.add("--progress");
        if (programs.version().isAtLeast(TAKES_CONFIG_FILE)) {
            arguments.add("--config-file=" + files.configuration());
        }
        if (canRestore()) {
            arguments.add("--restore-target-wal");
        }
        return arguments;
    }

    /** WAL that is gone here may still be in the archive; without a command pg_rewind refuses. */
    private boolean canRestore() {
        boolean beside = files.configuration().startsWith(dataDir);
        if (!beside && !programs.version().isAtLeast(TAKES_CONFIG_FILE)) {
            return false;
        }
        return setting("restore_command").isPresent();
    }

    /** What the server would run with; empty where that is empty, or not known. */
    private Optional<String> setting(String parameter) {
        Outcome outcome =
                programs.run(
                        Program.POSTGRES,
                        List.of(
                                "-D",
                                dataDir.toString(),
                                "-C",
                                parameter,
                                "-c",
                                "config_file=" + files.configuration()),
                        ENGLISH,
                        process -> {},
                        line -> {});
        return outcome.succeeded()
                ? outcome.lines().stream().filter(line -> !line.isBlank()).reduce((_, last) -> last)
                : Optional.empty();
    }

    /** With --progress pg_rewind says how much it will copy before it writes the first byte. */
    private static boolean hasBegunToCopy(Outcome outcome) {
        return outcome.lines().stream()
                .anyMatch(line -> line.contains("need to copy") || line.contains(" copied"));
    }

    /**
     * Until its first checkpoint the source's {@code pg_control} names the timeline before, and an
     * older pg_rewind would take that for nothing to do.
     */
    private void awaitCheckpoint(Upstream source, Timeline timeline, Consumer<String> progress) {
        HostPort address = PostgresSessions.address(source);
        String what = "ask " + source.name() + " for a checkpoint";
        sessions.cancellable(
                what,
                () -> {
                    try (Connection session =
                                    sessions.openRemote(
                                            address, config.rewind(), CHECKPOINT_BOUND);
                            Statement statement = session.createStatement()) {
                        if (checkpointed(statement, timeline)) {
                            return true;
                        }
                        progress.accept("waiting for a checkpoint on " + source.name());
                        requestCheckpoint(statement);
                        long end = System.nanoTime() + CHECKPOINT_BOUND.toNanos();
                        while (!checkpointed(statement, timeline)) {
                            if (System.nanoTime() - end > 0) {
                                throw new PostgresException(
                                        source.name()
                                                + " ("
                                                + address
                                                + ") has made no checkpoint on timeline "
                                                + timeline
                                                + " within "
                                                + CHECKPOINT_BOUND.toSeconds()
                                                + " s, which pg_rewind needs: run CHECKPOINT there");
                            }
                            pause();
                        }
                        return true;
                    } catch (SQLException e) {
                        throw PostgresSessions.failure(what, address, e);
                    }
                });
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("to wait for a checkpoint was cancelled");
        }
    }

    private static boolean checkpointed(Statement statement, Timeline timeline)
            throws SQLException {
        try (ResultSet row =
                statement.executeQuery("SELECT timeline_id FROM pg_control_checkpoint()")) {
            return row.next() && row.getInt(1) >= timeline.id();
        }
    }

    /** Only a superuser, or since 15 a member of pg_checkpoint, may ask; others wait for it. */
    private static void requestCheckpoint(Statement statement) throws SQLException {
        try (ResultSet may =
                statement.executeQuery(
                        "SELECT rolsuper OR current_setting('server_version_num')::int >= 150000"
                                + " AND pg_has_role(oid, (SELECT r.oid FROM pg_roles r"
                                + " WHERE r.rolname = 'pg_checkpoint'), 'MEMBER')"
                                + " FROM pg_roles WHERE rolname = current_user")) {
            if (!may.next() || !may.getBoolean(1)) {
                return;
            }
        }
        statement.execute("CHECKPOINT");
    }
}
