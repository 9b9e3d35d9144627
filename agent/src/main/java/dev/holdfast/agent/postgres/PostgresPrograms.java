package dev.holdfast.agent.postgres;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The programs that come with PostgreSQL: where they are, which version, and how they are run. */
final class PostgresPrograms {
    /** What the agent runs. */
    enum Program {
        POSTGRES,
        INITDB,
        PG_BASEBACKUP,
        PG_REWIND,
        PG_CONTROLDATA;

        String fileName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What a program came to.
     *
     * @param lines the last lines of its output and errors, in order
     */
    record Outcome(int status, List<String> lines) {
        boolean succeeded() {
            return status == 0;
        }

        /** The end of what it said, on one line, for a message. */
        String lastWords() {
            List<String> said =
                    lines.stream().map(String::strip).filter(l -> !l.isEmpty()).toList();
            return said.isEmpty()
                    ? "it printed nothing"
                    : String.join(" | ", said.subList(Math.max(0, said.size() - 8), said.size()));
        }
    }

    /** Sees each process that is started, before its first line is read. */
    @FunctionalInterface
    interface Started {
        void process(ProcessHandle process);
    }

    private static final int KEPT_LINES = 200;
    private static final int SECONDS_TO_END = 10;
    private static final Duration LAST_LINES = Duration.ofSeconds(2);

    private final Optional<String> binDir;
    private final Map<String, String> names;
    private final List<Path> searched;
    private final ProcessRunner runner;
    private final PgVersion version;

    private PostgresPrograms(
            Optional<String> binDir,
            Map<String, String> names,
            List<Path> searched,
            ProcessRunner runner) {
        this.binDir = binDir;
        this.names = names;
        this.searched = searched;
        this.runner = runner;
        for (Program program : Program.values()) {
            path(program);
        }
        this.version = readVersion();
    }

    /**
     * Finds all programs and asks for their version.
     *
     * @param binDir {@code postgresql.bin_dir}; the directories of {@code searchPath} without it
     * @param names {@code postgresql.bin_name}: what a program is called here, by its usual name
     * @param searchPath as in the environment variable PATH
     */
    static PostgresPrograms locate(
            Optional<String> binDir,
            Map<String, String> names,
            String searchPath,
            ProcessRunner runner) {
        Stream<String> directories =
                binDir.map(Stream::of)
                        .orElseGet(() -> Pattern.compile(":").splitAsStream(searchPath));
        return new PostgresPrograms(
                binDir,
                names,
                directories.filter(d -> !d.isEmpty()).map(Path::of).toList(),
                runner);
    }

    PgVersion version() {
        return version;
    }

    /** Where {@code program} is. */
    Path path(Program program) {
        return searched.stream()
                .map(directory -> directory.resolve(name(program)).toAbsolutePath())
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst()
                .orElseThrow(() -> new PostgresException(missing(program)));
    }

    private String name(Program program) {
        return names.getOrDefault(program.fileName(), program.fileName());
    }

    private String missing(Program program) {
        return name(program)
                + binDir.map(dir -> " was not found in " + dir + " (postgresql.bin_dir): ")
                        .orElse(
                                " was not found in the search path, and postgresql.bin_dir is not set: ")
                + "install PostgreSQL 13 to 18, or correct postgresql.bin_dir";
    }

    private PgVersion readVersion() {
        Outcome outcome =
                run(
                        Program.POSTGRES,
                        List.of("--version"),
                        Map.of("LC_ALL", "C"),
                        p -> {},
                        l -> {});
        PgVersion found =
                outcome.lines().stream()
                        .flatMap(line -> PgVersion.parse(line).stream())
                        .findFirst()
                        .orElseThrow(() ->
                                new PostgresException(
                                        path(Program.POSTGRES)
                                                + " --version names no version (status "
                                                + outcome.status()
                                                + ", "
                                                + outcome.lastWords()
                                                + "): install PostgreSQL 13 to 18, or correct postgresql.bin_dir"));
        if (!found.isSupported()) {
            throw new PostgresException(
                    path(Program.POSTGRES)
                            + " is PostgreSQL "
                            + found.full()
                            + ", and Holdfast runs 13 to 18: correct postgresql.bin_dir");
        }
        return found;
    }

    /**
     * Runs a program to its end.
     *
     * @param environment added to the agent's own, from which all of PostgreSQL's variables are
     *     taken out
     * @throws PostgresException when it cannot be started; how it ended is in the outcome
     */
    Outcome run(
            Program program,
            List<String> arguments,
            Map<String, String> environment,
            Started started,
            Consumer<String> lines) {
        List<String> command = new ArrayList<>();
        command.add(path(program).toString());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(true);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().putAll(environment);
        Process process;
        try {
            process = runner.start(builder);
        } catch (IOException e) {
            throw new PostgresException(
                    command.getFirst() + " could not be started: " + e.getMessage(), e);
        }
        started.process(process.toHandle());
        return await(program.fileName(), process, lines, PostgresPrograms::endTree);
    }

    /**
     * Waits for the end of a program. What it started may hold its output open for longer: that is
     * not waited for.
     *
     * @param end ends the program when this thread is interrupted
     */
    static Outcome await(
            String program, Process process, Consumer<String> lines, Consumer<ProcessHandle> end) {
        Deque<String> kept = new ConcurrentLinkedDeque<>();
        AtomicReference<Optional<RuntimeException>> failure =
                new AtomicReference<>(Optional.empty());
        Thread reader =
                Thread.ofPlatform()
                        .daemon()
                        .name("output of " + program)
                        .start(() -> read(process, kept, lines, failure));
        try {
            int status = process.waitFor();
            reader.join(LAST_LINES);
            failure.get()
                    .ifPresent(e -> {
                        throw e;
                    });
            return new Outcome(status, List.copyOf(kept));
        } catch (InterruptedException e) {
            end.accept(process.toHandle());
            Thread.currentThread().interrupt();
            throw new CancellationException(program + " was cancelled");
        }
    }

    /** Reads to the end whatever the listener does, since a full pipe would stop the program. */
    private static void read(
            Process process,
            Deque<String> kept,
            Consumer<String> lines,
            AtomicReference<Optional<RuntimeException>> failure) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                kept.addLast(line);
                if (kept.size() > KEPT_LINES) {
                    kept.removeFirst();
                }
                try {
                    lines.accept(line);
                } catch (RuntimeException e) {
                    failure.set(Optional.of(e));
                }
            }
        } catch (IOException e) {
            // The pipe closes under the reader when the program is ended: nothing more will come.
            failure.compareAndSet(
                    Optional.empty(),
                    process.isAlive()
                            ? Optional.of(new UncheckedIOException(e))
                            : Optional.empty());
        }
    }

    /**
     * Ends a program and what it started: pg_basebackup has a second process that would go on
     * writing. Waits until they are gone.
     */
    static void endTree(ProcessHandle process) {
        List<ProcessHandle> all = Stream.concat(Stream.of(process), process.descendants()).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle each : all) {
            each.onExit()
                    .orTimeout(SECONDS_TO_END, TimeUnit.SECONDS)
                    .exceptionally(e -> each)
                    .join();
        }
    }
}
