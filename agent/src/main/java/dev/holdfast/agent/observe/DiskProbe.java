package dev.holdfast.agent.observe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Writes a page to a new file in a directory and waits until it is on the disk. A new file each
 * time, since a page that is written over needs no room on most file systems. Blocks for as long as
 * the disk does.
 */
final class DiskProbe {
    private static final int PAGE_BYTES = 8192;

    /** pg_basebackup and pg_rewind leave out what is called so. */
    private static final String NAME = "pgsql_tmp.holdfast";

    private final Path directory;
    private final Path dataDirectory;

    private DiskProbe(Path directory, Path dataDirectory) {
        this.directory = directory;
        this.dataDirectory = dataDirectory;
    }

    static DiskProbe ofData(Path dataDirectory) {
        return new DiskProbe(dataDirectory, dataDirectory);
    }

    /** Does nothing while the WAL lies on the disk of the data directory, which is tried too. */
    static DiskProbe ofWal(Path dataDirectory) {
        return new DiskProbe(dataDirectory.resolve("pg_wal"), dataDirectory);
    }

    /**
     * One sentence; empty when all is well, and where there is no data (initdb and a base backup
     * want an empty directory).
     */
    Optional<String> complaint() {
        try {
            if (!Files.exists(dataDirectory.resolve("PG_VERSION")) || isTriedElsewhere()) {
                return Optional.empty();
            }
            write();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(
                    "nothing can be written in "
                            + directory
                            + " ("
                            + Optional.ofNullable(e.getMessage()).orElse(e.toString())
                            + ")");
        }
    }

    private boolean isTriedElsewhere() throws IOException {
        if (directory.equals(dataDirectory)) {
            return false;
        }
        FileStore here = Files.getFileStore(directory);
        return here.equals(Files.getFileStore(dataDirectory));
    }

    private void write() throws IOException {
        Path file = directory.resolve(NAME);
        Files.deleteIfExists(file);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES);
            while (page.hasRemaining()) {
                channel.write(page);
            }
            channel.force(true);
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
