package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dynamic configuration is kept beside the data, and never in the way of what makes them. */
final class ConfigCopyTest {
    private static final String CONFIG = "{\"ttl\":20,\"synchronous_mode\":\"on\"}";

    @TempDir Path directory;
    private Path data;
    private Path guard;
    private ConfigCopy copy;

    @BeforeEach
    void makeDirectories() throws IOException {
        data = Files.createDirectory(directory.resolve("data"));
        guard = Files.createDirectory(directory.resolve("guard"));
        copy = new ConfigCopy(data, guard);
    }

    @Test
    void whatWasKeptIsReadAgain() throws IOException {
        Files.writeString(data.resolve("PG_VERSION"), "15\n");

        copy.keep(CONFIG);

        assertThat(Files.readString(data.resolve("patroni.dynamic.json"))).isEqualTo(CONFIG);
        assertThat(new ConfigCopy(data, guard).read())
                .contains(Map.of("ttl", 20, "synchronous_mode", "on"));
    }

    @Test
    void theGroupMayReadItWhereItMayReadTheData() throws IOException {
        Files.writeString(data.resolve("PG_VERSION"), "15\n");
        Path file = data.resolve("patroni.dynamic.json");

        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        copy.keep(CONFIG);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");

        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-x---"));
        copy.keep("{}");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void aDirectoryThatIsEmptyOrBeingFilledIsLeftAlone() throws IOException {
        copy.keep(CONFIG);
        assertThat(data).isEmptyDirectory();

        Files.writeString(data.resolve("PG_VERSION"), "15\n");
        new UnfinishedWork(guard).begin("pg_basebackup");
        copy.keep(CONFIG);
        assertThat(data.resolve("patroni.dynamic.json")).doesNotExist();

        new UnfinishedWork(guard).finish();
        copy.keep(CONFIG);
        assertThat(data.resolve("patroni.dynamic.json")).hasContent(CONFIG);
    }

    @Test
    void whatCannotBeReadCountsAsNone() throws IOException {
        assertThat(copy.read()).isEmpty();
        Files.writeString(data.resolve("patroni.dynamic.json"), "{\"ttl\": ");
        assertThat(copy.read()).isEmpty();
    }
}
