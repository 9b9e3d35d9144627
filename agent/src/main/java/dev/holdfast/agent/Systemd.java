package dev.holdfast.agent;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * systemd waits for a unit of {@code Type=notify} until it says that it is ready, and ends it if it
 * does not. It says so in a datagram to the socket that {@code NOTIFY_SOCKET} names; Java knows no
 * datagrams on Unix sockets, so libc sends it.
 */
final class Systemd {
    private static final String VARIABLE = "NOTIFY_SOCKET";

    private static final Logger LOG = LoggerFactory.getLogger(Systemd.class);
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 0x80002;
    private static final int MSG_NOSIGNAL = 0x4000;

    /** Of {@code sockaddr_un}: the family, then the path. */
    private static final int PATH_AT = 2;

    private static final int PATH_BYTES = 108;

    private Systemd() {}

    /** Tells it, where it waits to be told. */
    static void ready(Map<String, String> environment) {
        String socket = environment.getOrDefault(VARIABLE, "");
        if (!socket.isEmpty() && !send(socket, "READY=1")) {
            LOG.warn(
                    "systemd could not be told through {} ({}) that the agent is ready: it will end the agent when"
                            + " the unit's TimeoutStartSec is over; Type=exec does not wait",
                    socket,
                    VARIABLE);
        }
    }

    private static boolean send(String socket, String message) {
        byte[] path = socket.getBytes(StandardCharsets.UTF_8);
        if (path.length >= PATH_BYTES) {
            return false;
        }
        if (path[0] == '@') {
            // A name that is in no directory begins with a zero.
            path[0] = 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PATH_AT + PATH_BYTES, Short.BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, PATH_AT, path.length);
            MemorySegment text = arena.allocateFrom(message);
            int descriptor =
                    (int)
                            libc(
                                            "socket",
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT)
                                    .invokeExact(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
            if (descriptor < 0) {
                return false;
            }
            long sent =
                    (long)
                            libc(
                                            "sendto",
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.ADDRESS,
                                            ValueLayout.JAVA_LONG,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.ADDRESS,
                                            ValueLayout.JAVA_INT)
                                    .invokeExact(
                                            descriptor,
                                            text,
                                            (long) message.length(),
                                            MSG_NOSIGNAL,
                                            address,
                                            PATH_AT + path.length);
            int _ =
                    (int)
                            libc("close", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)
                                    .invokeExact(descriptor);
            return sent == message.length();
        } catch (Throwable impossible) {
            throw new IllegalStateException("libc could not be called", impossible);
        }
    }

    // Linking native code is what this class is for.
    @SuppressWarnings("restricted")
    private static MethodHandle libc(
            String function, MemoryLayout answer, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(function),
                FunctionDescriptor.of(answer, arguments));
    }
}
