package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where the programs of others are on this machine. */
final class Programs {
    private static final List<String> BESIDE_PATH =
            List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

    private Programs() {}

    /**
     * The program on the PATH, or where servers are.
     *
     * @throws IllegalStateException when it is not installed
     */
    static Path named(String name) {
        List<String> places = new ArrayList<>();
        places.addAll(
                List.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1)));
        places.addAll(BESIDE_PATH);
        return places.stream()
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(
                                name
                                        + " is neither on the PATH nor in "
                                        + BESIDE_PATH
                                        + ": scripts/deps.sh test installs it"));
    }

    /** PostgreSQL's programs: the newest of Debian's, else those on the PATH. */
    static Path postgres() {
        Path debian = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(debian)) {
            try (Stream<Path> versions = Files.list(debian)) {
                Optional<Path> newest =
                        versions.filter(v -> v.getFileName().toString().matches("1[3-8]"))
                                .map(v -> v.resolve("bin"))
                                .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                                .max(Comparator.naturalOrder());
                if (newest.isPresent()) {
                    return newest.get();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        Path found = named("postgres").getParent();
        return found == null ? Path.of("/") : found;
    }
}
