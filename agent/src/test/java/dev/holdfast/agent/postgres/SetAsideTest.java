package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** S4: nothing is destroyed silently, and what is kept is bounded. */
final class SetAsideTest {
    @TempDir Path home;

    private SetAside setAside(int kept, String at) {
        return new SetAside(
                home.resolve("data"), kept, Clock.fixed(Instant.parse(at), ZoneOffset.UTC));
    }

    private Path filled(String directory, String content) throws IOException {
        Path filled = Files.createDirectories(home.resolve(directory));
        Files.writeString(filled.resolve("PG_VERSION"), content);
        return filled;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(home)) {
            return entries.map(e -> e.getFileName() + "").sorted().toList();
        }
    }

    @Test
    void onlyTheNewestAreKeptAndNothingElseIsTouched() throws IOException {
        filled("data.backup", "mine");
        filled("data.20260101T000000Z", "mine too");
        for (int day = 1; day <= 4; day++) {
            filled("data", "day " + day);
            setAside(2, "2026-03-0" + day + "T01:02:03Z").move("diverged");
        }
        assertThat(names())
                .containsExactly(
                        "data",
                        "data.20260101T000000Z",
                        "data.20260303T010203Z.diverged",
                        "data.20260304T010203Z.diverged",
                        "data.backup");
        assertThat(home.resolve("data.20260304T010203Z.diverged/PG_VERSION")).hasContent("day 4");
        assertThat(home.resolve("data")).isEmptyDirectory();
    }

    @Test
    void twoInOneSecondGetTwoNames() throws IOException {
        filled("data", "1");
        setAside(2, "2026-03-01T00:00:00Z").move("x");
        filled("data", "2");
        Path second = setAside(2, "2026-03-01T00:00:00Z").move("x");
        assertThat(second.getFileName() + "").isEqualTo("data.20260301T000000Z-2.x");
        assertThat(names()).hasSize(3);
    }

    @Test
    void noneIsKeptWhenNoneIsToBe() throws IOException {
        filled("data", "1");
        setAside(0, "2026-03-01T00:00:00Z").move("by policy");
        assertThat(names()).containsExactly("data");
    }

    @Test
    void tablespacesAndWalThatLieElsewhereGoWithIt() throws IOException {
        Path data = filled("data", "1");
        Path space = filled("space", "tables");
        Path wal = filled("wal", "segments");
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/16384"), space);
        Files.createSymbolicLink(data.resolve("pg_wal"), wal);

        Path aside = setAside(1, "2026-03-01T00:00:00Z").move("x");
        assertThat(aside.resolve("pg_tblspc/16384/PG_VERSION")).hasContent("tables");
        assertThat(aside.resolve("pg_wal/PG_VERSION")).hasContent("segments");
        assertThat(space).isEmptyDirectory();
        assertThat(wal).isEmptyDirectory();

        filled("data", "2");
        setAside(1, "2026-03-02T00:00:00Z").move("y");
        assertThat(names()).containsExactly("data", "data.20260302T000000Z.y", "space", "wal");
    }

    @Test
    void whatALinkPointsToIsRenamedAndTheLinkStays() throws IOException {
        Path real = filled("volume", "1");
        Files.createSymbolicLink(home.resolve("data"), real);
        Path aside = setAside(1, "2026-03-01T00:00:00Z").move("x");
        assertThat(aside.getFileName() + "").isEqualTo("volume.20260301T000000Z.x");
        assertThat(home.resolve("data")).isEmptyDirectory();
    }

    @Test
    void whatCannotBeMovedIsPutBack() throws IOException {
        Path data = filled("data", "1");
        Path space = filled("space", "tables");
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/1"), space);
        // The second tablespace lies on a file system where nothing can be renamed.
        Files.createSymbolicLink(data.resolve("pg_tblspc/2"), Path.of("/proc/self"));
        assertThatThrownBy(() -> setAside(1, "2026-03-01T00:00:00Z").move("x"))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining(data.toString());
        assertThat(names()).containsExactly("data", "space");
        assertThat(data.resolve("pg_tblspc/1/PG_VERSION")).hasContent("tables");
        Files.delete(data.resolve("pg_tblspc/2"));
    }
}
