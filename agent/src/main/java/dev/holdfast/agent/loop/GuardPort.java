package dev.holdfast.agent.loop;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.GuardFact;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The guard as the loop speaks to it. Calls return at once; what the guard says by itself arrives
 * as a fact.
 */
public interface GuardPort {
    /**
     * Tells the guard what to do when nobody speaks to it any more.
     *
     * @param deadlines those of the lease that an armed guard's deadline belongs to
     */
    CompletableFuture<Void> set(GuardFact.Mode mode, Deadlines deadlines);

    /** Ends all of PostgreSQL now; the fact that nothing is left follows. */
    CompletableFuture<Void> kill();

    /**
     * Starts a postmaster and completes with its pid. A primary is refused by a guard that would
     * not end it.
     */
    CompletableFuture<Long> start(
            Postgres.Role role, Path log, Path program, List<String> arguments);

    CompletableFuture<Void> signal(ServerSignal signal);

    /**
     * Completes when the postmaster with this pid is not held any more and no process of it is
     * left.
     */
    CompletableFuture<Void> gone(long pid);

    /** The postmaster that is held; 0 for none. */
    long postmaster();

    /** What the loop tells a server by a signal. */
    enum ServerSignal {
        REREAD_CONFIGURATION,
        FAST_SHUTDOWN,
        IMMEDIATE_SHUTDOWN
    }
}
