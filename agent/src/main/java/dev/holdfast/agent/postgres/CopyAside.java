package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.Keeping;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Copies a data directory, with what its links point to, before it is changed in place; next to the
 * directories that were set aside, and counted with them.
 */
final class CopyAside {
    private static final String SHARED = "--reflink=always";

    /** A line of progress is a turn of the loop: one for so many files. */
    private static final int FILES_A_LINE = 500;

    private final SetAside places;
    private final OperatorPrograms programs;

    CopyAside(SetAside places, OperatorPrograms programs) {
        this.places = places;
        this.programs = programs;
    }

    /** Where a tree is copied to first, and what it is called once all of them are there. */
    private record Copy(Path from, Path partial, Path done) {}

    /** See {@link Postgres#copyAside}. */
    Optional<Path> make(Keeping how, String reason, Consumer<String> progress) {
        try {
            Path dataDir = places.configured().toRealPath();
            places.removePartial(dataDir);
            Optional<Path> same =
                    places.newest(dataDir, reason).filter(old -> isSame(old, dataDir));
            return same.isPresent() ? same : make(how, reason, dataDir, progress);
        } catch (IOException e) {
            throw new PostgresException(
                    "the data directory "
                            + places.configured()
                            + " could not be kept aside: "
                            + e
                            + "; the directory above it, and above each tablespace, must be writable for the agent",
                    e);
        }
    }

    /** Nothing was changed since, for instance because the agent ended in between. */
    private static boolean isSame(Path old, Path dataDir) {
        try {
            return Files.mismatch(
                            old.resolve("global/pg_control"), dataDir.resolve("global/pg_control"))
                    < 0;
        } catch (IOException e) {
            return false;
        }
    }

    private Optional<Path> make(Keeping how, String reason, Path dataDir, Consumer<String> progress)
            throws IOException {
        String suffix = places.suffix(dataDir, reason);
        List<Path> links = SetAside.links(dataDir);
        List<Copy> copies = new ArrayList<>();
        for (Path link : links) {
            copies.add(copy(link.toRealPath(), suffix));
        }
        Copy whole = copy(dataDir, suffix);
        copies.add(whole);
        Optional<String> sharing = sharing(how, copies, dataDir);
        if (sharing.isEmpty()) {
            return Optional.empty();
        }
        try {
            for (Copy copy : copies) {
                copyTree(copy, sharing.get(), progress);
            }
            for (int i = 0; i < links.size(); i++) {
                SetAside.turn(
                        whole.partial().resolve(dataDir.relativize(links.get(i))),
                        copies.get(i).done());
            }
            // What is kept must be on the disk before the original is changed.
            run("sync", List.of("-f", whole.partial().toString()), _ -> {});
            for (Copy copy : copies) {
                Files.move(copy.partial(), copy.done());
                DurableFiles.syncDirectory(DurableFiles.directoryOf(copy.done()));
            }
        } finally {
            for (Copy copy : copies) {
                if (Files.exists(copy.partial(), LinkOption.NOFOLLOW_LINKS)) {
                    DurableFiles.deleteTree(copy.partial());
                }
            }
        }
        places.prune(dataDir);
        return Optional.of(whole.done());
    }

    /** The option of {@code cp}; empty where nothing is to be kept. */
    private Optional<String> sharing(Keeping how, List<Copy> copies, Path dataDir)
            throws IOException {
        return switch (how) {
            case AUTO -> share(copies) ? Optional.of(SHARED) : Optional.empty();
            case REFLINK -> {
                if (!share(copies)) {
                    throw new PostgresException(
                            "the file system of "
                                    + dataDir
                                    + ", or of a tablespace, cannot share blocks between files, which"
                                    + " postgresql.keep_aside: reflink asks for; set it to copy, rename or auto");
                }
                yield Optional.of(SHARED);
            }
            case COPY -> {
                demandRoom(copies, places.wouldPrune(dataDir));
                yield Optional.of("--reflink=never");
            }
            case RENAME, NOTHING -> Optional.empty();
        };
    }

    private static Copy copy(Path from, String suffix) {
        Path done = SetAside.beside(from, suffix);
        return new Copy(from, SetAside.beside(done, SetAside.PARTIAL), done);
    }

    private void copyTree(Copy copy, String sharing, Consumer<String> progress) {
        int[] files = {0};
        progress.accept("copying " + copy.from());
        run(
                "cp",
                List.of("-av", sharing, copy.from().toString(), copy.partial().toString()),
                _ -> {
                    if (++files[0] % FILES_A_LINE == 0) {
                        progress.accept(files[0] + " files of " + copy.from() + " are copied");
                    }
                });
    }

    /** Whether each of the file systems can share blocks: by trying it. */
    private boolean share(List<Copy> copies) throws IOException {
        for (Copy copy : copies) {
            Path probe = copy.partial();
            Path clone = SetAside.beside(probe, "-shared");
            try {
                Files.write(probe, new byte[1 << 16]);
                run("cp", List.of(SHARED, probe.toString(), clone.toString()), _ -> {});
            } catch (PostgresException e) {
                return false;
            } finally {
                Files.deleteIfExists(clone);
                Files.deleteIfExists(probe);
            }
        }
        return true;
    }

    private void run(String program, List<String> arguments, Consumer<String> lines) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(arguments);
        programs.run(
                "keeping the data directory aside",
                command,
                Optional.empty(),
                Map.of("LC_ALL", "C"),
                _ -> {},
                lines);
    }

    private static void demandRoom(List<Copy> copies, List<Path> pruned) throws IOException {
        Map<FileStore, Long> needed = new LinkedHashMap<>();
        for (Copy copy : copies) {
            needed.merge(Files.getFileStore(copy.from()), bytes(copy.from(), ""), Long::sum);
        }
        demandRoom(needed, pruned, "keeping " + copies.getLast().from() + " aside");
    }

    /**
     * Refuses a new copy of the data directory beside the old one where there is no room for as
     * much as that holds, without its WAL.
     */
    static void demandRoomForAnother(SetAside places) {
        try {
            Path dataDir = places.configured().toRealPath();
            Map<FileStore, Long> needed = new LinkedHashMap<>();
            needed.merge(Files.getFileStore(dataDir), bytes(dataDir, "pg_wal"), Long::sum);
            for (Path link : SetAside.links(dataDir)) {
                if (!link.endsWith("pg_wal")) {
                    Path target = link.toRealPath();
                    needed.merge(Files.getFileStore(target), bytes(target, ""), Long::sum);
                }
            }
            demandRoom(needed, places.wouldPrune(dataDir), "a new copy beside " + dataDir);
        } catch (IOException e) {
            throw new PostgresException(
                    "it could not be told whether there is room for a new copy beside "
                            + places.configured()
                            + ": "
                            + e,
                    e);
        }
    }

    /**
     * @param pruned what goes by itself once there is one more to keep
     */
    private static void demandRoom(Map<FileStore, Long> needed, List<Path> pruned, String what)
            throws IOException {
        for (Map.Entry<FileStore, Long> each : needed.entrySet()) {
            long there = each.getKey().getUsableSpace();
            for (Path old : pruned) {
                if (there < each.getValue() && Files.getFileStore(old).equals(each.getKey())) {
                    there += bytes(old, "");
                }
            }
            if (there < each.getValue()) {
                throw new PostgresException(
                        what
                                + " needs "
                                + mebibytes(each.getValue())
                                + " on "
                                + each.getKey()
                                + ", and "
                                + mebibytes(there)
                                + " are there: make room, or keep fewer directories"
                                + " (postgresql.keep_directories, postgresql.keep_aside)");
            }
        }
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }

    /** What the files below a directory hold, and those that its links lead to. */
    static long bytes(Path directory) throws IOException {
        long sum = bytes(directory, "");
        for (Path link : SetAside.links(directory)) {
            sum += bytes(link.toRealPath(), "");
        }
        return sum;
    }

    /** What the files below {@code root} hold; a file that goes meanwhile holds nothing. */
    private static long bytes(Path root, String without) throws IOException {
        long[] sum = {0};
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path directory, BasicFileAttributes attributes) {
                        return !without.isEmpty() && directory.equals(root.resolve(without))
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        sum[0] += attributes.isRegularFile() ? attributes.size() : 0;
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException gone) {
                        return FileVisitResult.CONTINUE;
                    }
                });
        return sum[0];
    }
}
