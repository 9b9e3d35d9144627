package dev.holdfast.agent.observe;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.dcs.Scheduler;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Asks the running server who it is, again and again: about every second (two on a standby), or
 * every few milliseconds while a change is expected. Its state belongs to the loop's executor; the
 * question itself runs on a thread of its own.
 */
public final class ServerObserver {
    /** A primary must notice within a second that a synchronous standby is gone. */
    private static final Duration CALM = Duration.ofSeconds(1);

    /** What a standby in calm tells is its position, and nobody decides on that unasked. */
    private static final Duration CALM_STANDBY = Duration.ofSeconds(2);

    private static final Duration EAGER = Duration.ofMillis(15);

    /** What an observer tells: the answer, when it was asked for, and of which postmaster. */
    public interface Listener {
        void onServer(Server server, MonoTime askedAt, long postmaster);
    }

    private final Postgres postgres;
    private final Executor executor;
    private final Executor worker;
    private final Scheduler scheduler;
    private final Supplier<MonoTime> clock;
    private final Supplier<ServerFiles> wanted;
    private final Listener listener;

    private long postmaster;
    private Decision.Probe pace = Decision.Probe.CALM;
    private boolean asking;
    private boolean askAgain;
    private long generation;
    private Duration calm = CALM;

    public ServerObserver(
            Postgres postgres,
            Executor executor,
            Executor worker,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Supplier<ServerFiles> wanted,
            Listener listener) {
        this.postgres = postgres;
        this.executor = executor;
        this.worker = worker;
        this.scheduler = scheduler;
        this.clock = clock;
        this.wanted = wanted;
        this.listener = listener;
    }

    /** The postmaster to ask; 0 for none. */
    public void watch(long pid) {
        postmaster = pid;
        askNow();
    }

    public void pace(Decision.Probe next) {
        Decision.Probe before = pace;
        pace = next;
        if (next == Decision.Probe.EAGER && before == Decision.Probe.CALM) {
            schedule();
        }
    }

    /** Asks once more, from now on: an answer to a question that is under way will not do. */
    public void askNow() {
        if (postmaster == 0) {
            return;
        }
        if (asking) {
            askAgain = true;
            return;
        }
        asking = true;
        long pid = postmaster;
        MonoTime askedAt = clock.get();
        ServerFiles files = wanted.get();
        worker.execute(() -> {
            Server server = postgres.probe(files);
            executor.execute(() -> answered(server, askedAt, pid));
        });
    }

    private void answered(Server server, MonoTime askedAt, long pid) {
        asking = false;
        calm = server instanceof Server.Standby ? CALM_STANDBY : CALM;
        if (pid == postmaster) {
            listener.onServer(server, askedAt, pid);
        }
        if (askAgain) {
            askAgain = false;
            askNow();
        } else {
            schedule();
        }
    }

    private void schedule() {
        long mine = ++generation;
        Duration pause =
                switch (pace) {
                    case CALM -> calm;
                    case EAGER -> EAGER;
                };
        scheduler.after(
                pause,
                () -> {
                    if (mine == generation) {
                        askNow();
                    }
                });
    }
}
