package dev.holdfast.agent.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel lets this process do, and what it starts as long as that is no other user's. */
final class Capabilities {
    /** From {@code linux/capability.h}. */
    private static final int CAP_NET_ADMIN = 12;

    private static final int CAP_NET_RAW = 13;

    private Capabilities() {}

    /** Where it cannot be seen the guard will say it. */
    static boolean mayChangeAddresses() {
        try {
            long held =
                    Files.readAllLines(Path.of("/proc/self/status")).stream()
                            .filter(line -> line.startsWith("CapEff:"))
                            .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                            .findFirst()
                            .orElse(-1L);
            long wanted = 1L << CAP_NET_ADMIN | 1L << CAP_NET_RAW;
            return (held & wanted) == wanted;
        } catch (IOException e) {
            return true;
        }
    }
}
