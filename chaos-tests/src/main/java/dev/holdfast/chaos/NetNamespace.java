package dev.holdfast.chaos;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A network namespace of {@code ip netns}. A thread enters it by a native call, since to which
 * namespace a socket belongs is decided by the thread that opens it; threads and programs that it
 * starts are born where it is.
 */
record NetNamespace(String name) {
    static final Path ALL = Path.of("/run/netns");

    /** From {@code sched.h}. */
    private static final int CLONE_NEWNET = 0x40000000;

    /** From {@code fcntl.h}: to be read, and closed for programs that are started. */
    private static final int O_RDONLY_CLOEXEC = 0x80000;

    private static final MethodHandle OPEN =
            call("open", ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    private static final MethodHandle SETNS =
            call("setns", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final MethodHandle CLOSE = call("close", ValueLayout.JAVA_INT);

    // Restricted, since a wrong signature crashes the JVM; these are those of open(2), setns(2) and
    // close(2), of which each returns an int.
    @SuppressWarnings("restricted")
    private static MethodHandle call(String function, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }

    /** Makes it, with nothing but its loopback. */
    static NetNamespace create(String name) {
        Commands.run(List.of("ip", "netns", "add", name));
        NetNamespace made = new NetNamespace(name);
        made.ip("link set lo up");
        return made;
    }

    /** One command of {@code ip} within it. */
    void ip(String command) {
        Commands.run(List.of("ip", "-netns", name), List.of(command.split(" ", -1)));
    }

    /** What is put before a command to run it within. */
    List<String> prefix() {
        return List.of(Programs.named("nsenter").toString(), "--net=" + ALL.resolve(name), "--");
    }

    /** The thread is in it until the visit is closed. */
    Host.Visit enter() {
        return enter(ALL.resolve(name));
    }

    /**
     * The same, of one that is a container's.
     *
     * @param namespace the file that stands for it
     */
    static Host.Visit enter(Path namespace) {
        int before = open(Path.of("/proc/thread-self/ns/net"));
        int there = open(namespace);
        enter(there);
        close(there);
        return () -> {
            enter(before);
            close(before);
        };
    }

    private static int open(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            int descriptor =
                    (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY_CLOEXEC);
            if (descriptor < 0) {
                throw new IllegalStateException(file + " cannot be opened: is this root?");
            }
            return descriptor;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("open(2) could not be called", e);
        }
    }

    private static void enter(int descriptor) {
        try {
            int result = (int) SETNS.invokeExact(descriptor, CLONE_NEWNET);
            if (result != 0) {
                throw new IllegalStateException(
                        "a network namespace cannot be entered: is this root?");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("setns(2) could not be called", e);
        }
    }

    private static void close(int descriptor) {
        try {
            int _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException("close(2) could not be called", e);
        }
    }

    /** Ends what runs within, and removes it. */
    void remove() {
        if (!Files.exists(ALL.resolve(name))) {
            return;
        }
        Commands.run(List.of("ip", "netns", "pids", name))
                .lines()
                .map(Long::valueOf)
                .filter(pid -> pid != ProcessHandle.current().pid())
                .forEach(Signal.KILL::send);
        Commands.run(List.of("ip", "netns", "delete", name));
    }
}
