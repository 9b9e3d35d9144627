package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The processes of one host as a control group, whose memory can be made short. To make one needs
 * root.
 *
 * @param usage the file in it that says how much they have
 * @param limit the file in it that says how much they may have
 * @param none what stands there for no limit
 */
record MemoryGroup(Path directory, String usage, String limit, String none) {
    private static final Path VERSION_1 = Path.of("/sys/fs/cgroup/memory");
    private static final int STEPS = 50;
    private static final Path VERSION_2 = Path.of("/sys/fs/cgroup");

    private static boolean isVersion1() {
        return Files.exists(VERSION_1.resolve("memory.limit_in_bytes"));
    }

    private static MemoryGroup named(String name) {
        return isVersion1()
                ? new MemoryGroup(
                        VERSION_1.resolve(name),
                        "memory.usage_in_bytes",
                        "memory.limit_in_bytes",
                        "-1")
                : new MemoryGroup(VERSION_2.resolve(name), "memory.current", "memory.max", "max");
    }

    /** The one that a process is in, if its memory can be made short. */
    static Optional<MemoryGroup> of(long pid) {
        String hierarchy = isVersion1() ? ":memory:/" : "::/";
        return ProcFs.groups(pid)
                .filter(line -> line.contains(hierarchy))
                .map(line -> named(line.substring(line.indexOf(hierarchy) + hierarchy.length())))
                .filter(group -> Files.exists(group.directory().resolve(group.limit())))
                .findFirst();
    }

    /** Makes one, if this machine's kernel counts memory by groups and lets us. */
    static Optional<MemoryGroup> create(String name) {
        MemoryGroup group = named(name);
        try {
            Files.createDirectory(group.directory());
        } catch (IOException e) {
            return Optional.empty();
        }
        if (Files.exists(group.directory().resolve(group.limit()))) {
            return Optional.of(group);
        }
        group.remove();
        return Optional.empty();
    }

    /** What is put before a command to run it within. */
    List<String> prefix() {
        return List.of(
                Programs.named("sh").toString(),
                "-c",
                "echo $$ >" + directory.resolve("cgroup.procs") + " && exec \"$@\"",
                "sh");
    }

    /** Leaves them this part of what they have, or as little more as the kernel can bring it to. */
    void squeeze(double part) {
        long has = Long.parseLong(read(usage));
        for (long left = (long) (part * has); ; left += has / STEPS) {
            try {
                write(limit, String.valueOf(left));
                return;
            } catch (IOException e) {
                // In version 1 it refuses what it cannot free at once.
                if (left > has) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    void release() {
        try {
            write(limit, none);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String read(String file) {
        try {
            return Files.readString(directory.resolve(file)).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(directory.resolve(file), text);
    }

    /** What runs within has been killed; the kernel counts it until it is all gone. */
    void remove() {
        Await.until(
                "nothing runs in " + directory + " any more",
                () -> {
                    Files.deleteIfExists(directory);
                    return true;
                });
    }

    /** That of a harness that is gone, if there is one. */
    static void removeStale(String name) {
        for (Path parent : List.of(VERSION_1, VERSION_2)) {
            new MemoryGroup(parent.resolve(name), "", "", "").remove();
        }
    }
}
