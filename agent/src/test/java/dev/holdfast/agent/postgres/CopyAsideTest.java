package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.config.Keeping;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** S4: what is changed in place is kept as it was, or it is not changed. */
class CopyAsideTest {
    private static final String REASON = "before-rewind";

    @TempDir Path home;
    private Path data = Path.of("");

    @BeforeEach
    void fill() throws IOException {
        data = Files.createDirectories(home.resolve("data"));
        Files.createDirectories(data.resolve("global"));
        Files.writeString(data.resolve("global/pg_control"), "state 1");
        Files.writeString(data.resolve("table"), "rows");
    }

    private CopyAside copyAside(int kept, int day) {
        Clock clock = Clock.fixed(Instant.parse("2026-03-0" + day + "T01:02:03Z"), ZoneOffset.UTC);
        return new CopyAside(
                new SetAside(data, kept, clock), new OperatorPrograms(ProcessRunner.direct()));
    }

    private Path copied(int kept, int day) {
        return copyAside(kept, day).make(Keeping.COPY, REASON, _ -> {}).orElseThrow();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(home)) {
            return all.map(path -> path.getFileName() + "").sorted().toList();
        }
    }

    @Test
    void aCopyIsWholeAndTheOriginalMayChange() throws IOException {
        Path kept = copied(5, 1);
        assertThat(kept).isEqualTo(home.resolve("data.20260301T010203Z.before-rewind"));
        Files.writeString(data.resolve("table"), "rewound");
        assertThat(kept.resolve("table")).hasContent("rows");
        assertThat(kept.resolve("global/pg_control")).hasContent("state 1");
        assertThat(names()).hasSize(2);
    }

    @Test
    void tablespacesAreCopiedAndTheCopyPointsToTheirCopies() throws IOException {
        Path space = Files.createDirectories(home.resolve("space"));
        Files.writeString(space.resolve("big"), "rows");
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/16384"), space);

        Path kept = copied(5, 1);

        Files.writeString(space.resolve("big"), "rewound");
        assertThat(kept.resolve("pg_tblspc/16384/big")).hasContent("rows");
        assertThat(kept.resolve("pg_tblspc/16384").toRealPath())
                .isEqualTo(home.toRealPath().resolve("space.20260301T010203Z.before-rewind"));
        assertThat(data.resolve("pg_tblspc/16384").toRealPath()).isEqualTo(space.toRealPath());
    }

    @Test
    void onlyTheNewestAreKept() throws IOException {
        for (int day = 1; day <= 4; day++) {
            Files.writeString(data.resolve("global/pg_control"), "state " + day);
            Path _ = copied(2, day);
        }
        assertThat(names())
                .containsExactly(
                        "data",
                        "data.20260303T010203Z.before-rewind",
                        "data.20260304T010203Z.before-rewind");
    }

    @Test
    void whatIsKeptAlreadyIsNotCopiedAgain() throws IOException {
        Path first = copied(5, 1);
        assertThat(copied(5, 2)).isEqualTo(first);
        Files.writeString(data.resolve("global/pg_control"), "state 2");
        assertThat(copied(5, 3)).isNotEqualTo(first);
    }

    @Test
    void aCopyThatDidNotFinishIsRemovedAndNeverCounts() throws IOException {
        Path half =
                Files.createDirectories(
                        home.resolve("data.20260301T010203Z.before-rewind.partial"));
        Files.writeString(half.resolve("table"), "ro");
        assertThat(copied(1, 2)).exists();
        assertThat(half).doesNotExist();
    }

    @Test
    void withoutRoomItIsRefusedAndSaysHowMuchIsMissing() throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(data.resolve("huge").toFile(), "rw")) {
            sparse.setLength(8L << 40);
        }
        assertThatThrownBy(() -> copied(5, 1))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("needs 8388608.0 MiB")
                .hasMessageContaining("are there")
                .hasMessageContaining("postgresql.keep_aside");
        assertThatThrownBy(() ->
                        CopyAside.demandRoomForAnother(new SetAside(data, 5, Clock.systemUTC())))
                .hasMessageContaining("a new copy beside");
        assertThat(names()).containsExactly("data");
    }

    @Test
    void blocksAreSharedOnlyWhereTheFileSystemCan() throws IOException {
        boolean shares;
        try {
            assertThat(copyAside(5, 1).make(Keeping.REFLINK, REASON, _ -> {})).isPresent();
            shares = true;
        } catch (PostgresException e) {
            assertThat(e).hasMessageContaining("cannot share blocks");
            shares = false;
        }
        assertThat(copyAside(5, 2).make(Keeping.AUTO, REASON, _ -> {}).isPresent())
                .isEqualTo(shares);
        assertThat(names()).hasSize(shares ? 2 : 1);
    }
}
