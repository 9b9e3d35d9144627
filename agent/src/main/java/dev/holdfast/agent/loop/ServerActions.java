package dev.holdfast.agent.loop;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.decide.LeaderProof;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
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

    /** The eighth line of postmaster.pid is the server's status. */
    private static final int PID_FILE_LINES = 8;

    private static final Duration PROMOTE = Duration.ofSeconds(60);
    private static final Duration KILL = Duration.ofSeconds(30);

    private final Postgres postgres;
    private final GuardPort guard;
    private final AgentConfig config;
    private final Supplier<MonoTime> clock;

    ServerActions(
            Postgres postgres, GuardPort guard, AgentConfig config, Supplier<MonoTime> clock) {
        this.postgres = postgres;
        this.guard = guard;
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
            case Action.InitDb _ -> postgres.initdb(config.bootstrap().initdb(), progress);
            case Action.StartNewCluster start -> {
                start(start.files(), Postgres.Role.PRIMARY, note);
                awaitPrimary();
                postgres.createUsers();
            }
            case Action.StartStandby start -> start(start.files(), Postgres.Role.STANDBY, note);
            case Action.StartPrimary start -> {
                stillValid(start.proof());
                start(start.files(), Postgres.Role.PRIMARY, note);
            }
            case Action.Stop stop -> stop(stop);
            case Action.Promote promote -> {
                stillValid(promote.proof());
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

    private void stillValid(LeaderProof proof) {
        if (!clock.get().isBefore(proof.validUntil())) {
            throw new PostgresException(
                    "the proof of the leader lease ran out before the action began; nothing was done");
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
        long logStart = logSize();
        long pid =
                await(
                        guard.start(
                                postgres.log(),
                                postgres.executable(),
                                postgres.startArguments(files)),
                        Duration.ofSeconds(5));
        CompletableFuture<Void> ended = guard.gone(pid);
        MonoTime giveUp = clock.get().plus(FIRST_ANSWER);
        while (!listens() || postgres.silence().isPresent()) {
            if (endsWithin(ended, ASK_AGAIN)) {
                throw new PostgresException(
                        "PostgreSQL ended while it was starting" + lastWords(logStart));
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

    /**
     * The new server has its sockets: only then it writes its status into its pid file. An answer
     * alone could be another server's that has the port.
     */
    private boolean listens() {
        Path pidFile = Path.of(config.postgresql().dataDir(), "postmaster.pid");
        try {
            return Files.readAllLines(pidFile).size() >= PID_FILE_LINES;
        } catch (IOException e) {
            return false;
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
                Duration.ofSeconds(5));
        if (!endsWithin(gone, stop.patience())) {
            await(guard.kill(), Duration.ofSeconds(5));
            await(gone, KILL);
        }
    }

    /**
     * What the server logged last before it ended, which names the reason (a port in use, a wrong
     * parameter).
     */
    private String lastWords(long logStart) {
        Path log = postgres.log();
        try {
            byte[] all = Files.readAllBytes(log);
            int from = (int) Math.min(logStart, all.length);
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

    private long logSize() {
        try {
            return Files.exists(postgres.log()) ? Files.size(postgres.log()) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean endsWithin(CompletableFuture<Void> ended, Duration span) {
        try {
            ended.get(span.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            throw cancelled();
        } catch (ExecutionException e) {
            throw new PostgresException("the guard failed: " + reason(e), e);
        }
    }

    private static <T> T await(CompletableFuture<T> future, Duration atMost) {
        try {
            return future.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new PostgresException(
                    "the guard did not do it within " + atMost.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            throw cancelled();
        } catch (ExecutionException e) {
            throw new PostgresException("the guard refused: " + reason(e), e);
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf((cause == null ? e : cause).getMessage());
    }

    private static PostgresException cancelled() {
        Thread.currentThread().interrupt();
        return new PostgresException("the action was cancelled");
    }
}
