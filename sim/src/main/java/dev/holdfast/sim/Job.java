package dev.holdfast.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import jdk.internal.vm.Continuation;
import jdk.internal.vm.ContinuationScope;
import org.jspecify.annotations.Nullable;

/**
 * A worker thread without a thread: its jobs run one after the other, and one that waits gives the
 * run back to the events until what it waits for has come. So code that blocks is simulated as it
 * is.
 */
final class Job implements Executor {
    private static final ContinuationScope SCOPE = new ContinuationScope("holdfast-sim");

    private final Program program;
    private final Chance chance;
    private final Current current;
    private final String name;
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private final Continuation continuation = new Continuation(SCOPE, this::loop);
    private boolean awake;
    private boolean busy;
    private boolean cancelled;

    /** Which job runs now. */
    static final class Current {
        private @Nullable Job job;

        Job job() {
            Job now = job;
            if (now == null) {
                throw new IllegalStateException("only a job of the workers may wait");
            }
            return now;
        }
    }

    Job(Program program, Chance chance, Current current, String name) {
        this.program = program;
        this.chance = chance;
        this.current = current;
        this.name = name;
    }

    @Override
    public void execute(Runnable job) {
        queue.addLast(job);
        if (!busy && !awake) {
            wakeAfter(chance.between(2, 60) * Events.MICRO);
        }
    }

    /** Interrupts what runs, or takes it out of the queue. */
    void cancel(Runnable job) {
        if (!queue.remove(job) && busy) {
            cancelled = true;
            wakeAfter(chance.between(2, 60) * Events.MICRO);
        }
    }

    private void wakeAfter(long nanos) {
        awake = true;
        program.after(nanos, name, this::resume);
    }

    private void resume() {
        awake = false;
        Job before = current.job;
        current.job = this;
        try {
            continuation.run();
        } finally {
            current.job = before;
        }
    }

    private void loop() {
        while (true) {
            Runnable next = queue.pollFirst();
            if (next == null) {
                Continuation.yield(SCOPE);
                continue;
            }
            busy = true;
            cancelled = false;
            next.run();
            busy = false;
            if (!queue.isEmpty()) {
                wakeAfter(chance.between(2, 60) * Events.MICRO);
                Continuation.yield(SCOPE);
            }
        }
    }

    /** Waits for this long; for the job that runs only. */
    void sleep(long nanos) {
        boolean[] over = {false};
        program.after(
                nanos,
                name,
                () -> {
                    over[0] = true;
                    resumeSoon();
                });
        while (!over[0]) {
            yieldOnce();
        }
    }

    <T> T await(CompletableFuture<T> answer, long atMostNanos)
            throws TimeoutException, ExecutionException {
        boolean[] late = {false};
        if (!answer.isDone()) {
            var timer =
                    program.after(
                            atMostNanos,
                            name,
                            () -> {
                                late[0] = true;
                                resumeSoon();
                            });
            var _ = answer.whenComplete((_, _) -> resumeSoon());
            while (!answer.isDone() && !late[0]) {
                yieldOnce();
            }
            timer.cancel();
        }
        if (!answer.isDone()) {
            throw new TimeoutException();
        }
        try {
            return answer.get();
        } catch (InterruptedException impossible) {
            throw new IllegalStateException("a simulation is never interrupted", impossible);
        }
    }

    private void resumeSoon() {
        if (busy && !awake) {
            wakeAfter(chance.between(1, 20) * Events.MICRO);
        }
    }

    private void yieldOnce() {
        Continuation.yield(SCOPE);
        if (cancelled) {
            cancelled = false;
            throw new CancellationException("the action was cancelled");
        }
    }
}
