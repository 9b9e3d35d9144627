package dev.holdfast.chaos;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * What a process can be sent. The call is a native one: to kill a host's processes together,
 * forking a program for each is too slow.
 */
enum Signal {
    HUP(1),
    INT(2),
    KILL(9),
    USR1(10),
    TERM(15),
    CONT(18),
    STOP(19);

    // Restricted, since a wrong signature crashes the JVM; this is that of kill(2): int (pid_t,
    // int).
    @SuppressWarnings("restricted")
    private static final MethodHandle KILL_CALL =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT));

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    /** Sends it; to a process that is gone it does nothing. */
    void send(long pid) {
        if (pid <= 1) {
            throw new IllegalArgumentException(
                    "pid " + pid + " names no single process that a test may signal");
        }
        try {
            int _ = (int) KILL_CALL.invokeExact((int) pid, number);
        } catch (Throwable e) {
            throw new IllegalStateException("kill(2) could not be called", e);
        }
    }
}
