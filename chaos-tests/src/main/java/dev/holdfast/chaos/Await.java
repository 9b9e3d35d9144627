package dev.holdfast.chaos;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** Waits for a condition, with a limit that only something broken reaches. */
final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration INTERVAL = Duration.ofMillis(50);

    private Await() {}

    /** An exception while the condition is looked at counts as "not yet". */
    static void until(String what, Callable<Boolean> condition) {
        within(LIMIT, what, condition);
    }

    /** The same, with a limit of its own. */
    static void within(Duration limit, String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(limit)
                .pollDelay(Duration.ZERO)
                .pollInterval(INTERVAL)
                .ignoreExceptions()
                .until(condition);
    }

    /** Lets time pass, where time itself is what is measured. */
    static void pass(Duration length) {
        Awaitility.await().pollDelay(length).atMost(length.plusSeconds(5)).until(() -> true);
    }

    /** Fails as soon as the condition does not hold, and returns when it has held for so long. */
    static void holds(String what, Duration length, Callable<Boolean> condition) {
        Awaitility.await(what)
                .pollDelay(Duration.ZERO)
                .pollInterval(INTERVAL)
                .during(length)
                .atMost(length.plusSeconds(1))
                .failFast(what + " no longer holds", () -> !condition.call())
                .until(condition);
    }
}
