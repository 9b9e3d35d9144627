package dev.holdfast.agent.loop;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * Where what blocks runs, one place a purpose, so that a long base backup or a hung disk never
 * holds up a question to the server. A port, so that a simulation can put its own time behind it:
 * what runs here waits only through {@link #await} and through the ports.
 */
public interface Workers {
    /** For what ends soon. */
    Executor brief();

    /** For questions to the running server. */
    Executor probe();

    /**
     * For questions to another member's server, which may be on a host that is gone and says
     * nothing.
     */
    Executor source();

    /** Runs the one long action; cancelling the future interrupts it. */
    Future<?> lengthy(Runnable action);

    /**
     * Blocks the job that calls it until there is an answer.
     *
     * @throws TimeoutException when there is none within {@code atMost}
     * @throws CancellationException when the job was cancelled meanwhile
     */
    <T> T await(CompletableFuture<T> answer, Duration atMost)
            throws TimeoutException, ExecutionException;
}
