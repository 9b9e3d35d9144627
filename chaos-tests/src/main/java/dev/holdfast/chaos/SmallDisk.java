package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A directory on a small file system of its own, which can be filled. To mount it needs root. */
record SmallDisk(Path directory) implements AutoCloseable {
    private static final String ROOM = "size=400m";

    static boolean isPossible() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** What was in the directory is not seen any more. */
    static SmallDisk mount(Path directory) {
        Commands.run(List.of("mount", "-t", "tmpfs", "-o", ROOM, "tmpfs", directory.toString()));
        return new SmallDisk(directory);
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

    private Path ballast() {
        return directory.resolve("ballast");
    }

    @Override
    public void close() {
        // Lazily: the last files may still be open.
        Commands.run(List.of("umount", "-l", directory.toString()));
    }
}
