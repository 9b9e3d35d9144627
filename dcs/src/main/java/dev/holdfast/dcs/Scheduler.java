package dev.holdfast.dcs;

import java.time.Duration;

/**
 * Runs something later, on the executor of the loop that it belongs to. A port, so that a
 * simulation can put its own time behind it.
 */
public interface Scheduler {

    /** Runs {@code action} once, {@code delay} from now. */
    Cancellable after(Duration delay, Runnable action);

    /** What was scheduled. */
    interface Cancellable {
        /** Keeps it from running if it has not begun; else does nothing. */
        void cancel();
    }
}
