package dev.holdfast.sim;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import dev.holdfast.core.postgres.WalSender;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One start of PostgreSQL, from the first process to the last. */
final class Postmaster {
    /** How far it is. */
    enum State {
        STARTING,
        STANDBY,
        PROMOTING,
        PRIMARY,
        STOPPING,
        /**
         * It will never do anything any more, and the kernel holds some of it until its disk
         * answers.
         */
        KILLED,
        GONE
    }

    /** Who wrote, and is told. */
    interface Writer {
        void committed(Postmaster server, Branch branch, long position, Wait wait);

        void failed();
    }

    /** Whether a commit waited as long as it was to. */
    enum Wait {
        WHOLE,
        /** PostgreSQL took the position of a standby whose history parted for a confirmation. */
        MISTAKEN,
        CANCELLED
    }

    /** What a server tells the host and the run around it. */
    interface Around {
        /** Where a member's server can be reached; empty when none runs there. */
        Optional<Postmaster> serverOf(MemberName member);

        int nodeOf(MemberName member);

        void opened(Postmaster server);

        void ended(Postmaster server);
    }

    private record Commit(Branch branch, long position, Writer writer) {}

    private record Replay(long position, long dueNanos) {}

    private static final long RETRY_NANOS = 5 * Events.SECOND;

    /** {@code wal_receiver_status_interval}. */
    private static final long STATUS_NANOS = 10 * Events.SECOND;

    private static final long SEGMENT_BYTES = 0x100_0000;
    private static final long RECORD_BYTES = 120;
    private static final Comparator<Replication> BY_PRIORITY =
            Comparator.comparingInt(Replication::priority).thenComparingInt(r -> r.pid);

    private final Events events;
    private final Chance chance;
    private final Network network;
    private final Program program;
    private final MemberName member;
    private final Directory directory;
    private final Ailments ailments;
    private final Around around;
    private final long pid;
    private final long startMicros;
    private final Deque<Commit> waiting = new ArrayDeque<>();
    private final Deque<Replay> replays = new ArrayDeque<>();
    private final List<Replication> senders = new ArrayList<>();
    private State state = State.STARTING;
    private ServerFiles files;

    /** What {@link #files} ask for. */
    private SyncRule rule;

    /** The checkpointer has seen that there are names: commits wait. */
    private boolean waits;

    private long checkpointerFreeAt;
    private long replayed;
    private long visible;

    /** What it has of its own is replayed: it looks for more. */
    private boolean localReplayed;

    /** What a session is told that was received; 0 while nothing was asked for. */
    private long received;

    /** So far commits need not wait any more: some standby has said that it has this. */
    private long confirmed;

    /** So far it is wrong: what was told then lies beyond the end of the WAL that was there. */
    private long mistaken;

    private @Nullable Replication receiver;

    /** A connection whose other end is open already. */
    private @Nullable Replication opening;

    private int attempts;

    /** The postmaster is dead, and its backends live on until the guard has ended them. */
    private boolean orphaned;

    Postmaster(
            Events events,
            Chance chance,
            Network network,
            Program program,
            MemberName member,
            Directory directory,
            Ailments ailments,
            Around around,
            long pid) {
        this.events = events;
        this.chance = chance;
        this.network = network;
        this.program = program;
        this.member = member;
        this.directory = directory;
        this.ailments = ailments;
        this.around = around;
        this.pid = pid;
        this.startMicros = events.nowNanos() / 1_000;
        this.files = directory.files.orElseThrow();
        this.rule = SyncRule.parse(files.syncNames());
        this.waits = rule.number() > 0;
        this.replayed = directory.redo;
    }

    /** A new connection comes; it gets its answer unless the server is stopped. */
    void knock(Runnable answered) {
        program.after(Events.MILLI, "is knocked at", answered);
    }

    MemberName memberName() {
        return member;
    }

    Directory directory() {
        return directory;
    }

    long pid() {
        return pid;
    }

    State state() {
        return state;
    }

    long startMicros() {
        return startMicros;
    }

    SyncRule sessionRule() {
        return rule;
    }

    ServerFiles files() {
        return files;
    }

    boolean waits() {
        return waits;
    }

    List<Replication> senders() {
        return senders;
    }

    /** Up to where a session sees what others committed and what nobody cancelled. */
    long visible() {
        return visible;
    }

    /** Whether a commit that comes now would be taken. */
    boolean acceptsWrites() {
        return state == State.PRIMARY && program.runs();
    }

    boolean isGone() {
        return state == State.GONE;
    }

    Timeline timeline() {
        return directory
                .branch
                .holding(state == State.PRIMARY ? directory.flushed : replayed())
                .timeline();
    }

    // --- start

    void start() {
        if (directory.branch.end() > directory.flushed && !directory.standbySignal) {
            ownBranch();
        }
        long recovery = ailments.recoveryNanos(chance);
        if (directory.endedInCrash()) {
            directory.state = ControlData.State.IN_CRASH_RECOVERY;
        }
        program.after(recovery, "has recovered", this::recovered);
    }

    /** What lies beyond our own end was written by nobody, or by somebody else. */
    private void ownBranch() {
        Branch branch = directory.branch.holding(directory.flushed);
        directory.branch = branch.fork(branch.timeline(), directory.flushed);
    }

    private void recovered() {
        if (directory.standbySignal) {
            goOnReplaying();
            return;
        }
        replayed = directory.flushed;
        localReplayed = true;
        boolean clean = directory.state == ControlData.State.SHUT_DOWN;
        directory.backupLabel = false;
        directory.state = ControlData.State.IN_PRODUCTION;
        if (!clean) {
            writeCheckpoint();
        }
        open();
    }

    /**
     * A standby opens for reading where it is consistent, and then replays what else it has. After
     * a crash as a primary that is all of it.
     */
    private void goOnReplaying() {
        boolean crashed = directory.state == ControlData.State.IN_CRASH_RECOVERY;
        directory.state = ControlData.State.IN_ARCHIVE_RECOVERY;
        replayed =
                crashed
                        ? directory.flushed
                        : Math.min(
                                directory.flushed,
                                Math.max(directory.minRecovery, directory.consistentAt));
        directory.recoveredTo(replayed);
        openForReading();
        long rest = replayed < directory.flushed ? ailments.replayNanos(chance) : 0;
        program.after(
                rest,
                "has replayed what it has",
                () -> {
                    replayed = Math.max(replayed, directory.flushed);
                    localReplayed = true;
                    openForReading();
                    connect();
                });
    }

    private void openForReading() {
        if (state == State.STARTING
                && directory.state == ControlData.State.IN_ARCHIVE_RECOVERY
                && replayed >= directory.consistentAt) {
            directory.backupLabel = false;
            state = State.STANDBY;
        }
    }

    private void open() {
        state = State.PRIMARY;
        visible = directory.flushed;
        around.opened(this);
    }

    // --- writing

    /** A client's transaction, from its first to its last statement. */
    void write(Writer writer) {
        if (state != State.PRIMARY) {
            writer.failed();
            return;
        }
        Branch branch = directory.branch;
        long position = append(chance.between(80, 400));
        program.after(
                ailments.flushNanos(chance),
                "flushes",
                () -> {
                    if (state != State.PRIMARY) {
                        writer.failed();
                        return;
                    }
                    flush(position);
                    Commit commit = new Commit(branch, position, writer);
                    if (waits && position > confirmed) {
                        waiting.addLast(commit);
                    } else {
                        acknowledge(commit, position > mistaken ? Wait.WHOLE : Wait.MISTAKEN);
                    }
                });
    }

    private long append(long bytes) {
        return directory.branch.append(bytes);
    }

    private void flush(long position) {
        if (position > directory.flushed) {
            directory.flushed = position;
            senders.forEach(Replication::pump);
        }
    }

    private void acknowledge(Commit commit, Wait wait) {
        if (wait == Wait.WHOLE) {
            visible = Math.max(visible, commit.position());
        }
        commit.writer().committed(this, commit.branch(), commit.position(), wait);
    }

    /**
     * A standby has told where it stands. A position is all that counts: that of a standby whose
     * history is another is taken for one of ours.
     */
    void confirmed(Replication by) {
        int number = by.rule().number();
        if (number == 0 || by.priority() == 0 || by.ended) {
            return;
        }
        List<Replication> asked = asked();
        if (asked.size() < number) {
            return;
        }
        long safe =
                switch (by.rule().form()) {
                    case FIRST ->
                            asked.subList(0, number).contains(by)
                                    ? asked.stream()
                                            .limit(number)
                                            .mapToLong(s -> s.flushed)
                                            .min()
                                            .orElse(0)
                                    : 0;
                    case ANY ->
                            asked.stream()
                                    .mapToLong(s -> s.flushed)
                                    .sorted()
                                    .skip((long) asked.size() - number)
                                    .findFirst()
                                    .orElse(0);
                };
        confirmed = Math.max(confirmed, safe);
        if (safe > directory.flushed) {
            mistaken = Math.max(mistaken, safe);
        }
        while (!waiting.isEmpty() && waiting.getFirst().position() <= safe) {
            acknowledge(waiting.removeFirst(), safe > mistaken ? Wait.WHOLE : Wait.MISTAKEN);
        }
    }

    /** Who is named and has confirmed something, in the order of the names. */
    private List<Replication> asked() {
        List<Replication> asked = new ArrayList<>(senders.size());
        for (Replication sender : senders) {
            if (sender.priority() > 0 && sender.flushed > 0 && !sender.ended) {
                asked.add(sender);
            }
        }
        asked.sort(BY_PRIORITY);
        return asked;
    }

    /** An operator, or a driver's time-out, cancels what waits. */
    void cancelWaits() {
        while (!waiting.isEmpty()) {
            acknowledge(waiting.removeFirst(), Wait.CANCELLED);
        }
    }

    // --- configuration

    /** SIGHUP: each process rereads the files when it comes to it. */
    void reload() {
        program.after(
                chance.skewed(50, 4_000) * Events.MICRO,
                "sessions reread",
                () -> {
                    boolean moved =
                            !files.upstream().equals(wantedFiles().upstream())
                                    || !files.slotName().equals(wantedFiles().slotName());
                    files = wantedFiles();
                    rule = SyncRule.parse(files.syncNames());
                    if (moved) {
                        // One that is still connecting is ended, too.
                        attempts++;
                        dropReceiver();
                    }
                    connect();
                    for (Replication sender : senders) {
                        sender.toldToReread();
                        program.after(
                                chance.skewed(20, 20_000) * Events.MICRO,
                                "walsender rereads",
                                () -> {
                                    sender.reread();
                                    sender.standby.tellsStatus(sender);
                                });
                    }
                });
        rereadByCheckpointer();
    }

    /** Other names release nobody by themselves: the standby's next word does. */
    private void tellsStatus(Replication to) {
        program.after(
                chance.between(1, STATUS_NANOS),
                "tells its status",
                () -> {
                    if (receives(to)) {
                        to.confirm(directory.flushed, replayed());
                    }
                });
    }

    private ServerFiles wantedFiles() {
        return directory.files.orElse(files);
    }

    private void rereadByCheckpointer() {
        long at =
                Math.max(events.nowNanos(), checkpointerReadyAt())
                        + chance.skewed(100, 50_000) * Events.MICRO;
        program.at(
                at,
                "checkpointer rereads",
                () -> {
                    if (events.nowNanos() < checkpointerReadyAt()) {
                        rereadByCheckpointer();
                    } else {
                        followNames();
                    }
                });
    }

    private long checkpointerReadyAt() {
        return Math.max(checkpointerFreeAt, ailments.checkpointerStuckUntil());
    }

    /** The checkpointer alone switches the waiting on and off; off wakes everybody. */
    private void followNames() {
        waits = SyncRule.parse(wantedFiles().syncNames()).number() > 0;
        while (!waits && !waiting.isEmpty()) {
            acknowledge(waiting.removeFirst(), Wait.WHOLE);
        }
    }

    /** Makes a checkpoint, or a restart point, asked for now. */
    void checkpoint(Runnable done) {
        long begin = Math.max(events.nowNanos(), checkpointerReadyAt());
        long end = begin + ailments.checkpointNanos(chance);
        checkpointerFreeAt = end;
        long[] from = {directory.flushed};
        program.at(
                begin,
                "checkpoint begins",
                () -> {
                    followNames();
                    from[0] = directory.flushed;
                });
        program.at(
                end,
                "checkpoint ends",
                () -> {
                    if (state == State.PRIMARY) {
                        long record = directory.branch.end();
                        flush(append(RECORD_BYTES));
                        directory.checkpointed(record, from[0]);
                    } else {
                        directory.recoveredTo(replayed());
                    }
                    done.run();
                });
    }

    private void writeCheckpoint() {
        long record = directory.branch.end();
        flush(append(RECORD_BYTES));
        directory.checkpointed(record, record);
    }

    /** Writes a little WAL, without waiting for anybody. */
    Lsn emit() {
        flush(append(RECORD_BYTES));
        return new Lsn(directory.flushed);
    }

    // --- promotion

    /**
     * Leaves recovery when all that it has is replayed; whoever asked looks for the end himself.
     */
    void promote() {
        if (state != State.STANDBY) {
            return;
        }
        state = State.PROMOTING;
        dropReceiver();
        long lag =
                Math.max(
                        0,
                        replays.isEmpty() ? 0 : replays.getLast().dueNanos() - events.nowNanos());
        program.after(lag + ailments.promotionNanos(chance), "is promoted", this::promoted);
    }

    private void promoted() {
        if (state != State.PROMOTING) {
            return;
        }
        replays.clear();
        replayed = directory.flushed;
        Timeline next =
                (directory.newestKnown.isAfter(directory.branch.timeline())
                                ? directory.newestKnown
                                : directory.branch.timeline())
                        .next();
        directory.branch =
                directory.branch.holding(directory.flushed).fork(next, directory.flushed);
        directory.newestKnown = next;
        directory.standbySignal = false;
        directory.state = ControlData.State.IN_PRODUCTION;
        directory.flushed = append(RECORD_BYTES);
        directory.recoveredTo(directory.flushed);
        List.copyOf(senders).forEach(this::dropSender);
        open();
        program.after(
                chance.skewed(20, 2_000) * Events.MILLI, "checkpoints", () -> checkpoint(() -> {}));
    }

    // --- replication

    /** Looks for the upstream, unless one streams already. */
    void connect() {
        if (receiver != null
                || !localReplayed
                || (state != State.STANDBY && state != State.STARTING)
                || !directory.standbySignal
                || files.upstream().isEmpty()) {
            return;
        }
        int attempt = ++attempts;
        if (received == 0) {
            received = replayed() - replayed() % SEGMENT_BYTES;
        }
        Upstream upstream = files.upstream().get();
        int here = around.nodeOf(member);
        int there = around.nodeOf(upstream.member().orElseThrow());
        program.after(RETRY_NANOS, "tries its primary again", () -> retry(attempt));
        if (here == there || network.loses(here, there)) {
            return;
        }
        around.serverOf(upstream.member().orElseThrow())
                .ifPresent(server ->
                        server.program.after(
                                network.delay(here, there),
                                "a standby connects",
                                () -> server.accept(this, attempt)));
    }

    private void retry(int attempt) {
        if (attempt == attempts) {
            connect();
        }
    }

    private void accept(Postmaster standby, int attempt) {
        Directory theirs = standby.directory;
        boolean serves = !orphaned && (state == State.PRIMARY || state == State.STANDBY);
        Optional<String> slot = standby.files.slotName();
        boolean knows = directory.branch.knows(theirs.branch.holding(theirs.flushed).timeline());
        if (!serves
                || standby.isEnded()
                || standby.attempts != attempt
                || !theirs.system.equals(directory.system)
                || !knows
                || slot.filter(s -> !directory.slots.containsKey(s)).isPresent()) {
            return;
        }
        int here = around.nodeOf(member);
        int there = around.nodeOf(standby.member);
        if (network.loses(here, there)) {
            return;
        }
        Replication replication =
                new Replication(
                        this,
                        standby,
                        network.new Stream(here, there, standby.program),
                        network.new Stream(there, here, program),
                        (int) (1_000 + events.happened() % 30_000));
        senders.add(replication);
        slot.ifPresent(directory::reserve);
        if (!directory.branch.continues(theirs.branch, theirs.flushed)) {
            replication.shutOut = true;
            program.after(
                    chance.skewed(100, 5_000) * Events.MICRO,
                    "reaches the end of the timeline",
                    () -> replication.ended = true);
        }
        standby.opening = replication;
        standby.program.after(
                network.delay(here, there),
                "streams",
                () -> standby.connected(replication, attempt));
    }

    private void connected(Replication replication, int attempt) {
        opening = null;
        Postmaster upstream = replication.primary;
        boolean wanted =
                receiver == null
                        && attempt == attempts
                        && !replication.isOver()
                        && (state == State.STANDBY || state == State.STARTING)
                        && (replication.shutOut
                                || upstream.directory.branch.continues(
                                        directory.branch, directory.flushed));
        if (!wanted) {
            replication.closedByStandby();
            return;
        }
        if (replication.shutOut) {
            isShutOut(replication);
            return;
        }
        attempts++;
        receiver = replication;
        if (directory.branch != upstream.directory.branch) {
            // Whoever streams from here comes to the end of the old timeline, and asks anew.
            List.copyOf(senders).forEach(this::dropSender);
        }
        directory.branch = upstream.directory.branch;
        if (directory.branch.timeline().isAfter(directory.newestKnown)) {
            directory.newestKnown = directory.branch.timeline();
        }
        received = directory.flushed;
        replication.confirm(directory.flushed, replayed());
        replication.open();
    }

    /**
     * Its timeline ended on the upstream before where it stands. It stays connected in vain; but
     * first it looks for a moment as if it streamed, and if what it says of itself arrives within
     * that moment, the upstream believes it.
     */
    private void isShutOut(Replication by) {
        receiver = by;
        by.sent = by.primary.directory.branch.commonWith(directory.branch, directory.flushed);
        by.confirm(directory.flushed, replayed());
    }

    boolean receives(Replication from) {
        return receiver == from;
    }

    void flushReceived(Replication from, long upTo) {
        if (ailments.hangNanos() > 0) {
            program.after(
                    ailments.flushNanos(chance),
                    "flushes what it received",
                    () -> {
                        if (receives(from)) {
                            flushReceived(from, upTo);
                        }
                    });
            return;
        }
        received = Math.max(received, upTo);
        if (upTo > directory.flushed) {
            flush(upTo);
            long due = events.nowNanos() + ailments.replayNanos(chance);
            long last = replays.isEmpty() ? 0 : replays.getLast().dueNanos();
            replays.addLast(new Replay(upTo, Math.max(due, last)));
            if (replays.size() > 64) {
                // What was replayed long ago need not be told piece by piece.
                replayed();
            }
            if (state == State.STARTING) {
                program.at(Math.max(due, last), "replays", this::openForReading);
            }
            if (chance.oneIn(16)) {
                directory.recoveredTo(replayed());
            }
        }
        from.confirm(directory.flushed, replayed());
    }

    /** Replay goes on by itself; nobody needs to be told of each step. */
    long replayed() {
        while (!replays.isEmpty() && replays.getFirst().dueNanos() <= events.nowNanos()) {
            replayed = replays.removeFirst().position();
        }
        if (state == State.STARTING) {
            openForReading();
        }
        return replayed;
    }

    private void dropReceiver() {
        Replication old = receiver;
        receiver = null;
        if (old != null) {
            old.closedByStandby();
        }
        Replication half = opening;
        opening = null;
        if (half != null) {
            half.closedByStandby();
        }
    }

    private void dropSender(Replication sender) {
        senders.remove(sender);
        sender.closedByPrimary();
    }

    void lostUpstream(Replication of) {
        if (receiver == of) {
            receiver = null;
            connect();
        }
    }

    void lostStandby(Replication of) {
        senders.remove(of);
    }

    /** Nothing has come over these connections for {@code wal_sender_timeout}. */
    void silent(int otherNode) {
        List.copyOf(senders).stream()
                .filter(s -> around.nodeOf(s.standby.member) == otherNode)
                .forEach(this::dropSender);
        Replication from = receiver;
        if (from != null && around.nodeOf(from.primary.member) == otherNode) {
            dropReceiver();
            connect();
        }
    }

    // --- the end

    /** SIGINT: sessions end, standbys get the last record, then all is over. */
    void stopFast() {
        if (state == State.STOPPING || isEnded()) {
            return;
        }
        boolean primary = state == State.PRIMARY;
        boolean recovering = state == State.STARTING && !directory.standbySignal;
        boolean crashed = directory.state == ControlData.State.IN_CRASH_RECOVERY;
        state = State.STOPPING;
        failWaiting();
        dropReceiver();
        program.after(
                ailments.stopNanos(chance),
                "stops",
                () -> {
                    if (primary) {
                        shutDown();
                    } else if (crashed) {
                        // As PostgreSQL from 15 on writes it, though this was no standby.
                        directory.state = ControlData.State.SHUT_DOWN_IN_RECOVERY;
                        end();
                    } else if (recovering) {
                        end();
                    } else {
                        directory.recoveredTo(replayed());
                        directory.state = ControlData.State.SHUT_DOWN_IN_RECOVERY;
                        end();
                    }
                });
    }

    private void shutDown() {
        directory.state = ControlData.State.SHUTTING_DOWN;
        writeCheckpoint();
        directory.state = ControlData.State.SHUT_DOWN;
        awaitSenders(events.nowNanos() + 60 * Events.SECOND);
    }

    /** A walsender stays until its standby has flushed the shutdown checkpoint. */
    private void awaitSenders(long untilNanos) {
        boolean open = senders.stream().anyMatch(s -> s.flushed < directory.flushed);
        if (open && events.nowNanos() < untilNanos) {
            program.after(10 * Events.MILLI, "awaits its standbys", () -> awaitSenders(untilNanos));
        } else {
            end();
        }
    }

    private void end() {
        List.copyOf(senders).forEach(this::dropSender);
        over();
        program.kill();
    }

    /** SIGKILL to the postmaster alone: nobody new is let in, and who is in goes on. */
    void orphan() {
        orphaned = true;
    }

    /** Whether its postmaster lets nobody in any more, though some of it is left. */
    boolean isOrphaned() {
        return orphaned || state == State.KILLED;
    }

    private boolean isEnded() {
        return state == State.KILLED || state == State.GONE;
    }

    /** SIGKILL to all of it: what was not flushed is lost. */
    void kill() {
        if (isEnded()) {
            return;
        }
        List.copyOf(senders).forEach(this::dropSender);
        dropReceiver();
        directory.branch.truncate(truncation());
        long hang = ailments.hangNanos();
        if (hang > 0 && chance.oneIn(2)) {
            state = State.KILLED;
            failWaiting();
            events.after(
                    hang + chance.between(1, 20) * Events.MILLI,
                    member.value(),
                    "the kernel lets go of what was killed",
                    this::over);
        } else {
            over();
        }
        program.kill();
    }

    /** The host lost its power: nobody is told of anything. */
    void lose() {
        if (isEnded()) {
            over();
            return;
        }
        senders.forEach(Replication::goneSilently);
        senders.clear();
        Replication from = receiver;
        receiver = null;
        if (from != null) {
            from.goneSilently();
        }
        directory.branch.truncate(truncation());
        over();
        program.kill();
    }

    /** Who follows has written nothing of its own: the branch is the primary's. */
    private long truncation() {
        boolean writes =
                !directory.standbySignal && (state == State.PRIMARY || state == State.STOPPING);
        return writes ? directory.flushed : directory.branch.end();
    }

    private void over() {
        if (state == State.GONE) {
            return;
        }
        state = State.GONE;
        failWaiting();
        around.ended(this);
    }

    private void failWaiting() {
        waiting.forEach(c -> c.writer().failed());
        waiting.clear();
    }

    /** Does something in the server, as soon as it runs. */
    void soon(String what, Runnable action) {
        program.after(chance.between(20, 400) * Events.MICRO, what, action);
    }

    boolean isStopped() {
        return program.isStopped();
    }

    // --- what a session is told

    Server probe() {
        return switch (state) {
            case STARTING -> {
                replayed();
                yield state == State.STARTING
                        ? new Server.Rejecting("57P03", "the database system is starting up")
                        : probe();
            }
            case STOPPING -> new Server.Rejecting("57P03", "the database system is shutting down");
            case STANDBY, PROMOTING -> standby();
            case PRIMARY ->
                    new Server.Primary(
                            common(),
                            directory.branch.timeline(),
                            new Lsn(directory.flushed),
                            walSenders(),
                            slots());
            case KILLED, GONE -> new Server.Silent("the connection was refused");
        };
    }

    private Server standby() {
        Optional<Server.WalReceiver> streaming =
                Optional.ofNullable(receiver)
                        .map(r ->
                                new Server.WalReceiver(
                                        r.ended ? "waiting" : "streaming",
                                        directory.branch.timeline(),
                                        r.primary.member.value(),
                                        5432));
        long at = replayed();
        return new Server.Standby(
                common(),
                directory.branch.holding(at).timeline(),
                received == 0 ? Optional.empty() : Optional.of(new Lsn(received)),
                new Lsn(at),
                Optional.empty(),
                localReplayed ? Server.Replay.ON : Server.Replay.LOCAL,
                streaming,
                files.upstream().map(u -> "host=" + u.name()).orElse(""),
                walSenders(),
                slots());
    }

    /** Whether somebody streams through this slot. */
    boolean uses(String slot) {
        return senders.stream()
                .anyMatch(s -> s.standby.files.slotName().filter(slot::equals).isPresent());
    }

    private List<Slot> slots() {
        return directory.slots.values().stream()
                .map(s -> Slot.physical(s.name(), uses(s.name()), s.position()))
                .toList();
    }

    /** In recovery nobody is waited for. */
    boolean isRecovering() {
        return switch (state) {
            case STARTING, STANDBY, PROMOTING -> true;
            case PRIMARY, STOPPING, KILLED, GONE -> false;
        };
    }

    private Server.Common common() {
        return new Server.Common(startMicros, 150_000, files.syncNames(), new TreeMap<>());
    }

    private List<WalSender> walSenders() {
        if (senders.isEmpty()) {
            return List.of();
        }
        List<Replication> asked = asked();
        List<WalSender> told = new ArrayList<>(senders.size());
        for (Replication s : senders) {
            int rank = asked.indexOf(s);
            String sync =
                    s.priority() == 0 || rule.number() == 0
                            ? "async"
                            : switch (rule.form()) {
                                case ANY -> "quorum";
                                case FIRST ->
                                        rank >= 0 && rank < rule.number() ? "sync" : "potential";
                            };
            told.add(
                    new WalSender(
                            s.pid,
                            s.standby.member.value(),
                            s.ended ? "startup" : "streaming",
                            sync,
                            rule.number() == 0 ? 0 : s.priority(),
                            new Lsn(s.sent),
                            new Lsn(s.flushed),
                            new Lsn(s.flushed),
                            new Lsn(s.replayed)));
        }
        return List.copyOf(told);
    }
}
