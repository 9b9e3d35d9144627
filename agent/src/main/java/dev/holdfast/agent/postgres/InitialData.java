package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.Postgres.Progress;
import dev.holdfast.agent.postgres.PostgresPrograms.Outcome;
import dev.holdfast.agent.postgres.PostgresPrograms.Program;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills an empty data directory: with a new cluster, or with a copy of another member's. */
final class InitialData {
    private static final Set<String> SET_FOR_INITDB =
            Set.of("pgdata", "pwfile", "pwprompt", "username", "sync-only", "version", "show");
    private static final Set<String> SET_FOR_BASEBACKUP =
            Set.of(
                    "pgdata",
                    "format",
                    "gzip",
                    "compress",
                    "target",
                    "wal-method",
                    "xlog-method",
                    "dbname",
                    "host",
                    "port",
                    "username",
                    "password",
                    "no-password",
                    "progress",
                    "create-slot",
                    "slot",
                    "no-slot",
                    "write-recovery-conf",
                    "incremental",
                    "version");
    private static final Pattern PROGRESS = Pattern.compile("\\s*(\\d+)/(\\d+) kB \\(\\d+%\\).*");
    private static final int BYTES_PER_KB = 1024;

    private final AgentConfig.Postgres config;
    private final PostgresPrograms programs;
    private final PostgresFiles files;
    private final UnfinishedWork unfinished;
    private final Path dataDir;

    InitialData(
            AgentConfig.Postgres config,
            PostgresPrograms programs,
            PostgresFiles files,
            UnfinishedWork unfinished) {
        this.config = config;
        this.programs = programs;
        this.files = files;
        this.unfinished = unfinished;
        this.dataDir = Path.of(config.dataDir()).toAbsolutePath();
    }

    /** See {@link Postgres#initdb}. */
    void initdb(List<String> options, Consumer<String> progress) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--pgdata=" + dataDir);
        arguments.add("--username=" + config.superuser().username());
        arguments.add("--data-checksums");
        String password = config.superuser().password();
        Path passwordFile = files.passwordFile().resolveSibling("initdb.password");
        // With a password nobody gets in without one, not even until the first rules are written;
        // and PostgreSQL 13 then keeps it as SCRAM.
        if (!password.isEmpty()) {
            Quoted.passwordField("password of " + config.superuser().username(), password);
            arguments.add("--pwfile=" + passwordFile);
            if (options.stream().noneMatch(option -> option.startsWith("auth"))) {
                arguments.add("--auth=scram-sha-256");
            }
        }
        arguments.addAll(checked("bootstrap.initdb", options, SET_FOR_INITDB));
        fill(
                Program.INITDB,
                () -> {
                    if (!password.isEmpty()) {
                        DurableFiles.write(passwordFile, password + "\n");
                    }
                    try {
                        // The locale of the new cluster comes from the environment, so that stays.
                        return run(Program.INITDB, arguments, Map.of(), progress);
                    } finally {
                        DurableFiles.delete(passwordFile);
                    }
                });
    }

    /**
     * See {@link Postgres#cloneFrom}. The WAL of the copy itself is kept by pg_basebackup's own
     * temporary slot; what comes after by the member's slot, which the leader has created before.
     */
    void cloneFrom(Upstream source, Consumer<Progress> progress) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--pgdata=" + dataDir);
        arguments.add("--wal-method=stream");
        arguments.add("--checkpoint=fast");
        arguments.add("--progress");
        arguments.add("--no-password");
        arguments.add(
                "--dbname=" + files.conninfo(source, config.replication(), "holdfast_basebackup"));
        arguments.addAll(checked("postgresql.basebackup", config.basebackup(), SET_FOR_BASEBACKUP));
        fill(
                Program.PG_BASEBACKUP,
                () -> {
                    files.writePasswords();
                    return run(
                            Program.PG_BASEBACKUP,
                            arguments,
                            Map.of("LC_ALL", "C"),
                            line -> progress(line).ifPresent(progress));
                });
    }

    /** What a line of pg_basebackup says of its progress; empty for any other line. */
    static Optional<Progress> progress(String line) {
        Matcher found = PROGRESS.matcher(line);
        return found.matches()
                ? Optional.of(
                        new Progress(
                                Long.parseLong(found.group(1)) * BYTES_PER_KB,
                                Long.parseLong(found.group(2)) * BYTES_PER_KB))
                : Optional.empty();
    }

    private static List<String> checked(String key, List<String> options, Set<String> ours) {
        List<String> arguments = new ArrayList<>();
        for (String option : options) {
            String name = option.split("=", 2)[0].strip();
            if (ours.contains(name) || !name.matches("[a-z][a-z0-9-]*")) {
                throw new PostgresException(
                        "the option \""
                                + option
                                + "\" under "
                                + key
                                + (ours.contains(name)
                                        ? " is set by Holdfast"
                                        : " is not an option's name")
                                + ": take it out");
            }
            arguments.add("--" + option.strip());
        }
        return arguments;
    }

    private Outcome run(
            Program program,
            List<String> arguments,
            Map<String, String> environment,
            Consumer<String> lines) {
        return programs.run(
                program,
                arguments,
                environment,
                process -> unfinished.changing(program.fileName(), process),
                lines);
    }

    /** The work of one program within the marker; it throws where it failed. */
    @FunctionalInterface
    interface Filling {
        void run() throws IOException;
    }

    /** One of PostgreSQL's own. */
    private interface Tool {
        Outcome run() throws IOException;
    }

    private void fill(Program program, Tool work) {
        fill(
                program.fileName(),
                () -> {
                    Outcome outcome = work.run();
                    if (!outcome.succeeded()) {
                        throw new PostgresException(
                                program.fileName()
                                        + " into "
                                        + dataDir
                                        + " ended with status "
                                        + outcome.status()
                                        + ": "
                                        + outcome.lastWords());
                    }
                });
    }

    /** Fills an empty directory; on failure it is empty again. */
    void fill(String what, Filling filling) {
        boolean whole = false;
        try {
            if (Files.exists(dataDir) && !DurableFiles.isEmpty(dataDir)) {
                throw new PostgresException(
                        "the data directory "
                                + dataDir
                                + " is not empty, so "
                                + what
                                + " must not fill it: set it aside first");
            }
            DurableFiles.createDirectory(dataDir);
        } catch (IOException e) {
            throw unusable(e);
        }
        unfinished.begin(what);
        try {
            filling.run();
            whole = true;
        } catch (IOException e) {
            throw unusable(e);
        } finally {
            if (!whole) {
                empty();
            }
            unfinished.finish();
        }
    }

    /** Changes what is there, as far as it differs; on failure the marker stays. */
    void fillKeeping(String what, Filling filling) {
        try {
            DurableFiles.createDirectory(dataDir);
            unfinished.begin(what);
            filling.run();
            unfinished.finish();
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /**
     * The directory was empty before, and pg_basebackup wants the same of where it puts WAL and
     * tablespaces before it links them: all of it is the failed program's.
     */
    private void empty() {
        try {
            if (Files.exists(dataDir)) {
                for (Path link : SetAside.links(dataDir)) {
                    DurableFiles.deleteContent(link.toRealPath());
                }
                DurableFiles.deleteContent(dataDir);
            }
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    private PostgresException unusable(IOException cause) {
        return new PostgresException(
                "the data directory "
                        + dataDir
                        + " (postgresql.data_dir) cannot be filled: "
                        + cause
                        + "; it must be writable for the agent and have room",
                cause);
    }
}
