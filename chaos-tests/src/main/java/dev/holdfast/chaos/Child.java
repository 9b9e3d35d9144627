package dev.holdfast.chaos;

import java.time.Duration;

/** A program that the harness started. */
interface Child {
    /** As this machine counts. */
    long pid();

    boolean isAlive();

    /**
     * Waits until it ends, and returns its exit status; 128 and the signal's number where a signal
     * ended it
     */
    int awaitExit(Duration atMost);

    /** To one that has ended it does nothing. */
    default void send(Signal signal) {
        if (isAlive()) {
            signal.send(pid());
        }
    }
}
