package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Optional;

/**
 * How a time that an operator named stands to the calendar. The calendar may be set, so the instant
 * at which to look again is only an estimate; the decision looks again after {@code loop_wait} in
 * any case.
 */
sealed interface Schedule {
    /**
     * What is later than this is not done any more: whoever wished for three o'clock does not want
     * it when the cluster comes back at four. Longer where {@code loop_wait} is, as in Patroni.
     */
    Duration TOLERANCE = Duration.ofSeconds(15);

    /** When to look again; empty when it is time, or will never be. */
    default Optional<MonoTime> waitingUntil() {
        return switch (this) {
            case Waiting(MonoTime until) -> Optional.of(until);
            case Due _, Dropped _ -> Optional.empty();
        };
    }

    /** It is not time yet. */
    record Waiting(MonoTime until) implements Schedule {}

    /** It is time. */
    record Due() implements Schedule {}

    /** It will not be done; {@code why} completes "since". */
    record Dropped(String why) implements Schedule {}

    /**
     * How the time stands.
     *
     * @param at ISO 8601 with offset
     */
    static Schedule of(Observation o, String at) {
        Optional<Instant> instant = instant(at);
        if (instant.isEmpty()) {
            return new Dropped("\"" + at + "\" is not a time in ISO 8601 with offset");
        }
        Duration left = Duration.between(o.calendar(), instant.get());
        if (left.isPositive()) {
            return new Waiting(o.now().plus(left));
        }
        Duration late = left.negated();
        Duration byLoop = o.config().loopWait().multipliedBy(3).dividedBy(2);
        Duration most = byLoop.compareTo(TOLERANCE) > 0 ? byLoop : TOLERANCE;
        return late.compareTo(most) > 0
                ? new Dropped(
                        String.format(
                                Locale.ROOT,
                                "that was %d s ago, and %d s are the most",
                                late.toSeconds(),
                                most.toSeconds()))
                : new Due();
    }

    /** The instant that is meant; empty when the text is no time with an offset. */
    private static Optional<Instant> instant(String at) {
        try {
            return Optional.of(OffsetDateTime.parse(at).toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
