package dev.holdfast.agent.guard;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where a guard listens. */
final class GuardSocket {
    /** What the system's socket address holds, its end excluded. */
    private static final int LONGEST_BYTES = 107;

    private GuardSocket() {}

    static UnixDomainSocketAddress in(Path dir) throws IOException {
        Path path = dir.resolve("guard.sock");
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST_BYTES) {
            throw new IOException(
                    "the guard's socket path %s has %d bytes, the system takes %d; set guard.dir to a shorter one"
                            .formatted(path, bytes, LONGEST_BYTES));
        }
        return UnixDomainSocketAddress.of(path);
    }
}
