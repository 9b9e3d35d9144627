package dev.holdfast.agent.postgres;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Files that are whole or not there, whenever the power goes. They belong to whoever owns the
 * directory they are in, so that what root writes stays readable for PostgreSQL, and nobody else
 * may read them: they hold passwords and rules. Only beside PostgreSQL's data the group may, where
 * initdb gave it that: a program for backups may be in it.
 */
final class DurableFiles {
    private static final Set<PosixFilePermission> FILE =
            PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> FILE_OF_GROUP =
            PosixFilePermissions.fromString("rw-r-----");
    private static final Set<PosixFilePermission> GROUP_READS =
            PosixFilePermissions.fromString("---r-x---");
    private static final Set<PosixFilePermission> DIRECTORY =
            PosixFilePermissions.fromString("rwx------");

    private DurableFiles() {}

    /** The file's text; empty when there is none. Bytes that are no UTF-8 do not fail it. */
    static Optional<String> read(Path file) throws IOException {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Gives {@code file} the content, unless it has it. Returns whether it was written. */
    static boolean write(Path file, String content) throws IOException {
        if (read(file).filter(content::equals).isPresent()) {
            return false;
        }
        write(file, content.getBytes(StandardCharsets.UTF_8));
        return true;
    }

    static void write(Path file, byte[] content) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        Files.createFile(unfinished, PosixFilePermissions.asFileAttribute(FILE));
        if (isForGroup(directoryOf(file))) {
            // The mask of this process may have less for the group.
            Files.setPosixFilePermissions(unfinished, FILE_OF_GROUP);
        }
        giveToOwnerOf(directoryOf(file), unfinished);
        // No channel: an interrupt would close it, and what tidies up after one writes too.
        try (FileOutputStream stream = new FileOutputStream(unfinished.toFile())) {
            stream.write(content);
            stream.getFD().sync();
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        syncDirectory(directoryOf(file));
    }

    /** As {@link #write}, and creates the directory where it is missing. */
    static void writeWithDirectory(Path file, String content) throws IOException {
        createDirectory(directoryOf(file));
        write(file, content);
    }

    /** Deletes a file. Returns whether there was one. */
    static boolean delete(Path file) throws IOException {
        boolean deleted = Files.deleteIfExists(file);
        if (deleted) {
            syncDirectory(directoryOf(file));
        }
        return deleted;
    }

    /** Creates a directory, and those above it that are missing, for its owner alone. */
    static void createDirectory(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path above = directoryOf(directory);
        createDirectory(above);
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
        giveToOwnerOf(above, directory);
        syncDirectory(above);
    }

    /** Makes creations, deletions and renames in {@code directory} last. */
    static void syncDirectory(Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static boolean isEmpty(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            return !entries.iterator().hasNext();
        }
    }

    /** Deletes what is in {@code directory}, but never what a symbolic link in it points to. */
    static void deleteContent(Path directory) throws IOException {
        deleteTree(directory, directory);
    }

    /** Deletes {@code directory} and what is in it, but never what a symbolic link points to. */
    static void deleteTree(Path directory) throws IOException {
        deleteTree(directory, null);
    }

    private static void deleteTree(Path directory, @Nullable Path kept) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            Files.deleteIfExists(directory);
            return;
        }
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path visited, @Nullable IOException failure) throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        if (!visited.equals(kept)) {
                            Files.deleteIfExists(visited);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /** As initdb makes a data directory with {@code --allow-group-access}. */
    private static boolean isForGroup(Path directory) throws IOException {
        return Files.exists(directory.resolve("PG_VERSION"))
                && Files.getPosixFilePermissions(directory).containsAll(GROUP_READS);
    }

    private static void giveToOwnerOf(Path directory, Path created) throws IOException {
        UserPrincipal owner = Files.getOwner(directory);
        if (!owner.equals(Files.getOwner(created))) {
            Files.setOwner(created, owner);
        }
    }

    static Path directoryOf(Path file) {
        Path above = file.toAbsolutePath().getParent();
        return above == null ? file.toAbsolutePath() : above;
    }
}
