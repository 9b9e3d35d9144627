package dev.holdfast.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Threads that do the same again and again until they are stopped together. */
final class Background implements AutoCloseable {
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();

    /** On the host that this thread is on; the work ends soon after {@link #isStoppedWithin}. */
    void start(String name, Runnable work) {
        threads.add(Thread.ofPlatform().name(name).start(work));
    }

    int size() {
        return threads.size();
    }

    /** Waits for so long, or less if they are to stop. */
    boolean isStoppedWithin(Duration length) {
        try {
            return stopping.await(length.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Returns when they have ended. */
    @Override
    public void close() {
        stopping.countDown();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
