package dev.holdfast.api.server;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.status.MemberStatus;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Health checks for writers whose 503 is about to become a 200, held until it has. A balancer that
 * asks once a second would otherwise learn of a new primary half a second late on average, a full
 * one at worst; so it learns at once.
 *
 * <p>Used on one event loop only, but for {@link #count}.
 */
final class HeldAnswers {
    /**
     * A check that waits. Answering it is up to {@code answer}, by the state at that instant.
     * Compared by identity.
     */
    private static final class Held {
        private final HealthPath check;
        private final Runnable answer;
        private final MonoTime since;

        Held(HealthPath check, Runnable answer, MonoTime since) {
            this.check = check;
            this.answer = answer;
            this.since = since;
        }
    }

    private final Vertx vertx;
    private final Limits limits;
    private final Supplier<MonoTime> clock;
    private final Supplier<MemberStatus> status;
    private final LinkedHashMap<Held, Long> timers = new LinkedHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    HeldAnswers(
            Vertx vertx, Limits limits, Supplier<MonoTime> clock, Supplier<MemberStatus> status) {
        this.vertx = vertx;
        this.limits = limits;
        this.clock = clock;
        this.status = status;
    }

    /** Whether a check that came in now has to wait. */
    boolean mustWait(HealthPath check) {
        return check.routesWriters()
                && timers.size() < limits.maxHeld()
                && !isDecided(check, clock.get());
    }

    /** Holds a check; what is returned gives it up without an answer. */
    Runnable hold(HealthPath check, Runnable answer) {
        Duration untilSettled = status.get().settlesBy().since(clock.get());
        Duration longest = untilSettled.compareTo(limits.hold()) < 0 ? untilSettled : limits.hold();
        Held held = new Held(check, answer, clock.get());
        // A timer counts whole milliseconds: rounded up, or it would fire before the member has
        // settled.
        timers.put(held, vertx.setTimer(Math.max(1, longest.toMillis() + 1), _ -> answer(held)));
        count.set(timers.size());
        return () -> drop(held);
    }

    /** Answers those that need not wait any more. */
    void statusChanged() {
        if (timers.isEmpty()) {
            return;
        }
        MonoTime now = clock.get();
        for (Held held : new ArrayList<>(timers.keySet())) {
            if (isDecided(held.check, now)) {
                answer(held);
            }
        }
    }

    /** Answers all of them, by what is the case now. */
    void answerAll() {
        new ArrayList<>(timers.keySet()).forEach(this::answer);
    }

    /** How long the newest of them has been held. */
    Optional<Duration> newestAge() {
        return Optional.ofNullable(timers.lastEntry())
                .map(e -> clock.get().since(e.getKey().since));
    }

    /** May be asked from any thread. */
    int count() {
        return count.get();
    }

    private boolean isDecided(HealthPath check, MonoTime now) {
        MemberStatus current = status.get();
        return !now.isBefore(current.settlesBy())
                || HealthChecks.answer(check, HealthQuery.NONE, current, now, now).isHealthy();
    }

    private void answer(Held held) {
        if (drop(held)) {
            held.answer.run();
        }
    }

    private boolean drop(Held held) {
        Long timer = timers.remove(held);
        if (timer != null) {
            vertx.cancelTimer(timer);
            count.set(timers.size());
        }
        return timer != null;
    }
}
