package dev.holdfast.agent.loop;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
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

    private static final Duration PROMOTE = Duration.ofSeconds(60);

    /** How long an answer of the guard may take, which has 2 s itself. */
    static final Duration GUARD = Duration.ofSeconds(5);

    private static final Duration KILL = Duration.ofSeconds(30);

    private final Postgres postgres;
    private final GuardPort guard;
    private final Workers workers;
    private final AgentConfig config;
    private final Supplier<MonoTime> clock;

    ServerActions(
            Postgres postgres,
            GuardPort guard,
            Workers workers,
            AgentConfig config,
            Supplier<MonoTime> clock) {
        this.postgres = postgres;
        this.guard = guard;
        this.workers = workers;
        this.config = config;
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
            case Action.InitDb init -> {
                begunBefore(init.before(), "the claim on the key initialize");
                postgres.initdb(config.bootstrap().initdb(), progress);
            }
            case Action.StartNewCluster start -> {
                start(start.files(), Postgres.Role.PRIMARY, note);
                awaitPrimary();
                postgres.createUsers();
            }
            case Action.StartStandby start -> start(start.files(), Postgres.Role.STANDBY, note);
            case Action.StartPrimary start -> {
                begunBefore(start.proof().validUntil(), "the proof of the leader lease");
                start(start.files(), Postgres.Role.PRIMARY, note);
            }
            case Action.Stop stop -> stop(stop);
            case Action.Promote promote -> {
                begunBefore(promote.proof().validUntil(), "the proof of the leader lease");
                postgres.promote(PROMOTE);
            }
            case Action.Rewind rewind -> postgres.rewind(rewind.source(), progress);
            case Action.Clone clone -> {
                if (!(postgres.inspect() instanceof DataDirectory.Missing)) {
                    Path aside =
                            postgres.moveAside(
                                    clone.reason().isEmpty() ? "replaced" : clone.reason());
                    note.accept("the old data directory was kept at " + aside);
                }
                postgres.cloneFrom(clone.source(), done -> progress.accept(describe(done)));
            }
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

    private void start(ServerFiles files, Postgres.Role role, Consumer<String> note) {
        postgres.rotateLog();
        postgres.prepare(files, role).notes().forEach(note);
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

    private void awaitPrimary() {
        CompletableFuture<Void> ended = guard.gone(guard.postmaster());
        while (!(postgres.freshProbe() instanceof Server.Primary)) {
            if (endsWithin(ended, ASK_AGAIN)) {
                throw new PostgresException(
                        "PostgreSQL ended before it was ready; see " + postgres.log());
            }
        }
    }

    private void stop(Action.Stop stop) {
        long pid = guard.postmaster();
        if (pid == 0) {
            return;
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
