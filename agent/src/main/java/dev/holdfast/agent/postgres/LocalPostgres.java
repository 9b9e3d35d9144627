package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.PostgresPrograms.Program;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/** The PostgreSQL on this host. */
public final class LocalPostgres implements Postgres {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long POLL_MILLIS = 5;

    /** A promotion that takes longer than this is looked after. */
    private static final long WAKE_NANOS = 100_000_000;

    /** The eighth line of postmaster.pid is the server's status. */
    private static final int PID_FILE_LINES = 8;

    private static final long LOG_BYTES = 10L * 1024 * 1024;

    private final AgentConfig.Postgres config;
    private final ServerParameters.Own own;
    private final Path guardDirectory;
    private final Path dataDir;
    private final PostgresPrograms programs;
    private final ParameterCheck check;
    private final UnfinishedWork unfinished;
    private final DataDirectories directories;
    private final PostgresFiles files;
    private final PostgresSessions sessions;
    private final SourceServer source;
    private final ControlSession control;
    private final Knock knock;
    private final ProbeSession probe;
    private final ConfigurationReload configuration;
    private final OperatorPrograms operators;
    private final LogicalSlots logical;
    private final String scope;

    private LocalPostgres(
            String scope,
            MemberName name,
            AgentConfig.Postgres config,
            Path guardDirectory,
            PostgresPrograms programs,
            OperatorPrograms operators) {
        this.scope = scope;
        this.operators = operators;
        this.config = config;
        this.own = new ServerParameters.Own(config.listenHosts(), config.port(), scope);
        this.guardDirectory = guardDirectory.toAbsolutePath();
        this.dataDir = Path.of(config.dataDir()).toAbsolutePath();
        this.programs = programs;
        this.check = new ParameterCheck(programs);
        this.unfinished = new UnfinishedWork(this.guardDirectory);
        this.directories = new DataDirectories(dataDir, programs, unfinished);
        this.files = new PostgresFiles(name, config);
        this.sessions = new PostgresSessions(config);
        this.source = new SourceServer(sessions);
        this.control = new ControlSession(sessions);
        this.knock = new Knock(sessions.local(), config.superuser().username());
        this.probe =
                new ProbeSession(
                        sessions,
                        source,
                        control,
                        wanted -> parameters(wanted, Map.of()).all(),
                        this::limits);
        this.logical = new LogicalSlots(sessions, config.superuser());
        this.configuration = new ConfigurationReload(sessions, control, files);
    }

    /**
     * Finds the programs, and ends one that an earlier agent left running in the data directory.
     *
     * @param guardDirectory where the server's log and the marker of unfinished work lie
     * @throws PostgresException when a program is missing or its version is not supported
     */
    public static LocalPostgres open(
            String scope,
            MemberName name,
            AgentConfig.Postgres config,
            Path guardDirectory,
            ProcessRunner runner) {
        LocalPostgres postgres =
                new LocalPostgres(
                        scope,
                        name,
                        config,
                        guardDirectory,
                        programs(config, runner),
                        new OperatorPrograms(runner));
        postgres.unfinished.endLeftover();
        return postgres;
    }

    /**
     * The version of the programs that a configuration names, without a server.
     *
     * @throws PostgresException when a program is missing or its version is not supported
     */
    public static PgVersion installed(AgentConfig.Postgres config) {
        return programs(config, ProcessRunner.direct()).version();
    }

    /**
     * The parameters that the programs do not take as they are configured, and why, without a
     * server.
     *
     * @throws PostgresException when a program is missing or its version is not supported
     */
    public static SortedMap<String, String> refused(
            AgentConfig.Postgres config, SortedMap<String, String> parameters) {
        return new ParameterCheck(programs(config, ProcessRunner.direct()))
                .of(ServerParameters.free(parameters))
                .refused();
    }

    private static PostgresPrograms programs(AgentConfig.Postgres config, ProcessRunner runner) {
        String searchPath = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return PostgresPrograms.locate(config.binDir(), config.binName(), searchPath, runner);
    }

    /** The version of the programs. */
    public PgVersion version() {
        return programs.version();
    }

    @Override
    public DataDirectory inspect() {
        DataDirectory found = directories.inspect();
        return found instanceof DataDirectory.Valid valid
                        && directories.hasNewerHistory(valid)
                        && directories.runningPostmaster().isPresent()
                ? source.replayedHere()
                        .<DataDirectory>map(replayed -> directories.replayedTo(valid, replayed))
                        .orElse(valid)
                : found;
    }

    @Override
    public Optional<Long> runningPostmaster() {
        return directories.runningPostmaster();
    }

    @Override
    public Prepared prepare(ServerFiles wanted, Role role) {
        return files.write(wanted, parameters(wanted, role), role);
    }

    @Override
    public List<String> startArguments(ServerFiles wanted) {
        List<String> arguments = new ArrayList<>();
        arguments.add("-D");
        arguments.add(dataDir.toString());
        arguments.add("--config_file=" + files.configuration());
        Role role = files.startsInRecovery() ? Role.STANDBY : Role.PRIMARY;
        arguments.addAll(parameters(wanted, role).arguments());
        return arguments;
    }

    private ServerParameters parameters(ServerFiles wanted, Role role) {
        return switch (role) {
            case PRIMARY -> parameters(wanted, Map.of());
            case STANDBY -> parameters(wanted, limits());
        };
    }

    private ServerParameters parameters(ServerFiles wanted, Map<String, Integer> needed) {
        ParameterCheck.Checked checked = check.of(ServerParameters.free(wanted.parameters()));
        SortedMap<String, String> parameters = new TreeMap<>(wanted.parameters());
        parameters.keySet().removeAll(checked.refused().keySet());
        return ServerParameters.of(parameters, own, needed)
                .withNotes(checked.notes(programs.version()));
    }

    private Map<String, Integer> limits() {
        try {
            return directories.control().limits();
        } catch (IllegalArgumentException e) {
            throw new PostgresException(
                    dataDir
                            + " cannot be started: "
                            + e.getMessage()
                            + "; set it aside and make a new copy",
                    e);
        }
    }

    @Override
    public Path executable() {
        return programs.path(Program.POSTGRES);
    }

    @Override
    public Path log() {
        return guardDirectory.resolve("postgresql.log");
    }

    @Override
    public long logBytes() {
        try {
            return Files.exists(log()) ? Files.size(log()) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String lastWords(long fromByte) {
        Path log = log();
        try {
            byte[] all = Files.readAllBytes(log);
            int from = (int) Math.min(fromByte, all.length);
            List<String> lines =
                    new String(all, from, all.length - from, StandardCharsets.UTF_8)
                            .lines()
                            .toList();
            Optional<String> told =
                    lines.stream()
                            .filter(l ->
                                    l.contains("FATAL:")
                                            || l.contains("PANIC:")
                                            || l.contains("could not bind"))
                            .findFirst();
            return told.or(() -> lines.isEmpty() ? Optional.empty() : Optional.of(lines.getLast()))
                    .map(line -> ": " + line.strip() + " (" + log + ")")
                    .orElse("; see " + log);
        } catch (IOException e) {
            return "; its log " + log + " cannot be read: " + e.getMessage();
        }
    }

    @Override
    public boolean listens() {
        try {
            return Files.readAllLines(dataDir.resolve("postmaster.pid")).size() >= PID_FILE_LINES;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The server keeps the file open, so it is copied and then emptied; lines that are written
     * between the two are lost.
     */
    @Override
    public void rotateLog() {
        Path log = log();
        try {
            if (Files.exists(log) && Files.size(log) > LOG_BYTES) {
                Files.copy(
                        log,
                        log.resolveSibling(log.getFileName() + ".1"),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES);
                new FileOutputStream(log.toFile()).close();
            }
        } catch (IOException e) {
            throw new PostgresException(
                    "the server's log "
                            + log
                            + " cannot be shortened: "
                            + e
                            + "; make room or correct guard.dir",
                    e);
        }
    }

    @Override
    public Applied apply(ServerFiles wanted, Runnable reload) {
        Applied applied;
        try {
            applied = configuration.apply(wanted, role -> prepareRunning(wanted, role), reload);
        } catch (PostgresException e) {
            if (!isStartingUp(e) || !files.startsAsStandby()) {
                throw e;
            }
            Prepared prepared = prepareRunning(wanted, Role.STANDBY);
            reload.run();
            applied = new Applied(prepared, Waiting.UNCONFIRMED);
        }
        probe.forgetPending();
        return applied;
    }

    private static boolean isStartingUp(PostgresException e) {
        return e.getCause() instanceof SQLException refusal
                && Server.Rejecting.CANNOT_CONNECT_NOW.equals(refusal.getSQLState());
    }

    /** Limits stand on the command line, so what recovery needs is of no concern while it runs. */
    private Prepared prepareRunning(ServerFiles wanted, Role role) {
        return files.write(wanted, parameters(wanted, Map.of()), role);
    }

    @Override
    public Server probe(ServerFiles wanted) {
        return probe.probe(wanted);
    }

    @Override
    public Server freshProbe() {
        return probe.fresh();
    }

    @Override
    public Optional<Server.Silent> silence() {
        return sessions.cancellable("knock", knock::silence);
    }

    @Override
    public Timeline promote(Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        return control.run("promote", session -> promoted(session, timeout, end));
    }

    /**
     * Once told, a startup process that has just lost its upstream, or was just given another, may
     * sleep through {@code wal_retrieve_retry_interval} (5 s) before it looks at that: measured on
     * 15 where a changed {@code primary_conninfo} was reloaded in the same instant. Each reload
     * wakes it.
     */
    private Timeline promoted(Connection session, Duration timeout, long end) throws SQLException {
        try (Statement statement = session.createStatement()) {
            Optional<Timeline> timeline = writtenTimeline(statement);
            if (timeline.isEmpty()) {
                statement.execute("SELECT pg_promote(false)");
            }
            long wake = System.nanoTime() + WAKE_NANOS;
            while (timeline.isEmpty()) {
                if (System.nanoTime() - end > 0) {
                    throw new PostgresException(
                            "PostgreSQL at "
                                    + sessions.local()
                                    + " is still in recovery "
                                    + timeout.toMillis()
                                    + " ms after it was told to promote; see "
                                    + log());
                }
                pause();
                if (System.nanoTime() - wake > 0) {
                    statement.execute("SELECT pg_reload_conf()");
                    wake = System.nanoTime() + WAKE_NANOS;
                }
                timeline = writtenTimeline(statement);
            }
            return timeline.get();
        }
    }

    private static Optional<Timeline> writtenTimeline(Statement statement) throws SQLException {
        try (ResultSet row =
                statement.executeQuery(
                        "SELECT CASE WHEN NOT pg_is_in_recovery()"
                                + " THEN pg_walfile_name(pg_current_wal_insert_lsn()) END")) {
            row.next();
            return Optional.ofNullable(row.getString(1)).map(ServerProbe::timelineOf);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("to promote was cancelled");
        }
    }

    @Override
    public void checkpoint() {
        configuration.checkpoint();
    }

    @Override
    public Lsn emitWal() {
        return control.run(
                "write to the WAL",
                session -> {
                    try (Statement statement = session.createStatement()) {
                        // Its commit flushes; only a statement after it sees that position.
                        statement.execute("SELECT pg_logical_emit_message(true, 'holdfast', '')");
                        try (ResultSet row =
                                statement.executeQuery("SELECT pg_current_wal_flush_lsn()::text")) {
                            row.next();
                            return Lsn.of(row.getString(1));
                        }
                    }
                });
    }

    @Override
    public List<String> weakerCommits() {
        return control.run("read the settings of synchronous_commit", WeakerCommits::read);
    }

    @Override
    public void createSlots(Set<String> names) {
        slots(
                "create the slots " + names,
                "SELECT pg_create_physical_replication_slot(n, true) FROM unnest(?) n"
                        + " WHERE NOT EXISTS"
                        + " (SELECT FROM pg_replication_slots WHERE slot_name = n)",
                names);
    }

    @Override
    public void dropSlots(Set<String> names) {
        slots(
                "drop the slots " + names,
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                        + " WHERE slot_name = ANY (?) AND NOT active AND NOT temporary",
                names);
    }

    @Override
    public void createLogicalSlots(SortedMap<String, Slot.Logical> slots) {
        logical.create(slots);
    }

    @Override
    public void advanceSlots(SortedMap<String, Action.Advance> slots) {
        logical.advance(slots);
    }

    @Override
    public SlotCopy copySlots(
            Upstream primary, String through, SortedMap<String, Slot.Logical> slots) {
        return logical.copy(primary, through, slots);
    }

    @Override
    public void placeSlots(SortedMap<String, byte[]> slots) {
        refuseWhileRunning("place logical slots in");
        logical.place(dataDir.resolve("pg_replslot"), slots);
    }

    @Override
    public void removeSlots(Set<String> slots) {
        refuseWhileRunning("remove slots from");
        logical.remove(dataDir.resolve("pg_replslot"), slots);
    }

    private void slots(String what, String query, Set<String> names) {
        if (names.isEmpty()) {
            return;
        }
        control.run(
                what,
                (Connection session) -> {
                    try (PreparedStatement statement = session.prepareStatement(query)) {
                        statement.setArray(1, session.createArrayOf("text", names.toArray()));
                        return statement.execute();
                    }
                });
    }

    @Override
    public void initdb(List<String> options, Consumer<String> progress) {
        initialData().initdb(options, progress);
    }

    @Override
    public void makeBy(Scripts.NewCluster method, Consumer<String> progress) {
        operatorData().makeBy(method, progress);
    }

    @Override
    public void copyBy(
            Scripts.ReplicaMethod.Command method,
            Optional<Upstream> upstream,
            Consumer<String> progress) {
        operatorData().copyBy(method, upstream, progress);
    }

    private OperatorData operatorData() {
        return new OperatorData(
                scope, config, operators, files, unfinished, directories, initialData());
    }

    @Override
    public Prepared prepareNewCluster(ServerFiles wanted, Scripts.Recovery recovery) {
        Role role = files.startsInRecovery() ? Role.STANDBY : Role.PRIMARY;
        return files.writeNewCluster(wanted, parameters(wanted, role), recovery);
    }

    @Override
    public void newClusterBegins() {
        unfinished.newCluster();
    }

    @Override
    public void newClusterIsWhole() {
        unfinished.finish();
    }

    @Override
    public void callPostBootstrap(List<String> command, Consumer<String> progress) {
        operators.afterBootstrap(
                command,
                sessions.local(),
                config.superuser().username(),
                files.passwordFile(),
                progress);
    }

    @Override
    public void call(String key, Scripts.Script script) {
        operators.run(
                key, script.command(), Optional.of(script.timeout()), Map.of(), _ -> {}, _ -> {});
    }

    @Override
    public void createUsers() {
        sessions.run("create the users", PATIENCE, new Users(config)::create);
    }

    @Override
    public void cloneFrom(Upstream upstream, Consumer<Progress> progress) {
        initialData().cloneFrom(upstream, progress);
    }

    private InitialData initialData() {
        refuseWhileRunning("fill");
        return new InitialData(config, programs, files, unfinished);
    }

    @Override
    public void rewind(Upstream upstream, Consumer<String> progress) {
        refuseWhileRunning("rewind");
        switch (directories.inspect()) {
            case DataDirectory.Valid valid -> {}
            case DataDirectory.Missing missing ->
                    throw new PostgresException(
                            "there is nothing to rewind in " + dataDir + ": make a new copy");
            case DataDirectory.Broken(String why) ->
                    throw new PostgresException(
                            "what is broken cannot be rewound: " + why + "; make a new copy");
        }
        SourceServer.Answer found = ofThisCluster(upstream);
        new Rewind(config, programs, files, sessions, unfinished, directories, operators)
                .run(upstream.at(found.address()), found.source().timeline(), progress);
    }

    @Override
    public Path moveAside(String reason) {
        refuseWhileRunning("set aside");
        unfinished.endLeftover();
        if (directories.isMissing()) {
            throw new PostgresException(
                    "there is nothing to set aside: "
                            + dataDir
                            + " (postgresql.data_dir) is missing or empty");
        }
        Path aside = setAside().move(reason);
        unfinished.finish();
        return aside;
    }

    private SetAside setAside() {
        return new SetAside(dataDir, config.keepDirectories(), Clock.systemUTC());
    }

    @Override
    public Optional<Path> copyAside(Keeping how, String reason, Consumer<String> progress) {
        refuseWhileRunning("copy");
        return new CopyAside(setAside(), operators).make(how, reason, progress);
    }

    @Override
    public void demandRoomForAnother() {
        if (config.keepDirectories() > 0 && !directories.isMissing()) {
            CopyAside.demandRoomForAnother(setAside());
        }
    }

    private void refuseWhileRunning(String what) {
        Optional<Long> pid = runningPostmaster();
        if (pid.isPresent()) {
            throw new PostgresException(
                    "will not "
                            + what
                            + " "
                            + dataDir
                            + ": PostgreSQL runs in it (pid "
                            + pid.get()
                            + "); stop it first");
        }
    }

    @Override
    public Source sourceHistory(Upstream upstream) {
        return ofThisCluster(upstream).source();
    }

    private SourceServer.Answer ofThisCluster(Upstream upstream) {
        SourceServer.Answer answer = source.ask(upstream);
        Source found = answer.source();
        if (directories.inspect() instanceof DataDirectory.Valid(var control, var history)
                && !control.system().equals(found.system())) {
            throw new PostgresException(
                    upstream.name()
                            + " at "
                            + answer.address()
                            + " has the system identifier "
                            + found.system()
                            + ", and "
                            + dataDir
                            + " has "
                            + control.system()
                            + ": they are of different clusters; correct scope or postgresql.data_dir");
        }
        return answer;
    }

    @Override
    public void close() {
        control.close();
        probe.close();
    }
}
