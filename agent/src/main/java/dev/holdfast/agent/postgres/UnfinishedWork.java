package dev.holdfast.agent.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The marker of a program that is changing the data directory. It lies outside, since initdb and
 * pg_basebackup want an empty directory, and it outlives the agent: a directory whose marker is
 * still there is not whole, and the program that it names may still be writing.
 */
final class UnfinishedWork {
    private static final Pattern LINES = Pattern.compile("\n");

    private static final String CHANGES = "changes";
    private static final String KEEPS_WHOLE = "keeps whole";

    private static final String NEW_CLUSTER = "new cluster";

    private final Path marker;
    private final AtomicBoolean newClusterHere = new AtomicBoolean();

    UnfinishedWork(Path guardDirectory) {
        this.marker = guardDirectory.resolve("unfinished");
    }

    /** What was begun and not finished, as a program's name. */
    Optional<String> what() {
        return lines().filter(lines ->
                        lines.get(0).equals(CHANGES)
                                || (lines.get(0).equals(NEW_CLUSTER) && !newClusterHere.get()))
                .map(lines -> lines.get(1));
    }

    /**
     * The directory has its files, and what is to become of them is not done: only this process
     * knows how far it is.
     */
    void newCluster() {
        write(NEW_CLUSTER + "\nthe bootstrap of a new cluster\n");
        newClusterHere.set(true);
    }

    /** Marks before the first change. */
    void begin(String what) {
        write(CHANGES + "\n" + what + "\n");
    }

    /** Notes which process does it, so that a later agent can end it. */
    void changing(String what, ProcessHandle process) {
        write(CHANGES + "\n" + what + "\n" + process.pid() + "\n" + started(process) + "\n");
    }

    /** As {@link #changing}, for a process that may be ended without harm to the directory. */
    void recovering(String what, ProcessHandle process) {
        write(KEEPS_WHOLE + "\n" + what + "\n" + process.pid() + "\n" + started(process) + "\n");
    }

    /** The directory is whole, or empty again. */
    void finish() {
        try {
            DurableFiles.delete(marker);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Ends the program that an earlier agent left running: it is told by pid and start, so a pid
     * that was given away again is left alone.
     */
    void endLeftover() {
        lines().filter(lines -> lines.size() == 4)
                .flatMap(lines ->
                        ProcessHandle.of(Long.parseLong(lines.get(2)))
                                .filter(process -> started(process).equals(lines.get(3))))
                .ifPresent(PostgresPrograms::endTree);
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("unknown");
    }

    private Optional<List<String>> lines() {
        try {
            return DurableFiles.read(marker)
                    .map(text -> LINES.splitAsStream(text))
                    .map(Stream::toList)
                    .filter(lines -> lines.size() >= 2);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void write(String text) {
        try {
            DurableFiles.writeWithDirectory(marker, text);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private PostgresException failed(IOException cause) {
        return new PostgresException(
                "the file "
                        + marker
                        + " (in guard.dir) cannot be kept: "
                        + cause
                        + "; correct guard.dir or its permissions",
                cause);
    }
}
