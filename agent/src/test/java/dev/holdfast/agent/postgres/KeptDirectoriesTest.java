package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.status.HostStatus.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was set aside is counted, whatever it lies on. */
final class KeptDirectoriesTest {
    @TempDir Path home;

    private void setAside(int bytes) throws IOException {
        Path data = home.resolve("data");
        Files.write(data.resolve("base"), new byte[bytes]);
        new SetAside(data, 5, Clock.systemUTC()).move("test");
    }

    @Test
    void whatIsKeptIsCountedWithItsTablespacesAndForgottenWhenItIsGone() throws IOException {
        Path data = Files.createDirectories(home.resolve("data"));
        KeptDirectories kept = new KeptDirectories(data);
        assertThat(kept.look()).isEmpty();

        setAside(1000);
        assertThat(kept.look()).get().extracting(Kept::directories, Kept::bytes).contains(1, 1000L);

        Path space = Files.createDirectories(home.resolve("space"));
        Files.write(space.resolve("table"), new byte[300]);
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/16384"), space);
        setAside(50);
        Kept both = kept.look().orElseThrow();
        assertThat(both.directories()).isEqualTo(2);
        assertThat(both.bytes()).isEqualTo(1350);
        assertThat(both.freeBytes()).isPositive();

        for (Path each : SetAside.kept(data)) {
            DurableFiles.deleteTree(each);
        }
        assertThat(kept.look()).isEmpty();
    }
}
