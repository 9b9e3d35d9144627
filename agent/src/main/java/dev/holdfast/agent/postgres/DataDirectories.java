package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.PostgresPrograms.Outcome;
import dev.holdfast.agent.postgres.PostgresPrograms.Program;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks into the data directory and at the process that serves it; changes neither. */
final class DataDirectories {
    private static final Pattern FIELDS = Pattern.compile(" ");
    private static final Pattern HISTORY = Pattern.compile("[0-9A-F]{8}\\.history");

    private final Path dataDir;
    private final PostgresPrograms programs;
    private final UnfinishedWork unfinished;

    DataDirectories(Path dataDir, PostgresPrograms programs, UnfinishedWork unfinished) {
        this.dataDir = dataDir;
        this.programs = programs;
        this.unfinished = unfinished;
    }

    DataDirectory inspect() {
        try {
            if (nothingIn(dataDir)) {
                return new DataDirectory.Missing();
            }
            Optional<String> defect = defect();
            if (defect.isPresent()) {
                return new DataDirectory.Broken(defect.get());
            }
            checkVersion();
            ControlData control = told(control().data());
            return new DataDirectory.Valid(control, history(control.newestTimeline()));
        } catch (IllegalArgumentException e) {
            return new DataDirectory.Broken(dataDir + ": " + e.getMessage());
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * A base backup carries the control file of the server it was taken from, which was in
     * production; what it says of its state is that server's word and not this directory's. The
     * backup's label is what tells.
     */
    private ControlData told(ControlData control) {
        return Files.exists(dataDir.resolve("backup_label"))
                ? new ControlData(
                        control.system(),
                        ControlData.State.IN_ARCHIVE_RECOVERY,
                        control.checkpoint(),
                        control.timeline(),
                        control.redo(),
                        control.minRecoveryPoint(),
                        control.minRecoveryTimeline(),
                        control.checksums(),
                        control.walLogHints())
                : control;
    }

    /** There is no directory, or nothing in it. */
    boolean isMissing() {
        try {
            return nothingIn(dataDir);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static boolean nothingIn(Path directory) throws IOException {
        return !Files.exists(directory) || DurableFiles.isEmpty(directory);
    }

    private PostgresException unreadable(IOException cause) {
        return new PostgresException(
                "the data directory "
                        + dataDir
                        + " (postgresql.data_dir) cannot be read: "
                        + cause
                        + "; its owner must be the user that the agent runs as",
                cause);
    }

    private Optional<String> defect() {
        Optional<String> begun = unfinished.what();
        if (begun.isPresent()) {
            return Optional.of(dataDir + " is not whole: " + begun.get() + " did not finish");
        }
        if (Files.exists(dataDir.resolve("backup_manifest.tmp"))) {
            return Optional.of(dataDir + " is not whole: a base backup did not finish");
        }
        for (String needed : List.of("PG_VERSION", "global/pg_control")) {
            if (!Files.exists(dataDir.resolve(needed))) {
                return Optional.of(dataDir + " is not empty and has no " + needed);
            }
        }
        return Optional.empty();
    }

    /** Another version is the operator's affair: nothing about it is broken. */
    private void checkVersion() throws IOException {
        String found = DurableFiles.read(dataDir.resolve("PG_VERSION")).orElse("").strip();
        if (!found.equals(Integer.toString(programs.version().major()))) {
            throw new PostgresException(
                    "the data directory "
                            + dataDir
                            + " is of PostgreSQL "
                            + found
                            + ", but "
                            + programs.path(Program.POSTGRES)
                            + " is "
                            + programs.version().full()
                            + ": correct postgresql.data_dir or postgresql.bin_dir, or run"
                            + " pg_upgrade");
        }
    }

    /**
     * Reads {@code pg_control}.
     *
     * @throws IllegalArgumentException when it is damaged
     */
    ControlFile control() {
        Outcome outcome =
                programs.run(
                        Program.PG_CONTROLDATA,
                        List.of("-D", dataDir.toString()),
                        Map.of("LC_ALL", "C"),
                        process -> {},
                        line -> {});
        boolean damaged =
                outcome.lines().stream()
                        .anyMatch(line -> line.toLowerCase(Locale.ROOT).contains("crc"));
        if (!outcome.succeeded() || damaged) {
            throw new IllegalArgumentException(
                    "pg_controldata says: "
                            + (damaged ? outcome.lines().getFirst() : outcome.lastWords()));
        }
        return ControlFile.parse(outcome.lines());
    }

    /** Without a file PostgreSQL too takes the timeline for one without ancestors. */
    private TimelineHistory history(Timeline timeline) throws IOException {
        Path file = dataDir.resolve("pg_wal").resolve(fileOf(timeline));
        return TimelineHistory.parse(timeline, DurableFiles.read(file).orElse(""));
    }

    /** Whether there is the history of a timeline that is newer than {@code pg_control} says. */
    boolean hasNewerHistory(DataDirectory.Valid valid) {
        String newest = fileOf(valid.control().newestTimeline());
        try (Stream<Path> files = Files.list(dataDir.resolve("pg_wal"))) {
            return files.map(file -> file.getFileName().toString())
                    .anyMatch(
                            name -> HISTORY.matcher(name).matches() && name.compareTo(newest) > 0);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * The same directory under a server that has replayed it to this timeline: {@code pg_control}
     * learns of one only by a restart point, or when an old page is written.
     */
    DataDirectory.Valid replayedTo(DataDirectory.Valid valid, Timeline timeline) {
        try {
            return timeline.isAfter(valid.control().newestTimeline())
                    ? new DataDirectory.Valid(valid.control(), history(timeline))
                    : valid;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static String fileOf(Timeline timeline) {
        return String.format(Locale.ROOT, "%08X.history", timeline.id());
    }

    /**
     * The pid in {@code postmaster.pid}, if it still is that postmaster: a pid may have been given
     * to another process since, and one that nobody has reaped serves nothing.
     */
    Optional<Long> runningPostmaster() {
        try {
            Optional<Long> pid =
                    DurableFiles.read(dataDir.resolve("postmaster.pid"))
                            .flatMap(text -> text.lines().findFirst())
                            .flatMap(DataDirectories::positive);
            return pid.isPresent() && isPostmasterHere(pid.get()) ? pid : Optional.empty();
        } catch (IOException e) {
            throw new PostgresException(
                    "cannot tell whether PostgreSQL runs in "
                            + dataDir
                            + ": "
                            + e
                            + "; the agent must run as the user that PostgreSQL runs as",
                    e);
        }
    }

    /** A server in single-user mode writes its pid negated, and is no postmaster. */
    private static Optional<Long> positive(String text) {
        try {
            long pid = Long.parseLong(text.strip());
            return pid > 0 ? Optional.of(pid) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private boolean isPostmasterHere(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        Optional<String> stat = DurableFiles.read(process.resolve("stat"));
        if (stat.isEmpty()) {
            return false;
        }
        // The name stands in brackets and may hold blanks and brackets itself; the state follows.
        int open = stat.get().indexOf('(');
        int close = stat.get().lastIndexOf(')');
        String name = stat.get().substring(open + 1, close);
        String state =
                FIELDS.splitAsStream(stat.get().substring(close + 2)).findFirst().orElse("Z");
        if (!(name.equals("postgres") || name.equals("postmaster"))
                || state.equals("Z")
                || state.equals("X")) {
            return false;
        }
        Path directory = process.resolve("cwd");
        return Files.exists(directory) && Files.isSameFile(directory, dataDir);
    }
}
