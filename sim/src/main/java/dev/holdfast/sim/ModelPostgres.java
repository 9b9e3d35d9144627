package dev.holdfast.sim;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * PostgreSQL as one life of an agent reaches it: its programs, its files and its sessions. Every
 * wait is the job's, so a crash can fall into it.
 */
final class ModelPostgres implements Postgres {
    private static final Path NOWHERE = Path.of("/simulated");
    private static final long PATIENCE_NANOS = 3 * Events.SECOND;
    private static final long APPLY_NANOS = 10 * Events.SECOND;
    private static final long POLL_NANOS = 5 * Events.MILLI;

    private final Events events;
    private final Chance chance;
    private final Network network;
    private final Member member;
    private final Job.Current current;

    /** The start of the server whose commits were last made to wait here. */
    private Optional<Postmaster> counted = Optional.empty();

    ModelPostgres(
            Events events, Chance chance, Network network, Member member, Job.Current current) {
        this.events = events;
        this.chance = chance;
        this.network = network;
        this.member = member;
        this.current = current;
    }

    /** All that this is for begins with a look at the disk. */
    private void sleep(long leastMillis, long mostMillis) {
        long nanos = chance.skewed(leastMillis * 1_000, mostMillis * 1_000) * Events.MICRO;
        current.job().sleep(member.ailments().hangNanos() + nanos);
    }

    // --- the directory

    @Override
    public DataDirectory inspect() {
        sleep(2, 30);
        return look();
    }

    private DataDirectory look() {
        Optional<Directory> found = member.directory();
        if (found.isEmpty()) {
            return new DataDirectory.Missing();
        }
        Directory directory = found.get();
        if (directory.broken.isPresent()) {
            return new DataDirectory.Broken(directory.broken.get());
        }
        ControlData control = directory.control();
        return new DataDirectory.Valid(control, history(directory.branch, control));
    }

    private static TimelineHistory history(Branch branch, ControlData control) {
        TimelineHistory whole = branch.history();
        Timeline newest = control.newestTimeline();
        return whole.timeline().equals(newest)
                ? whole
                : new TimelineHistory(
                        newest,
                        whole.switches().stream().filter(s -> newest.isAfter(s.parent())).toList());
    }

    @Override
    public Optional<Long> runningPostmaster() {
        return member.server().map(Postmaster::pid);
    }

    @Override
    public Prepared prepare(ServerFiles files, Role role) {
        sleep(1, 8);
        Directory directory = whole("start");
        boolean changed = write(directory, files);
        directory.standbySignal = role == Role.STANDBY;
        return new Prepared(changed, List.of());
    }

    private static boolean write(Directory directory, ServerFiles files) {
        boolean changed = !directory.files.equals(Optional.of(files));
        directory.files = Optional.of(files);
        return changed;
    }

    private Directory whole(String what) {
        return member.directory()
                .filter(d -> d.broken.isEmpty())
                .orElseThrow(() -> new PostgresException("there is nothing to " + what + " here"));
    }

    private void refuseWhileRunning(String what) {
        if (member.server().isPresent()) {
            throw new PostgresException("will not " + what + ": PostgreSQL runs");
        }
    }

    @Override
    public List<String> startArguments(ServerFiles files) {
        return List.of();
    }

    @Override
    public Path executable() {
        return NOWHERE;
    }

    @Override
    public Path log() {
        return NOWHERE;
    }

    @Override
    public long logBytes() {
        return 0;
    }

    @Override
    public String lastWords(long fromByte) {
        return "";
    }

    @Override
    public void rotateLog() {}

    @Override
    public void makeBy(Scripts.NewCluster method, Consumer<String> progress) {
        throw noPrograms();
    }

    @Override
    public void newClusterBegins() {
        throw noPrograms();
    }

    @Override
    public Prepared prepareNewCluster(ServerFiles files, Scripts.Recovery recovery) {
        return prepare(files, Role.PRIMARY);
    }

    @Override
    public void newClusterIsWhole() {}

    @Override
    public void callPostBootstrap(List<String> command, Consumer<String> progress) {
        throw noPrograms();
    }

    @Override
    public void call(String key, Scripts.Script script) {
        throw noPrograms();
    }

    @Override
    public void copyBy(
            Scripts.ReplicaMethod.Command method,
            Optional<Upstream> source,
            Consumer<String> progress) {
        throw noPrograms();
    }

    private static IllegalStateException noPrograms() {
        return new IllegalStateException("a simulated member has no programs of an operator");
    }

    @Override
    public void initdb(List<String> options, Consumer<String> progress) {
        refuseWhileRunning("fill");
        requireMissing();
        Directory made =
                new Directory(
                        new SystemIdentifier(
                                Long.toString(
                                        7_000_000_000_000_000_000L + chance.below(1_000_000_000))),
                        Branch.first(),
                        Branch.first().end());
        member.initializes(made);
        made.broken = Optional.of("initdb did not finish");
        member.place(Optional.of(made));
        orEmptied(() -> sleep(300, 4_000));
        made.broken = Optional.empty();
    }

    private void requireMissing() {
        if (member.directory().isPresent()) {
            throw new PostgresException("the data directory is not empty");
        }
    }

    /** On failure nothing is left in the directory. */
    private void orEmptied(Runnable work) {
        try {
            work.run();
        } catch (PostgresException | CancellationException e) {
            member.place(Optional.empty());
            throw e;
        }
    }

    @Override
    public void createUsers() {
        emitWal();
    }

    @Override
    public void cloneFrom(Upstream source, Consumer<Progress> progress) {
        refuseWhileRunning("fill");
        requireMissing();
        Postmaster from = reach(source);
        Directory copied = from.directory();
        Directory made = new Directory(copied.system, copied.branch, copied.flushed);
        made.broken = Optional.of("a base backup did not finish");
        member.place(Optional.of(made));
        orEmptied(() -> {
            sleep(200, 15_000);
            Postmaster still = reach(source);
            if (still != from
                    || copied.branch != made.branch
                    || member.ailments().copiesFail(chance)) {
                throw new PostgresException("pg_basebackup failed");
            }
            made.flushed = copied.flushed;
            made.state = ControlData.State.IN_PRODUCTION;
            made.checkpoint = copied.checkpoint;
            made.checkpointTimeline = copied.checkpointTimeline;
            made.redo = copied.redo;
            made.backupLabel = true;
            made.consistentAt = made.flushed;
            made.recoveredTo(made.flushed);
        });
        made.broken = Optional.empty();
    }

    @Override
    public void rewind(Upstream source, Consumer<String> progress) {
        refuseWhileRunning("rewind");
        Directory mine = whole("rewind");
        Postmaster from = reach(source);
        refuseAnotherCluster(source, from);
        if (from.timeline().equals(mine.control().newestTimeline())) {
            throw new PostgresException("pg_rewind would change nothing");
        }
        recover(mine, progress);
        pollFor(
                60 * Events.SECOND,
                () -> from.directory().checkpointTimeline.equals(from.timeline()),
                "the source has not made a checkpoint");
        if (reach(source) != from || member.ailments().copiesFail(chance)) {
            throw new PostgresException("pg_rewind failed before it changed anything");
        }
        Branch theirs = from.directory().branch;
        if (theirs.continues(mine.branch, mine.flushed)) {
            return;
        }
        mine.broken = Optional.of("pg_rewind did not finish");
        sleep(200, 6_000);
        if (reach(source) != from || member.ailments().copiesFail(chance)) {
            throw new PostgresException("pg_rewind failed half way");
        }
        mine.flushed = theirs.commonWith(mine.branch, mine.flushed);
        mine.branch = theirs;
        mine.newestKnown = theirs.timeline();
        mine.state = ControlData.State.IN_ARCHIVE_RECOVERY;
        mine.checkpoint = Math.min(mine.checkpoint, mine.flushed);
        mine.checkpointTimeline = theirs.holding(mine.checkpoint).timeline();
        mine.redo = mine.checkpoint;
        mine.minRecovery = from.directory().flushed;
        mine.minRecoveryTimeline = theirs.timeline();
        mine.consistentAt = mine.minRecovery;
        mine.backupLabel = true;
        mine.slots.clear();
        mine.broken = Optional.empty();
    }

    /** Single-user mode ends a crash as a primary would. */
    private void recover(Directory mine, Consumer<String> progress) {
        if (mine.control().isShutDown()) {
            return;
        }
        progress.accept("crash recovery");
        mine.broken = Optional.of("crash recovery did not finish");
        sleep(100, 2_000);
        mine.broken = Optional.empty();
        Branch branch = mine.branch.holding(mine.flushed);
        mine.branch = branch.fork(branch.timeline(), mine.flushed);
        long record = mine.flushed;
        mine.flushed = mine.branch.append(120);
        mine.checkpointed(record, record);
        mine.state = ControlData.State.SHUT_DOWN;
        mine.standbySignal = false;
        mine.backupLabel = false;
    }

    @Override
    public Path moveAside(String reason) {
        refuseWhileRunning("set aside");
        sleep(1, 20);
        if (member.directory().isEmpty()) {
            throw new PostgresException("there is nothing to set aside");
        }
        member.keepAside();
        return NOWHERE.resolve(reason.isEmpty() ? "replaced" : reason);
    }

    @Override
    public Optional<Path> copyAside(Keeping how, String reason, Consumer<String> progress) {
        refuseWhileRunning("copy");
        sleep(5, 500);
        if (member.ailments().copiesFail(chance)) {
            throw new PostgresException("there is no room");
        }
        return Optional.of(NOWHERE.resolve(reason));
    }

    @Override
    public void demandRoomForAnother() {}

    /** The local server, while it lets anybody in. */
    private Optional<Postmaster> server() {
        return member.server().filter(s -> !s.isOrphaned());
    }

    // --- other members

    /** The server of another member, over the network; to nobody it takes long to find out. */
    private Postmaster reach(Upstream source) {
        int here = member.node();
        int there = member.nodeOf(source.member().orElseThrow());
        Optional<Postmaster> found =
                member.serverOf(source.member().orElseThrow()).filter(s -> !s.isOrphaned());
        if (here == there || network.loses(here, there) || network.loses(there, here)) {
            current.job().sleep(5 * Events.SECOND);
            throw new PostgresException(source.name() + " does not answer");
        }
        current.job().sleep(network.delay(here, there) * 3);
        Postmaster server =
                found.orElseThrow(
                        () -> new PostgresException(source.name() + " refuses the connection"));
        awaitAnswer(server);
        return switch (server.state()) {
            case PRIMARY, STANDBY, PROMOTING -> server;
            case STARTING, STOPPING, KILLED, GONE ->
                    throw new PostgresException(source.name() + " is not ready");
        };
    }

    @Override
    public Source sourceHistory(Upstream source) {
        Postmaster server = reach(source);
        Directory theirs = server.directory();
        refuseAnotherCluster(source, server);
        boolean primary = server.state() == Postmaster.State.PRIMARY;
        Branch at = theirs.branch.holding(primary ? theirs.flushed : server.replayed());
        return new Source(
                theirs.system,
                at.timeline(),
                new Lsn(theirs.flushed),
                primary ? Role.PRIMARY : Role.STANDBY,
                at.history());
    }

    private void refuseAnotherCluster(Upstream source, Postmaster server) {
        if (member.directory()
                .filter(d -> !d.system.equals(server.directory().system))
                .isPresent()) {
            throw new PostgresException(source.name() + " belongs to another cluster");
        }
    }

    // --- the server

    @Override
    public boolean listens() {
        return server().filter(s -> !s.isStopped()).isPresent();
    }

    @Override
    public Optional<Server.Silent> silence() {
        Optional<Postmaster> server = server();
        if (server.isEmpty()) {
            return Optional.of(new Server.Silent("the connection was refused"));
        }
        return answers(server.get())
                ? Optional.empty()
                : Optional.of(new Server.Silent("no answer"));
    }

    /** Whether a server that may be stopped answers within the time-out. */
    private boolean answers(Postmaster server) {
        long end = events.nowNanos() + PATIENCE_NANOS;
        while (server.isStopped() && !server.isGone()) {
            if (events.nowNanos() >= end) {
                return false;
            }
            current.job().sleep(PATIENCE_NANOS / 6);
        }
        return true;
    }

    private void awaitAnswer(Postmaster server) {
        if (!answers(server)) {
            throw new PostgresException("the server does not answer");
        }
    }

    @Override
    public Server probe(ServerFiles wanted) {
        Optional<Postmaster> server = server();
        if (server.isEmpty()) {
            return new Server.Silent("the connection was refused");
        }
        return answers(server.get())
                ? server.get().probe()
                : new Server.Silent("no answer within the time-out");
    }

    @Override
    public Server freshProbe() {
        current.job().sleep(chance.skewed(8_000, 20_000) * Events.MICRO);
        return probe(whole("ask").files.orElseThrow());
    }

    /** The server that takes sessions now. */
    private Postmaster session() {
        Postmaster server = server().orElseThrow(() -> new PostgresException("no server runs"));
        awaitAnswer(server);
        return switch (server.state()) {
            case STANDBY, PROMOTING, PRIMARY -> server;
            case STARTING, STOPPING, KILLED, GONE ->
                    throw new PostgresException("the server takes no sessions");
        };
    }

    private static Role roleOf(Postmaster server) {
        return server.state() == Postmaster.State.PRIMARY ? Role.PRIMARY : Role.STANDBY;
    }

    @Override
    public Applied apply(ServerFiles files, Runnable reload) {
        Optional<Postmaster> recovering =
                server().filter(s -> s.state() == Postmaster.State.STARTING)
                        .filter(s -> s.directory().standbySignal);
        if (recovering.isPresent()) {
            awaitAnswer(recovering.get());
            sleep(1, 6);
            boolean changed = write(whole("configure"), files);
            reload.run();
            return new Applied(new Prepared(changed, List.of()), Waiting.UNCONFIRMED);
        }
        Postmaster server = session();
        Role role = roleOf(server);
        String before = server.files().syncNames();
        sleep(1, 6);
        boolean changed = write(whole("configure"), files);
        if (changed || !server.files().equals(files)) {
            reload.run();
            pollFor(
                    APPLY_NANOS,
                    () -> {
                        Postmaster now = session();
                        if (now != server || roleOf(now) != role) {
                            throw new PostgresException("the server changed its role meanwhile");
                        }
                        return now.files().equals(files);
                    },
                    "PostgreSQL did not take the configuration");
        }
        return new Applied(new Prepared(changed, List.of()), waiting(server, role, before, files));
    }

    private Waiting waiting(Postmaster server, Role role, String before, ServerFiles files) {
        if (files.syncNames().isEmpty()) {
            counted = Optional.empty();
            return Waiting.FOR_NOBODY;
        }
        if (role == Role.STANDBY) {
            counted = Optional.empty();
            return Waiting.UNCONFIRMED;
        }
        boolean waited = !before.isEmpty() && counted.filter(c -> c == server).isPresent();
        if (!waited) {
            checkpoint();
        }
        counted = Optional.of(server);
        return Waiting.CONFIRMED;
    }

    private void pollFor(long nanos, BooleanSupplier condition, String failure) {
        long end = events.nowNanos() + nanos;
        while (!condition.getAsBoolean()) {
            if (events.nowNanos() >= end) {
                throw new PostgresException(failure);
            }
            current.job().sleep(POLL_NANOS);
        }
    }

    @Override
    public Timeline promote(Duration timeout) {
        Postmaster server = session();
        if (server.state() == Postmaster.State.STANDBY) {
            server.soon("is told to promote", server::promote);
        }
        pollFor(
                timeout.toNanos(),
                () -> {
                    if (server.isGone()) {
                        throw new PostgresException("the server ended while it was promoted");
                    }
                    return server.state() == Postmaster.State.PRIMARY && !server.isStopped();
                },
                "the server is still in recovery");
        return server.timeline();
    }

    @Override
    public void checkpoint() {
        Postmaster server = session();
        CompletableFuture<Void> done = new CompletableFuture<>();
        server.soon("CHECKPOINT", () -> server.checkpoint(() -> done.complete(null)));
        while (!done.isDone()) {
            if (server.isGone()) {
                throw new PostgresException("the server ended during the checkpoint");
            }
            try {
                current.job().await(done, Events.SECOND / 2);
            } catch (TimeoutException stillAtIt) {
                // A checkpoint takes as long as it takes.
            } catch (ExecutionException e) {
                throw new PostgresException("the checkpoint failed", e);
            }
        }
    }

    @Override
    public Lsn emitWal() {
        Postmaster server = session();
        if (server.state() != Postmaster.State.PRIMARY) {
            throw new PostgresException("cannot write WAL in recovery");
        }
        return server.emit();
    }

    @Override
    public List<String> weakerCommits() {
        return List.of();
    }

    @Override
    public void createSlots(Set<String> names) {
        session();
        Directory directory = whole("use");
        Optional<Lsn> position = Optional.of(new Lsn(directory.redo));
        names.forEach(
                name -> directory.slots.putIfAbsent(name, Slot.physical(name, false, position)));
    }

    @Override
    public void advanceSlots(SortedMap<String, Action.Advance> slots) {
        session();
        slots.forEach((name, advance) ->
                whole("use")
                        .slots
                        .computeIfPresent(
                                name,
                                (_, slot) ->
                                        Slot.physical(name, false, Optional.of(advance.to()))));
    }

    @Override
    public void createLogicalSlots(SortedMap<String, Slot.Logical> slots) {
        throw noLogicalSlots();
    }

    @Override
    public SlotCopy copySlots(
            Upstream primary, String through, SortedMap<String, Slot.Logical> slots) {
        throw noLogicalSlots();
    }

    @Override
    public void placeSlots(SortedMap<String, byte[]> slots) {
        throw noLogicalSlots();
    }

    @Override
    public void removeSlots(Set<String> slots) {
        throw noLogicalSlots();
    }

    private static IllegalStateException noLogicalSlots() {
        return new IllegalStateException("nothing is decoded in a simulated cluster");
    }

    @Override
    public void dropSlots(Set<String> names) {
        Postmaster server = session();
        whole("use").slots.keySet().removeIf(s -> names.contains(s) && !server.uses(s));
    }

    @Override
    public void close() {}
}
