package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The wall clock of what is started with it: libfaketime adds to what the kernel says, and looks
 * into a file once a second for how much. A program that is linked statically, or asks the kernel
 * itself, does not notice: that is so of the guard and of etcd, neither of which asks for the wall
 * clock.
 *
 * @param file that says how much
 */
record Clock(Path file) {
    private static final Path LIBRARIES = Path.of("/usr/lib");

    static Optional<Path> library() {
        try (Stream<Path> architectures = Files.list(LIBRARIES)) {
            return architectures
                    .map(each -> each.resolve("faketime/libfaketime.so.1"))
                    .filter(Files::exists)
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is put before a command to run it by this clock. */
    List<String> prefix() {
        Path library =
                library()
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        "no libfaketime in /usr/lib/*/faketime: scripts/deps.sh chaos installs it"));
        return List.of(
                Programs.named("env").toString(),
                "LD_PRELOAD=" + library,
                "FAKETIME_TIMESTAMP_FILE=" + file,
                "FAKETIME_CACHE_DURATION=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1",
                // Else the waits of a JVM's threads last as long again.
                "FAKETIME_FORCE_MONOTONIC_FIX=0");
    }

    /** It goes by this much before or after the machine's from now on. */
    void set(Duration ahead) {
        try {
            Path written = file.resolveSibling(file.getFileName() + ".new");
            Files.writeString(written, "%+d\n".formatted(ahead.toSeconds()));
            Files.move(
                    written,
                    file,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
