package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.STARTED;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.WalSender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A primary with its standbys, the key {@code /sync}, and an agent that runs the real {@code
 * decide}. PostgreSQL acknowledges as early as it may: in the middle of a change of the names, a
 * commit returns as soon as either value allows it. Writes of {@code /sync} may be executed late,
 * and views and probes may be old. After every event the two promises are checked: whoever is
 * waited for meets whoever may elect, and who may elect has every commit that was acknowledged.
 */
final class SyncSetModel {
    private record Write(SyncState sync, long expected) {}

    private record Probe(MonoTime askedAt, long flushed, List<WalSender> senders, String names) {}

    private static final class Standby {
        boolean connected = true;
        boolean member = true;
        long flushed;
    }

    private final NavigableMap<MemberName, Standby> standbys = new TreeMap<>();
    private final List<String> trace = new ArrayList<>();
    private MonoTime now = Values.START;

    // What the operator wants.
    private SyncMode mode = SyncMode.ON;
    private int count = 1;
    private boolean strict;

    // The store.
    private SyncState sync = SyncState.none();
    private long syncRevision = 50;
    private final List<Write> late = new ArrayList<>();

    // The server.
    private final Set<String> inForce = new LinkedHashSet<>(Set.of(""));
    private String shown = "";
    private long written = HERE.value();
    private long acknowledged;
    private Optional<ServerFiles> applying = Optional.empty();
    private boolean reloaded;

    // The agent.
    private SyncState viewed = sync;
    private long viewedRevision = syncRevision;
    private Probe probe;
    private Optional<ServerFiles> applied = Optional.empty();
    private boolean namesCount;
    private Memory memory = Memory.empty();
    private Decision last;

    SyncSetModel(MemberName... names) {
        for (MemberName name : names) {
            Standby standby = new Standby();
            standby.flushed = written;
            standbys.put(name, standby);
        }
        probe = look();
        last = observation().decide();
    }

    // --- the operator

    void mode(SyncMode wanted) {
        event("synchronous_mode " + wanted);
        mode = wanted;
    }

    void count(int wanted) {
        event("synchronous_node_count " + wanted);
        count = wanted;
    }

    void strict() {
        event("synchronous_mode_strict");
        strict = true;
    }

    // --- clients and standbys

    void commit() {
        event("commit");
        written += 8;
        settle();
    }

    void flush(MemberName name) {
        event(name + " flushes");
        Standby standby = standby(name);
        if (standby.connected) {
            standby.flushed = written;
        }
        settle();
    }

    /** It has written some of what it received, and may stay so. */
    void flushSome(MemberName name, SplittableRandom random) {
        event(name + " flushes some");
        Standby standby = standby(name);
        if (standby.connected) {
            standby.flushed += random.nextLong(written - standby.flushed + 1);
        }
        settle();
    }

    void disconnect(MemberName name) {
        event(name + " disconnects");
        standby(name).connected = false;
        settle();
    }

    void connect(MemberName name) {
        event(name + " connects");
        standby(name).connected = true;
        settle();
    }

    void agentOfDies(MemberName name) {
        event("the agent of " + name + " dies");
        standby(name).member = false;
    }

    void agentOfReturns(MemberName name) {
        event("the agent of " + name + " returns");
        standby(name).member = true;
    }

    // --- the server

    /** The files are written and reread: fresh sessions see the new names, commits either. */
    void reload() {
        applying.filter(_ -> !reloaded)
                .ifPresent(files -> {
                    event("the server rereads: names '" + files.syncNames() + "'");
                    reloaded = true;
                    shown = files.syncNames();
                    inForce.add(shown);
                    settle();
                });
    }

    /** The new names count, and the agent learns that. */
    void count() {
        applying.filter(_ -> reloaded)
                .ifPresent(files -> {
                    event("the names '" + files.syncNames() + "' count");
                    inForce.clear();
                    inForce.add(shown);
                    applying = Optional.empty();
                    reloaded = false;
                    applied = Optional.of(files);
                    namesCount = true;
                    settle();
                });
    }

    /** The primary ends and is started again in place, with the names in its files. */
    void restartServer() {
        event("the primary is restarted");
        standbys.values().forEach(s -> s.connected = false);
        applying.ifPresent(files -> applied = Optional.empty());
        applying = Optional.empty();
        reloaded = false;
        namesCount = applied.isPresent();
        inForce.clear();
        inForce.add(shown);
        standbys.values().forEach(s -> s.connected = s.member);
        settle();
    }

    boolean isChangingNames() {
        return applying.isPresent();
    }

    // --- the store

    boolean hasLateWrite() {
        return !late.isEmpty();
    }

    /** One of the writes under way reaches the store, the agent learns nothing yet. */
    void executeWrite(int which) {
        Write write = late.remove(which % late.size());
        boolean applies = write.expected() == syncRevision;
        event("/sync = " + write.sync().standbys() + (applies ? " is executed" : " is refused"));
        if (applies) {
            sync = write.sync();
            syncRevision++;
        }
    }

    void view() {
        event("the agent sees /sync");
        viewed = sync;
        viewedRevision = syncRevision;
    }

    // --- the agent

    void probe() {
        event("probe");
        probe = look();
    }

    void restartAgent() {
        event("the agent is restarted");
        memory = Memory.empty();
        applied = Optional.empty();
        namesCount = false;
        applying = reloaded ? applying : Optional.empty();
        if (reloaded) {
            // The server has reread already; what it says counts from some moment on, unseen.
            applying = Optional.empty();
            reloaded = false;
        }
        probe();
        view();
    }

    /** A checkpoint passes: a change of the names that nobody waits for counts from now on. */
    void checkpoint() {
        if (applying.isEmpty()) {
            event("checkpoint");
            inForce.clear();
            inForce.add(shown);
            settle();
        }
    }

    /** Decides on what the agent knows, and begins what is decided. */
    void decide() {
        last = observation().decide();
        memory = last.memory();
        event("decided: " + last.reason().sentence());
        for (Action action : last.actions()) {
            switch (action) {
                case Action.WriteSync write ->
                        late.add(new Write(write.sync(), write.expectedRevision()));
                case Action.ApplyFiles apply -> beginChange(apply.files());
                case Action.EmitWal _ -> written += 1;
                case Action.SetGuard _ -> {}
                case Action.Store _, Action.Brief _, Action.Lengthy _ ->
                        throw failure("unexpected " + action);
            }
        }
        settle();
    }

    /** As the performer does: what counts is not known from here on. */
    private void beginChange(ServerFiles files) {
        if (applying.isPresent()) {
            return;
        }
        applying = Optional.of(files);
        namesCount &= applied.map(ServerFiles::syncNames).equals(Optional.of(files.syncNames()));
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    /** One round in which nothing fails. */
    void round() {
        pass(Duration.ofMillis(500));
        reload();
        count();
        checkpoint();
        while (hasLateWrite()) {
            executeWrite(0);
        }
        view();
        standbys.keySet().forEach(this::flush);
        probe();
        decide();
    }

    /** Rounds until nothing is left to do; fails when there is no end. */
    int converge() {
        for (int rounds = 1; rounds <= 60; rounds++) {
            round();
            if (last.actions().isEmpty() && isSettled()) {
                return rounds;
            }
        }
        throw failure("no end after 60 rounds without a fault");
    }

    private boolean isSettled() {
        int possible =
                (int) standbys.values().stream().filter(s -> s.connected && s.member).count();
        int wanted =
                switch (mode) {
                    case OFF -> 0;
                    case ON -> Math.min(count, possible);
                    case QUORUM -> possible;
                };
        int quorum = mode == SyncMode.QUORUM ? Math.max(0, possible - count) : 0;
        boolean waits = strict && possible == 0;
        return (waits || sync.quorum() == quorum)
                && sync.standbys().size()
                        == (strict && possible == 0 ? sync.standbys().size() : wanted);
    }

    // --- what is checked

    private void event(String what) {
        now = now.plus(Duration.ofMillis(1));
        trace.add(what);
    }

    /** Acknowledges what may be acknowledged, then checks. */
    private void settle() {
        for (String names : inForce) {
            acknowledged = Math.max(acknowledged, acknowledgedBy(names));
        }
        check();
    }

    /** The last position up to which commits return under this value, as PostgreSQL counts. */
    private long acknowledgedBy(String value) {
        SyncNames names =
                SyncNames.parse(value).orElseThrow(() -> failure("unreadable names " + value));
        if (names.isEmpty()) {
            return written;
        }
        if (names.form() == SyncNames.Form.ANY) {
            return names.names().stream()
                    .map(standbys::get)
                    .flatMap(s -> Optional.ofNullable(s).stream())
                    .filter(s -> s.connected)
                    .map(s -> s.flushed)
                    .sorted(Comparator.reverseOrder())
                    .skip(names.number() - 1)
                    .findFirst()
                    .orElse(acknowledged);
        }
        List<Standby> chosen =
                names.names().stream()
                        .map(standbys::get)
                        .flatMap(s -> Optional.ofNullable(s).stream())
                        .filter(s -> s.connected)
                        .limit(names.number())
                        .toList();
        return chosen.size() < names.number()
                ? acknowledged
                : chosen.stream().mapToLong(s -> s.flushed).min().orElse(acknowledged);
    }

    private void check() {
        if (!sync.leader().equals(Optional.of(PG1))) {
            return;
        }
        for (String names : inForce) {
            if (!SyncNames.parse(names).orElse(SyncNames.NONE).keep(sync)) {
                throw failure(
                        "/sync is " + sync + ", and commits may return under '" + names + "'");
            }
        }
        long having =
                sync.standbys().stream().filter(m -> standby(m).flushed >= acknowledged).count();
        if (having + sync.quorum() < sync.standbys().size()) {
            throw failure("/sync is " + sync + ", and may elect who misses an acknowledged commit");
        }
    }

    void checkNow() {
        settle();
    }

    private AssertionError failure(String what) {
        return new AssertionError(
                what
                        + "\n  "
                        + String.join(
                                "\n  ",
                                trace.subList(Math.max(0, trace.size() - 60), trace.size())));
    }

    // --- what the agent sees

    SyncState sync() {
        return sync;
    }

    String names() {
        return shown;
    }

    Decision last() {
        return last;
    }

    private Standby standby(MemberName name) {
        return Optional.ofNullable(standbys.get(name))
                .orElseThrow(() -> failure("no standby " + name));
    }

    private Probe look() {
        List<WalSender> senders = new ArrayList<>();
        SyncNames names = SyncNames.parse(shown).orElse(SyncNames.NONE);
        standbys.forEach((name, standby) -> {
            if (standby.connected) {
                int priority = names.names().indexOf(name) + 1;
                boolean chosen =
                        priority > 0
                                && names.names().subList(0, priority - 1).stream()
                                                .filter(n ->
                                                        standbys.containsKey(n)
                                                                && standby(n).connected)
                                                .count()
                                        < names.number();
                boolean any = names.form() == SyncNames.Form.ANY;
                String waited = any ? "quorum" : chosen ? "sync" : "potential";
                senders.add(
                        Values.sender(
                                name.value(),
                                new Lsn(standby.flushed),
                                priority > 0 ? waited : "async",
                                any ? Math.min(priority, 1) : priority));
            }
        });
        return new Probe(now, written, senders, shown);
    }

    private Situation observation() {
        Situation situation =
                Situation.ofPrimary()
                        .config(c -> strict ? c.strict() : c)
                        .config(c -> c.count(count).sync(mode))
                        .sync(viewed, viewedRevision)
                        .freshAt(now)
                        .commits(Optional.of(new CommitsFact(now, List.of())))
                        .askedAt(probe.askedAt())
                        .server(
                                Values.primaryServer(
                                        probe.names(),
                                        new Lsn(probe.flushed()),
                                        1,
                                        probe.senders()))
                        .applied(applied)
                        .namesCount(
                                namesCount ? Situation.Counting.KNOWN : Situation.Counting.UNKNOWN)
                        .memory(_ ->
                                memory.withGate(
                                        Optional.of(new Memory.Gate(STARTED, EPOCH, HERE, true))));
        for (MemberName name : List.of(Values.PG2, Values.PG3)) {
            Standby standby = standbys.get(name);
            if (standby == null || !standby.member) {
                situation.without(name);
            }
        }
        return situation;
    }
}
