package dev.holdfast.agent.loop;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A thread for each purpose. */
public final class WorkerThreads implements Workers, AutoCloseable {
    private final ExecutorService brief = thread("brief");
    private final ExecutorService lengthy = thread("lengthy");
    private final ExecutorService probe = thread("probe");
    private final ExecutorService source = thread("source");

    @Override
    public Executor brief() {
        return brief;
    }

    @Override
    public Executor probe() {
        return probe;
    }

    @Override
    public Executor source() {
        return source;
    }

    @Override
    public Future<?> lengthy(Runnable action) {
        return lengthy.submit(action);
    }

    @Override
    public <T> T await(CompletableFuture<T> answer, Duration atMost)
            throws TimeoutException, ExecutionException {
        try {
            return answer.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the action was cancelled");
        }
    }

    @Override
    public void close() {
        brief.shutdownNow();
        lengthy.shutdownNow();
        probe.shutdownNow();
        source.shutdownNow();
    }

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("holdfast-" + name).factory());
    }
}
