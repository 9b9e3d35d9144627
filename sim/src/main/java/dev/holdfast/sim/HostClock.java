package dev.holdfast.sim;

import dev.holdfast.core.MonoTime;

/**
 * A host's CLOCK_BOOTTIME: begins anywhere and runs a little fast or slow, within the drift that
 * the lease's deadlines allow for.
 */
final class HostClock {
    private final Events events;
    private final long bootNanos;
    private final double rate;

    HostClock(Events events, long bootNanos, double rate) {
        this.events = events;
        this.bootNanos = bootNanos;
        this.rate = rate;
    }

    MonoTime now() {
        return new MonoTime(bootNanos + (long) (events.nowNanos() * rate));
    }

    /** When it is {@code local} here, in true time. */
    long trueNanos(MonoTime local) {
        return (long) Math.ceil((local.nanos() - bootNanos) / rate);
    }

    /** How long {@code localNanos} of this clock really last. */
    long lasting(long localNanos) {
        return (long) (localNanos / rate);
    }
}
