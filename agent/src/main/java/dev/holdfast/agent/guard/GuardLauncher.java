package dev.holdfast.agent.guard;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Starts the guard where none runs. */
public final class GuardLauncher {
    private static final long START_TIMEOUT_SECONDS = 10;
    private static final int EXIT_HELD = 3;

    /** What {@link #ensure} found. */
    public enum Outcome {
        STARTED,
        RAN_ALREADY
    }

    private GuardLauncher() {}

    /**
     * Sees to it that a guard listens in a directory, which is made (mode 0700) where it is
     * missing. It asks by starting one: the guard's lock decides. Blocks for milliseconds, 10 s at
     * most.
     *
     * @param cgroup the control group that PostgreSQL is to be in, if any
     * @throws IOException when no guard listens afterwards, with the guard's own reason
     */
    public static Outcome ensure(Path guardBinary, Path dir, Optional<String> cgroup)
            throws IOException {
        GuardSocket.in(dir); // A path that is too long is said before anything is made.
        if (!Files.isExecutable(guardBinary)) {
            throw new IOException(
                    "there is no guard program that could be run at %s; build it with make -C guard"
                            .formatted(guardBinary));
        }
        if (!Files.isDirectory(dir)) {
            make(dir);
        }
        ProcessBuilder guard =
                new ProcessBuilder(arguments(guardBinary, dir, cgroup)).redirectErrorStream(true);
        // PostgreSQL would speak to systemd by it, which hears the agent alone.
        guard.environment().remove("NOTIFY_SOCKET");
        Process process = guard.start();
        process.getOutputStream().close();
        int status = waitFor(process, guardBinary);
        // The guard lets go of these streams when it detaches, so that this reads what was said and
        // no more.
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return switch (status) {
            case 0 -> Outcome.STARTED;
            case EXIT_HELD -> Outcome.RAN_ALREADY;
            default ->
                    throw new IOException(
                            "the guard %s did not start (exit status %d): %s"
                                    .formatted(guardBinary, status, said));
        };
    }

    private static List<String> arguments(Path guardBinary, Path dir, Optional<String> cgroup) {
        List<String> arguments =
                new ArrayList<>(List.of(guardBinary.toString(), "--dir", dir.toString()));
        cgroup.ifPresent(path -> arguments.addAll(List.of("--cgroup", path)));
        return arguments;
    }

    private static void make(Path dir) throws IOException {
        try {
            Files.createDirectories(
                    dir,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new IOException(
                    "the guard's directory %s (guard.dir, by default <postgresql.data_dir>.guard) cannot be made: %s; make it, owned by %s"
                            .formatted(dir, e, System.getProperty("user.name")),
                    e);
        }
    }

    private static int waitFor(Process process, Path guardBinary) throws IOException {
        try {
            if (process.waitFor(START_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new InterruptedIOException("interrupted while the guard was starting");
        }
        process.destroyForcibly();
        throw new IOException(
                "the guard %s did not say within %d s whether it listens; look whether the disk under guard.dir hangs"
                        .formatted(guardBinary, START_TIMEOUT_SECONDS));
    }
}
