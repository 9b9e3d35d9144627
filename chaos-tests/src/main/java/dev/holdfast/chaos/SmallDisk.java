package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * A directory on a small file system of its own, which can be filled, and frozen where it is in a
 * file. To mount it needs root.
 */
record SmallDisk(Path directory, Kind kind) implements AutoCloseable {
    private static final String SIZE = "400m";

    /** Whatever becomes of the harness, a disk is not frozen for longer than this. */
    private static final Duration MOST_FROZEN = Duration.ofMinutes(2);

    /** Where it is. */
    enum Kind {
        MEMORY,
        /** An ext4 in a file beside the directory. */
        FILE
    }

    static boolean isPossible() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** What was in the directory is not seen any more. */
    static SmallDisk mount(Path directory, Kind kind) {
        SmallDisk disk = new SmallDisk(directory, kind);
        switch (kind) {
            case MEMORY ->
                    run(
                            "mount",
                            "-t",
                            "tmpfs",
                            "-o",
                            "size=" + SIZE,
                            "tmpfs",
                            directory.toString());
            case FILE -> {
                run("truncate", "--size=" + SIZE, disk.image().toString());
                // No room that is for root alone: it is root who fills it.
                run("mkfs.ext4", "-q", "-m", "0", disk.image().toString());
                run("mount", "-o", "loop", disk.image().toString(), directory.toString());
                run("rmdir", directory.resolve("lost+found").toString());
            }
        }
        return disk;
    }

    private Path image() {
        return directory.resolveSibling(directory.getFileName() + ".disk");
    }

    /** Leaves no room; again, where some was given back since. */
    void fill() {
        ByteBuffer block = ByteBuffer.allocate(1 << 16);
        try (FileChannel ballast =
                FileChannel.open(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (true) {
                ballast.write(block.clear());
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw new UncheckedIOException(directory + " cannot be filled", e);
            }
        }
    }

    /** Gives the room back. */
    void empty() {
        try {
            Files.deleteIfExists(ballast());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on what is written to it does not return. */
    void hang() {
        stutter(MOST_FROZEN, Duration.ZERO);
    }

    /** From now on what is written to it may take this long. */
    void slow(Duration delay) {
        stutter(delay, delay.dividedBy(4));
    }

    /**
     * A program of its own does it, which thaws the disk also when the harness is killed: processes
     * that hang in the kernel cannot be ended otherwise. It is told of the directory by its
     * environment, so that it is not taken for one of the processes of the cluster.
     */
    private void stutter(Duration frozen, Duration thawed) {
        try {
            Files.writeString(frozenFlag(), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Child _ =
                OwnChild.start(
                        List.of(
                                Programs.named("env").toString(),
                                "DISK=" + directory,
                                "FLAG=" + frozenFlag()),
                        directory.resolveSibling(directory.getFileName() + ".freezing.log"),
                        List.of(
                                Programs.named("bash").toString(),
                                "-c",
                                """
                                end=$((SECONDS + %d))
                                while [ -e "$FLAG" ] && [ "$SECONDS" -lt "$end" ]; do
                                    fsfreeze --freeze "$DISK"
                                    for ((i = 0; i < %d; i++)); do [ -e "$FLAG" ] && sleep 0.1; done
                                    fsfreeze --unfreeze "$DISK"
                                    sleep %s
                                done
                                """
                                        .formatted(
                                                MOST_FROZEN.toSeconds(),
                                                frozen.dividedBy(100).toMillis(),
                                                seconds(thawed))));
    }

    private static String seconds(Duration length) {
        return String.valueOf(length.toMillis() / 1000.0);
    }

    /** It is as fast as ever; does nothing where it is. */
    void thaw() {
        if (kind == Kind.FILE && Files.exists(frozenFlag())) {
            try {
                Files.delete(frozenFlag());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            // It may just not be frozen, or be frozen once more before the program sees that the
            // flag is gone, and be thawed by it.
            Finished _ =
                    Finished.run(
                            Account.unchanged(),
                            List.of(
                                    Programs.named("fsfreeze").toString(),
                                    "--unfreeze",
                                    directory.toString()));
        }
    }

    private Path frozenFlag() {
        return directory.resolveSibling(directory.getFileName() + ".freezing");
    }

    private Path ballast() {
        return directory.resolve("ballast");
    }

    @Override
    public void close() {
        // Lazily: the last files may still be open.
        run("umount", "-l", directory.toString());
    }

    private static void run(String... command) {
        String _ = Commands.run(List.of(command));
    }
}
