package dev.holdfast.agent.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is tried on a disk, and that nothing of it is left. */
class DiskProbeTest {
    @TempDir Path directory;

    private long files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.count();
        }
    }

    @Test
    void aDiskThatTakesWritesIsWellAndKeepsNothing() throws IOException {
        Files.writeString(directory.resolve("PG_VERSION"), "15");
        assertThat(DiskProbe.ofData(directory).complaint()).isEmpty();
        assertThat(files()).isEqualTo(1);
    }

    @Test
    void anEmptyDirectoryIsLeftEmptyForInitdb() throws IOException {
        assertThat(DiskProbe.ofData(directory).complaint()).isEmpty();
        assertThat(files()).isZero();
    }

    @Test
    void whatCannotBeWrittenIsNamed() throws IOException {
        Files.writeString(directory.resolve("PG_VERSION"), "15");
        Path inTheWay = directory.resolve("pgsql_tmp.holdfast");
        Files.createDirectory(inTheWay);
        Files.writeString(inTheWay.resolve("file"), "");
        assertThat(DiskProbe.ofData(directory).complaint())
                .hasValueSatisfying(
                        sentence -> assertThat(sentence).contains(directory.toString()));
    }

    @Test
    void theWalIsNotTriedTwiceOnOneDisk() throws IOException {
        Files.writeString(directory.resolve("PG_VERSION"), "15");
        Path wal = Files.createDirectory(directory.resolve("pg_wal"));
        Path inTheWay = Files.createDirectory(wal.resolve("pgsql_tmp.holdfast"));
        Files.writeString(inTheWay.resolve("file"), "");
        assertThat(DiskProbe.ofWal(directory).complaint()).isEmpty();
    }
}
