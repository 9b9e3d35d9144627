package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the kernel says of processes. One that ends while it is looked at counts as gone. */
final class ProcFs {
    private static final Path PROC = Path.of("/proc");

    /** After the command's name in parentheses: the state is the first field. */
    private static final int USER_TICKS = 11;

    private static final int SYSTEM_TICKS = 12;

    private ProcFs() {}

    /**
     * Every process, but this one, that works in the directory or is told of it on its command
     * line. The harness' directories have names of their own, so what touches one is its own.
     */
    static List<Long> touching(Path directory) {
        List<Long> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : all) {
                long pid = Long.parseLong(process.getFileName().toString());
                boolean touches =
                        worksIn(pid, directory) || commandLine(pid).contains(directory.toString());
                if (pid != ProcessHandle.current().pid() && touches && isAlive(pid)) {
                    found.add(pid);
                }
            }
        } catch (DirectoryIteratorException | IOException e) {
            throw new UncheckedIOException(new IOException("/proc cannot be read", e));
        }
        return found;
    }

    static boolean worksIn(long pid, Path directory) {
        try {
            return Files.readSymbolicLink(PROC.resolve(pid + "/cwd")).startsWith(directory);
        } catch (IOException e) {
            return false;
        }
    }

    /** Its words, joined by spaces; empty when it is gone. */
    static String commandLine(long pid) {
        return read(pid, "cmdline").map(text -> text.replace('\0', ' ').strip()).orElse("");
    }

    /** A process that only waits to be reaped is not alive. */
    static boolean isAlive(long pid) {
        return stat(pid).filter(fields -> !"ZX".contains(fields.getFirst())).isPresent();
    }

    /** Processor time that it has used, in ticks of a hundredth of a second. */
    static long ticks(long pid) {
        return stat(pid)
                .map(f -> Long.parseLong(f.get(USER_TICKS)) + Long.parseLong(f.get(SYSTEM_TICKS)))
                .orElse(0L);
    }

    /** Resident memory; 0 when it is gone. */
    static long residentKibibytes(long pid) {
        return status(pid, "VmRSS:")
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .orElse(0L);
    }

    /** What it is called where it runs, which may be a container; 0 when it is gone. */
    static long pidWithin(long pid) {
        return status(pid, "NSpid:")
                .map(line -> Long.parseLong(line.replaceAll(".*\\D", "")))
                .orElse(0L);
    }

    private static Optional<String> status(long pid, String field) {
        return read(pid, "status").stream()
                .flatMap(String::lines)
                .filter(line -> line.startsWith(field))
                .findFirst();
    }

    /** The control groups that it is in, one a line. */
    static Stream<String> groups(long pid) {
        return read(pid, "cgroup").stream().flatMap(String::lines);
    }

    private static Optional<List<String>> stat(long pid) {
        return read(pid, "stat")
                .map(text -> List.of(text.substring(text.lastIndexOf(')') + 2).split(" ", -1)));
    }

    private static Optional<String> read(long pid, String file) {
        try {
            return Optional.of(
                    Files.readString(PROC.resolve(pid + "/" + file), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
