package dev.holdfast.core;

import java.time.Duration;

/**
 * An instant on this host's CLOCK_BOOTTIME, in nanoseconds: never steps, and counts through a
 * suspend. Instants of two hosts, or of two boots, cannot be compared.
 */
public record MonoTime(long nanos) implements Comparable<MonoTime> {
    /** Before everything. */
    public static final MonoTime BEGINNING = new MonoTime(0);

    public MonoTime plus(Duration span) {
        return new MonoTime(nanos + span.toNanos());
    }

    public MonoTime minus(Duration span) {
        return new MonoTime(nanos - span.toNanos());
    }

    public boolean isAfter(MonoTime other) {
        return nanos > other.nanos;
    }

    public boolean isBefore(MonoTime other) {
        return nanos < other.nanos;
    }

    /** The time from {@code earlier} to this; negative when it lies after. */
    public Duration since(MonoTime earlier) {
        return Duration.ofNanos(nanos - earlier.nanos);
    }

    public static MonoTime min(MonoTime a, MonoTime b) {
        return a.isBefore(b) ? a : b;
    }

    public static MonoTime max(MonoTime a, MonoTime b) {
        return a.isBefore(b) ? b : a;
    }

    @Override
    public int compareTo(MonoTime other) {
        return Long.compare(nanos, other.nanos);
    }
}
