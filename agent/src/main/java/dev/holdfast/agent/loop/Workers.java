package dev.holdfast.agent.loop;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The threads for what blocks, one a purpose, so that a long base backup or a hung disk never holds
 * up a question to the server: {@code brief} for what ends soon, {@code lengthy} for the one long
 * action, {@code probe} for questions to the running server.
 */
public final class Workers implements AutoCloseable {
    private final ExecutorService brief = thread("brief");
    private final ExecutorService lengthy = thread("lengthy");
    private final ExecutorService probe = thread("probe");
    private final ExecutorService source = thread("source");

    public Executor brief() {
        return brief;
    }

    public Executor probe() {
        return probe;
    }

    /**
     * For questions to another member's server, which may be on a host that is gone and says
     * nothing.
     */
    public Executor source() {
        return source;
    }

    /** Runs the one long action; cancelling the future interrupts it. */
    public Future<?> lengthy(Runnable action) {
        return lengthy.submit(action);
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
