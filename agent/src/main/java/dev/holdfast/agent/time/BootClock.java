package dev.holdfast.agent.time;

import dev.holdfast.core.MonoTime;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * CLOCK_BOOTTIME, on which every deadline of a lease is counted. Java's own nanoTime stops while
 * the host is suspended, so that a lease would seem to be good for as long as the host slept.
 *
 * <p>Any thread may ask; a call takes well under a microsecond and allocates no native memory.
 */
public final class BootClock {
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final MethodHandle clockGettime = link();
    private final MemorySegment timespec =
            Arena.ofAuto()
                    .allocate(
                            MemoryLayout.structLayout(
                                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    /** The time on this host since it was booted, suspended times included. */
    public synchronized MonoTime now() {
        // One buffer for all threads: the lock costs less than a buffer for each of them would.
        int status;
        try {
            status = (int) clockGettime.invokeExact(CLOCK_BOOTTIME, timespec);
        } catch (Throwable impossible) {
            throw new IllegalStateException("clock_gettime could not be called", impossible);
        }
        if (status != 0) {
            throw new IllegalStateException(
                    "clock_gettime(CLOCK_BOOTTIME) answered %d; Linux 2.6.39 or later is needed"
                            .formatted(status));
        }
        return new MonoTime(
                timespec.getAtIndex(ValueLayout.JAVA_LONG, 0) * NANOS_PER_SECOND
                        + timespec.getAtIndex(ValueLayout.JAVA_LONG, 1));
    }

    // The call never blocks and calls nothing back, so that it may run without leaving Java's
    // thread state. Linking native code is
    // what this class is for.
    @SuppressWarnings("restricted")
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("clock_gettime"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
                Linker.Option.critical(false));
    }
}
