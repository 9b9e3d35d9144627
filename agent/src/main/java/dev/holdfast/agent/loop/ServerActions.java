package dev.holdfast.agent.loop;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The long actions on PostgreSQL. Every method blocks, and runs on the worker thread for long
 * actions.
 */
final class ServerActions {
    /**
     * How long a server that was started may say nothing at all. One that answers may take any time
     * to be ready.
     */
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(60);

    private static final Duration ASK_AGAIN = Duration.ofMillis(10);

    /** How often a server is asked that recovers from a backup, which may take hours. */
    private static final Duration ASK_RECOVERING = Duration.ofMillis(250);

    private static final Duration SHOW_PROGRESS = Duration.ofMillis(500);

    /** A standby between this one and the primary passes on what it hears every 10 s. */
    private static final Duration FEEDBACK = Duration.ofSeconds(15);

    private static final Duration PROMOTE = Duration.ofSeconds(60);

    /** How long an answer of the guard may take, which has 2 s itself. */
    static final Duration GUARD = Duration.ofSeconds(5);

    private static final Duration KILL = Duration.ofSeconds(30);

    private final Postgres postgres;
    private final GuardPort guard;
    private final Workers workers;
    private final AgentConfig config;
    private final Supplier<Scripts> scripts;
    private final AgentLoop.BeforeStop beforeStop;
    private final Supplier<MonoTime> clock;

    ServerActions(
            Postgres postgres,
            GuardPort guard,
            Workers workers,
            AgentConfig config,
            Supplier<Scripts> scripts,
            AgentLoop.BeforeStop beforeStop,
            Supplier<MonoTime> clock) {
        this.postgres = postgres;
        this.guard = guard;
        this.workers = workers;
        this.config = config;
        this.scripts = scripts;
        this.beforeStop = beforeStop;
        this.clock = clock;
    }

    /**
     * Carries the action out.
     *
     * @param progress is told sentences while it runs, on this thread
     * @param note is told what an operator should know
     * @throws PostgresException when it fails, with one sentence
     */
    void run(Action.Lengthy action, Consumer<String> progress, Consumer<String> note) {
        switch (action) {
            case Action.InitDb init -> make(init.before(), progress, note);
            case Action.StartNewCluster start -> {
                try {
                    startNewCluster(start.files(), progress, note);
                } catch (PostgresException e) {
                    throw undone(e);
                }
            }
            case Action.StartStandby start -> start(start.files(), Postgres.Role.STANDBY, note);
            case Action.StartPrimary start -> {
                MonoTime end = start.proof().validUntil();
                begunBefore(end, "the proof of the leader lease");
                start(start.files(), Postgres.Role.PRIMARY, () -> prepared(start, end), note);
            }
            case Action.Stop stop -> stop(stop, note);
            case Action.PrePromote _ ->
                    scripts.get()
                            .prePromote()
                            .ifPresent(script -> postgres.call("pre_promote", script));
            case Action.Promote promote -> {
                begunBefore(promote.proof().validUntil(), "the proof of the leader lease");
                postgres.promote(PROMOTE);
            }
            case Action.KeepAside keep ->
                    note.accept(
                            postgres.copyAside(keep.how(), "before-rewind", progress)
                                    .map(kept -> "the data directory is kept as it was at " + kept)
                                    .orElse(
                                            "the data directory is not kept as it was: its file system"
                                                    + " cannot share blocks (postgresql.keep_aside)"));
            case Action.Rewind rewind -> postgres.rewind(rewind.source(), progress);
            case Action.Clone clone ->
                    copy(
                            Optional.of(clone.source()),
                            methods(clone.methods()),
                            clone.reason(),
                            progress,
                            note);
            case Action.PlaceSlots place -> place(place, note);
            case Action.Restore restore ->
                    copy(
                            Optional.empty(),
                            methods(restore.methods()),
                            restore.reason(),
                            progress,
                            note);
        }
    }

    private void make(MonoTime claimEnds, Consumer<String> progress, Consumer<String> note) {
        String claim = "the claim on the key initialize";
        begunBefore(claimEnds, claim);
        // Nobody has used what was not finished: it is made anew.
        setAside("bootstrap-failed", note);
        // The disk may have taken its time, and another member may have made the cluster meanwhile.
        begunBefore(claimEnds, claim);
        Optional<Scripts.NewCluster> method = scripts.get().newCluster();
        if (method.isPresent()) {
            postgres.makeBy(method.get(), seldom(progress));
        } else {
            postgres.initdb(config.bootstrap().initdb(), progress);
            if (scripts.get().postBootstrap().isPresent()) {
                postgres.newClusterBegins();
            }
        }
    }

    /** A program of the operator may print much, and each line would be a turn of the loop. */
    private Consumer<String> seldom(Consumer<String> progress) {
        AtomicReference<MonoTime> next = new AtomicReference<>(MonoTime.BEGINNING);
        return line -> {
            MonoTime now = clock.get();
            if (!now.isBefore(next.get())) {
                next.set(now.plus(SHOW_PROGRESS));
                progress.accept(line);
            }
        };
    }

    private void setAside(String reason, Consumer<String> note) {
        if (!(postgres.inspect() instanceof DataDirectory.Missing)) {
            note.accept("the old data directory was kept at " + postgres.moveAside(reason));
        }
    }

    private void startNewCluster(
            ServerFiles files, Consumer<String> progress, Consumer<String> note) {
        Scripts.Recovery recovery =
                scripts.get()
                        .newCluster()
                        .map(Scripts.NewCluster::recovery)
                        .orElse(new Scripts.Recovery.None());
        start(
                files,
                Postgres.Role.PRIMARY,
                () -> postgres.prepareNewCluster(files, recovery),
                note);
        awaitPrimary(progress);
        postgres.createUsers();
        scripts.get()
                .postBootstrap()
                .ifPresent(command -> postgres.callPostBootstrap(command, seldom(progress)));
        postgres.newClusterIsWhole();
    }

    /** What was made is of no use, and the next attempt needs an empty directory. */
    private PostgresException undone(PostgresException why) {
        long pid = guard.postmaster();
        if (pid != 0) {
            CompletableFuture<Void> gone = guard.gone(pid);
            await(guard.kill(), GUARD);
            await(gone, KILL);
        }
        return postgres.inspect() instanceof DataDirectory.Missing
                ? why
                : new PostgresException(
                        why.getMessage()
                                + "; what was made is kept at "
                                + postgres.moveAside("bootstrap-failed"),
                        why);
    }

    /** Those of {@code standby_cluster} are named in the dynamic configuration alone. */
    private List<Scripts.ReplicaMethod> methods(List<String> names) {
        if (names.isEmpty()) {
            return scripts.get().replicas();
        }
        Map<String, Scripts.ReplicaMethod> named = scripts.get().named();
        List<String> unknown = names.stream().filter(name -> !named.containsKey(name)).toList();
        if (!unknown.isEmpty()) {
            throw new PostgresException(
                    "standby_cluster.create_replica_methods names "
                            + unknown
                            + ", and this member's file has no such section with a command under postgresql");
        }
        return names.stream().map(named::get).toList();
    }

    /** By the first method that succeeds. */
    private void copy(
            Optional<Upstream> source,
            List<Scripts.ReplicaMethod> methods,
            String reason,
            Consumer<String> progress,
            Consumer<String> note) {
        String aside = reason.isEmpty() ? "replaced" : reason;
        List<String> failures = new ArrayList<>();
        for (Scripts.ReplicaMethod method : methods) {
            try {
                if (copyBy(method, source, aside, progress, note)) {
                    return;
                }
            } catch (PostgresException e) {
                failures.add(String.valueOf(e.getMessage()));
                note.accept("a copy was not made: " + e.getMessage());
            }
        }
        throw new PostgresException(
                failures.isEmpty()
                        ? "no method of create_replica_methods can do without a leader"
                        : String.join("; ", failures));
    }

    /** Whether the method is one for this case; it has made the copy then. */
    private boolean copyBy(
            Scripts.ReplicaMethod method,
            Optional<Upstream> source,
            String aside,
            Consumer<String> progress,
            Consumer<String> note) {
        return switch (method) {
            case Scripts.ReplicaMethod.BaseBackup _ -> {
                if (source.isPresent()) {
                    postgres.demandRoomForAnother();
                    setAside(aside, note);
                    postgres.cloneFrom(source.get(), done -> progress.accept(describe(done)));
                }
                yield source.isPresent();
            }
            case Scripts.ReplicaMethod.Command command -> {
                boolean fits = source.isPresent() || command.leader() == Scripts.Leader.NOT_NEEDED;
                if (fits) {
                    switch (command.data()) {
                        case KEPT -> {}
                        case REPLACED -> {
                            postgres.demandRoomForAnother();
                            setAside(aside, note);
                        }
                    }
                    postgres.copyBy(command, source, seldom(progress));
                }
                yield fits;
            }
        };
    }

    /** All that can fail for reasons of others comes before the stop. */
    private void place(Action.PlaceSlots place, Consumer<String> note) {
        try (Postgres.SlotCopy copy =
                postgres.copySlots(place.leader(), place.through(), place.slots())) {
            stop(new Action.Stop(Action.StopMode.FAST, place.patience()), note);
            postgres.placeSlots(copy.files());
            startWith(copy.files().keySet(), place.files(), note);
            note.accept(
                    "the logical slots "
                            + copy.files().keySet()
                            + " were copied from "
                            + place.leader().name());
            CompletableFuture<Void> ended = guard.gone(guard.postmaster());
            MonoTime giveUp = clock.get().plus(FEEDBACK);
            while (!copy.isHeld() && clock.get().isBefore(giveUp)) {
                if (endsWithin(ended, ASK_RECOVERING)) {
                    throw new PostgresException("PostgreSQL ended; see " + postgres.log());
                }
            }
            if (!copy.isHeld()) {
                note.accept(
                        place.leader().name()
                                + " has not heard within "
                                + FEEDBACK.toSeconds()
                                + " s what these slots need: after a failover they may lack rows of the catalogs");
            }
        }
    }

    /** Whatever keeps PostgreSQL from starting: without these slots it did run. */
    private void startWith(Set<String> slots, ServerFiles files, Consumer<String> note) {
        try {
            start(files, Postgres.Role.STANDBY, note);
        } catch (PostgresException e) {
            if (guard.postmaster() == 0) {
                postgres.removeSlots(slots);
            }
            throw e;
        }
    }

    private void begunBefore(MonoTime end, String what) {
        if (!clock.get().isBefore(end)) {
            throw new PostgresException(
                    what + " ran out before the action began; nothing was done");
        }
    }

    private static String describe(Postgres.Progress done) {
        long mebibytes = done.doneBytes() >> 20;
        return done.totalBytes() == 0
                ? mebibytes + " MiB"
                : mebibytes
                        + " of "
                        + (done.totalBytes() >> 20)
                        + " MiB ("
                        + Math.min(100, done.doneBytes() * 100 / done.totalBytes())
                        + " %)";
    }

    /** To write the files takes as long as the disk does. */
    private Postgres.Prepared prepared(Action.StartPrimary start, MonoTime end) {
        Postgres.Prepared prepared = postgres.prepare(start.files(), Postgres.Role.PRIMARY);
        begunBefore(end, "the proof of the leader lease");
        return prepared;
    }

    private void start(ServerFiles files, Postgres.Role role, Consumer<String> note) {
        start(files, role, () -> postgres.prepare(files, role), note);
    }

    private void start(
            ServerFiles files,
            Postgres.Role role,
            Supplier<Postgres.Prepared> prepare,
            Consumer<String> note) {
        postgres.rotateLog();
        prepare.get().notes().forEach(note);
        long logStart = postgres.logBytes();
        long pid =
                await(
                        guard.start(
                                role,
                                postgres.log(),
                                postgres.executable(),
                                postgres.startArguments(files)),
                        GUARD);
        CompletableFuture<Void> ended = guard.gone(pid);
        MonoTime giveUp = clock.get().plus(FIRST_ANSWER);
        while (!postgres.listens() || postgres.silence().isPresent()) {
            if (endsWithin(ended, ASK_AGAIN)) {
                throw new PostgresException(
                        "PostgreSQL ended while it was starting" + postgres.lastWords(logStart));
            }
            if (clock.get().isAfter(giveUp)) {
                throw new PostgresException(
                        "PostgreSQL was started (pid "
                                + pid
                                + ") and does not answer; see "
                                + postgres.log());
            }
        }
    }

    /** A new cluster that recovers from a backup may take hours to get there. */
    private void awaitPrimary(Consumer<String> progress) {
        CompletableFuture<Void> ended = guard.gone(guard.postmaster());
        for (Server found = postgres.freshProbe();
                !(found instanceof Server.Primary);
                found = postgres.freshProbe()) {
            boolean recovers = found instanceof Server.Standby;
            if (found instanceof Server.Standby standby) {
                progress.accept("replayed up to " + standby.replayed());
            }
            if (endsWithin(ended, recovers ? ASK_RECOVERING : ASK_AGAIN)) {
                throw new PostgresException(
                        "PostgreSQL ended before it was ready; see " + postgres.log());
            }
        }
    }

    private void stop(Action.Stop stop, Consumer<String> note) {
        long pid = guard.postmaster();
        if (pid == 0) {
            return;
        }
        if (stop.mode() == Action.StopMode.FAST) {
            beforeStop(note);
        }
        CompletableFuture<Void> gone = guard.gone(pid);
        await(
                guard.signal(
                        switch (stop.mode()) {
                            case FAST -> GuardPort.ServerSignal.FAST_SHUTDOWN;
                            case IMMEDIATE -> GuardPort.ServerSignal.IMMEDIATE_SHUTDOWN;
                        }),
                GUARD);
        if (!endsWithin(gone, stop.patience())) {
            await(guard.kill(), GUARD);
            await(gone, KILL);
        }
    }

    /** Whatever becomes of it, PostgreSQL is stopped. */
    private void beforeStop(Consumer<String> note) {
        if (!endsWithin(beforeStop.ready(), beforeStop.patience())) {
            note.accept(
                    "the services that follow the leader did not all stop in time; PostgreSQL is stopped all the same");
        }
        scripts.get()
                .beforeStop()
                .ifPresent(script -> {
                    try {
                        postgres.call("before_stop", script);
                    } catch (PostgresException e) {
                        note.accept(e.getMessage() + "; PostgreSQL is stopped all the same");
                    }
                });
    }

    private boolean endsWithin(CompletableFuture<Void> ended, Duration span) {
        try {
            workers.await(ended, span);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new PostgresException("the guard failed: " + reason(e), e);
        }
    }

    /** The guard's answer; for a job of the workers only. */
    <T> T await(CompletableFuture<T> future, Duration atMost) {
        try {
            return workers.await(future, atMost);
        } catch (TimeoutException e) {
            throw new PostgresException(
                    "the guard did not do it within " + atMost.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new PostgresException("the guard refused: " + reason(e), e);
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf((cause == null ? e : cause).getMessage());
    }
}
