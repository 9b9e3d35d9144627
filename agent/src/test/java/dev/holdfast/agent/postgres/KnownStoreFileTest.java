package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.cluster.KnownStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KnownStoreFileTest {
    @TempDir private Path home;

    @Test
    void whatWasKeptLastIsReadByTheNextAgent() {
        Path guard = home.resolve("guard");
        assertThat(new KnownStoreFile(guard).read()).isEqualTo(KnownStore.NONE);
        KnownStore known = new KnownStore(2, 5_000_000_000L, 7, 0);
        new KnownStoreFile(guard).keep(new KnownStore(1, 2, 3, 4));
        new KnownStoreFile(guard).keep(known);
        assertThat(new KnownStoreFile(guard).read()).isEqualTo(known);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "{\"generation\":1,\"epoch\":2,\"timeline\":3}",
                "{\"generation\":1,\"epoch\":-2,\"timeline\":3,\"sync\":4}",
                "{\"generation\":3000000000,\"epoch\":2,\"timeline\":3,\"sync\":4}"
            })
    void whatIsNotWholeIsNotTakenForNothing(String text) throws IOException {
        Files.writeString(home.resolve("store"), text);
        assertThatThrownBy(() -> new KnownStoreFile(home).read())
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining(home.resolve("store").toString());
    }
}
