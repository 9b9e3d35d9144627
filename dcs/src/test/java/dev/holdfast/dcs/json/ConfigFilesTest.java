package dev.holdfast.dcs.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A configuration is one file or a directory of them, and what cannot be read is named. */
final class ConfigFilesTest {
    @TempDir Path directory;

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private String refusal(Path place) {
        return switch (ConfigFiles.read(place)) {
            case ParseResult.Malformed(String sentence) -> sentence;
            case ParseResult.Parsed(var tree) -> throw new AssertionError("it was read: " + tree);
        };
    }

    @Test
    void theFilesOfADirectoryAreMergedInTheOrderOfTheirNames() throws IOException {
        write("20-second.yaml", "scope: second\npostgresql: {listen: b, parameters: {x: 2}}\n");
        write("10-first.yml", "scope: first\nname: one\npostgresql: {parameters: {x: 1, y: 1}}\n");
        write("30-list.yml", "postgresql: {pg_hba: [c]}\n");
        write("15-list.yml", "postgresql: {pg_hba: [a, b]}\n");
        write("99-note.txt", "scope: none of ours\n");
        Files.createDirectory(directory.resolve("98-directory.yml"));

        assertThat(ConfigFiles.read(directory))
                .isEqualTo(
                        new ParseResult.Parsed(
                                Map.of(
                                        "scope", "second",
                                        "name", "one",
                                        "postgresql",
                                                Map.of(
                                                        "listen", "b",
                                                        "parameters", Map.of("x", 2, "y", 1),
                                                        "pg_hba", List.of("c")))));
    }

    @Test
    void aFileIsReadByItself() throws IOException {
        write("one.conf", "scope: demo\n");

        assertThat(ConfigFiles.read(directory.resolve("one.conf")))
                .isEqualTo(new ParseResult.Parsed(Map.of("scope", "demo")));
    }

    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        assertThat(refusal(directory.resolve("a.yml"))).endsWith("a.yml does not exist");
        assertThat(refusal(directory)).contains("no file whose name ends in .yml or .yaml");
        write("10-good.yml", "scope: demo\n");
        write("20-bad.yml", "scope: [\n");
        assertThat(refusal(directory)).contains("20-bad.yml is not YAML: line 2");
        Files.write(directory.resolve("20-bad.yml"), new byte[] {'a', (byte) 0xff});
        assertThat(refusal(directory)).endsWith("20-bad.yml is not text in UTF-8");
    }
}
