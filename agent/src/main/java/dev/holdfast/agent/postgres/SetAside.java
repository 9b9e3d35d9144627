package dev.holdfast.agent.postgres;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Sets a data directory aside by renaming it and what its links point to, and keeps a bounded
 * number of those and of copies ({@link CopyAside}). Nothing is copied here, and nothing is deleted
 * that this class did not name.
 */
final class SetAside {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT);
    private static final String SUFFIX = "\\.\\d{8}T\\d{6}Z(-\\d+)?\\.[a-z0-9-]+";

    /** What a copy that is being made is called more. */
    static final String PARTIAL = ".partial";

    private final Path configured;
    private final int kept;
    private final Clock clock;

    SetAside(Path dataDir, int kept, Clock clock) {
        this.configured = dataDir.toAbsolutePath();
        this.kept = kept;
        this.clock = clock;
    }

    /** A rename that was done, and the link in the data directory that was turned to it. */
    private record Move(Path from, Path to, Optional<Path> link) {}

    /** See {@link Postgres#moveAside}. */
    Path move(String reason) {
        List<Move> done = new ArrayList<>();
        Path dataDir;
        Path aside;
        try {
            // Where data_dir is a link, what it points to is renamed: the link stays good.
            dataDir = configured.toRealPath();
            String suffix = suffix(dataDir, reason);
            for (Path link : links(dataDir)) {
                Path target = link.toRealPath();
                rename(new Move(target, beside(target, suffix), Optional.of(link)), done);
                turn(link, beside(target, suffix));
            }
            aside = beside(dataDir, suffix);
            rename(new Move(dataDir, aside, Optional.empty()), done);
            for (Move move : done) {
                DurableFiles.syncDirectory(DurableFiles.directoryOf(move.to()));
            }
        } catch (IOException e) {
            undo(done);
            throw new PostgresException(
                    "the data directory "
                            + configured
                            + " could not be set aside: "
                            + e
                            + "; the directory above it (and above each tablespace) must be"
                            + " writable for the agent and on the same file system, so it cannot be"
                            + " a mount point itself",
                    e);
        }
        try {
            prune(dataDir);
        } catch (IOException e) {
            throw new PostgresException(
                    "the data directory was set aside as "
                            + aside
                            + ", but of older ones beside it"
                            + " not all could be removed: "
                            + e
                            + "; remove them by hand",
                    e);
        }
        return aside;
    }

    Path configured() {
        return configured;
    }

    String suffix(Path dataDir, String reason) {
        String stamp = STAMP.format(clock.instant().atOffset(ZoneOffset.UTC));
        String end = end(reason);
        String suffix = "." + stamp + end;
        for (int i = 2; Files.exists(beside(dataDir, suffix), LinkOption.NOFOLLOW_LINKS); i++) {
            suffix = "." + stamp + "-" + i + end;
        }
        return suffix;
    }

    private static String end(String reason) {
        String word =
                reason.toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9]+", "-")
                        .replaceAll("^-+|-+$", "");
        return "." + (word.isEmpty() ? "unnamed" : word.substring(0, Math.min(40, word.length())));
    }

    /** The tablespaces, and pg_wal where it lies elsewhere. A link that leads nowhere stays. */
    static List<Path> links(Path dataDir) throws IOException {
        List<Path> links = new ArrayList<>();
        Path wal = dataDir.resolve("pg_wal");
        if (Files.isSymbolicLink(wal) && Files.isDirectory(wal)) {
            links.add(wal);
        }
        Path tablespaces = dataDir.resolve("pg_tblspc");
        if (Files.isDirectory(tablespaces)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(tablespaces)) {
                for (Path entry : entries) {
                    if (Files.isSymbolicLink(entry) && Files.isDirectory(entry)) {
                        links.add(entry);
                    }
                }
            }
        }
        Collections.sort(links);
        return links;
    }

    /** Renames, and leaves an empty directory of the same owner and mode for what comes next. */
    private static void rename(Move move, List<Move> done) throws IOException {
        Files.move(move.from(), move.to());
        done.add(move);
        Files.createDirectory(
                move.from(),
                PosixFilePermissions.asFileAttribute(Files.getPosixFilePermissions(move.to())));
        if (!Files.getOwner(move.from()).equals(Files.getOwner(move.to()))) {
            Files.setOwner(move.from(), Files.getOwner(move.to()));
        }
    }

    static void turn(Path link, Path target) throws IOException {
        Files.delete(link);
        Files.createSymbolicLink(link, target);
    }

    /** A half-done move is worse than none: what cannot be undone is left for the operator. */
    private static void undo(List<Move> done) {
        for (Move move : done.reversed()) {
            try {
                Files.deleteIfExists(move.from());
                Files.move(move.to(), move.from());
                if (move.link().isPresent()) {
                    turn(move.link().get(), move.from());
                }
            } catch (IOException e) {
                throw new PostgresException(
                        move.to()
                                + " was set aside and could not be put back as "
                                + move.from()
                                + ": rename it by hand",
                        e);
            }
        }
    }

    /** What is kept, oldest first, or what was left half made of it, by the end of its name. */
    private static List<Path> beside(Path dataDir, Ending ending) throws IOException {
        Pattern ours = Pattern.compile(Pattern.quote(dataDir.getFileName() + "") + ending.pattern);
        List<Path> aside = new ArrayList<>();
        try (DirectoryStream<Path> entries =
                Files.newDirectoryStream(DurableFiles.directoryOf(dataDir))) {
            for (Path entry : entries) {
                if (ours.matcher(entry.getFileName() + "").matches()
                        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    aside.add(entry);
                }
            }
        }
        aside.sort(Comparator.comparing(Path::toString));
        return aside;
    }

    /** Whole ones, oldest first. */
    static List<Path> kept(Path dataDir) throws IOException {
        return beside(dataDir, Ending.WHOLE);
    }

    private enum Ending {
        WHOLE(SUFFIX),
        PARTIAL(SUFFIX + Pattern.quote(SetAside.PARTIAL));

        private final String pattern;

        Ending(String pattern) {
            this.pattern = pattern;
        }
    }

    /** The newest that was kept for {@code reason}, if nothing else was kept since. */
    Optional<Path> newest(Path dataDir, String reason) throws IOException {
        List<Path> aside = beside(dataDir, Ending.WHOLE);
        return aside.isEmpty()
                ? Optional.empty()
                : Optional.of(aside.getLast())
                        .filter(path -> (path.getFileName() + "").endsWith(end(reason)));
    }

    /** Removes copies that an agent before this one did not finish. */
    void removePartial(Path dataDir) throws IOException {
        List<Path> places = new ArrayList<>(List.of(dataDir));
        for (Path link : links(dataDir)) {
            places.add(link.toRealPath());
        }
        for (Path place : places) {
            for (Path partial : beside(place, Ending.PARTIAL)) {
                DurableFiles.deleteTree(partial);
            }
        }
    }

    /** What goes once there is one more to keep. */
    List<Path> wouldPrune(Path dataDir) throws IOException {
        List<Path> aside = beside(dataDir, Ending.WHOLE);
        return List.copyOf(aside.subList(0, Math.max(0, aside.size() + 1 - kept)));
    }

    void prune(Path dataDir) throws IOException {
        List<Path> aside = beside(dataDir, Ending.WHOLE);
        for (Path old : aside.subList(0, Math.max(0, aside.size() - kept))) {
            String suffix =
                    (old.getFileName() + "").substring((dataDir.getFileName() + "").length());
            for (Path link : links(old)) {
                Path target = link.toRealPath();
                // Only what was renamed together with this directory.
                if (target.toString().endsWith(suffix)) {
                    DurableFiles.deleteTree(target);
                }
            }
            DurableFiles.deleteTree(old);
        }
        DurableFiles.syncDirectory(DurableFiles.directoryOf(dataDir));
    }

    static Path beside(Path directory, String suffix) {
        return directory.resolveSibling(directory.getFileName() + suffix);
    }
}
