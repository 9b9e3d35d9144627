package dev.holdfast.dcs.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A file that was damaged in any way is read to its end or refused with sentences; it neither hangs
 * nor throws. What fails prints its seed and number.
 */
class ConfigurationFuzzTest {
    private static final long SEED = 20_261_126;
    private static final int FILES = 3000;
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final List<String> VALUES =
            List.of(
                    "",
                    "null",
                    "~",
                    "[]",
                    "{}",
                    "[1, {a: b}]",
                    "{1: 2, null: x}",
                    "-1",
                    "1e999",
                    "9999999999999999999999",
                    "yes",
                    "'",
                    "\"\\u0000\"",
                    "&a [*a]",
                    "!!binary aGk=",
                    "2026-11-26",
                    "0x1F",
                    ".inf",
                    "|\n      text",
                    "x".repeat(5000));

    private final Random random = new Random(SEED);

    @Test
    @Timeout(60)
    void aDamagedFileIsReadOrRefusedBySentences() throws IOException {
        List<String> whole = Files.readAllLines(Path.of("../docs/examples/holdfast.yml"));
        int read = 0;
        for (int i = 0; i < FILES; i++) {
            String text = damaged(whole);
            long began = System.nanoTime();
            List<Problem> problems = new ArrayList<>();
            switch (Trees.yaml(text)) {
                case ParseResult.Malformed(String sentence) ->
                        assertThat(sentence).as("seed %d, file %d", SEED, i).isNotBlank();
                case ParseResult.Parsed(Map<String, Object> tree) -> {
                    AgentConfigReader.Read result = AgentConfigReader.read(tree, new TreeMap<>());
                    problems.addAll(result.problems());
                    problems.addAll(ClusterConfigReader.read(tree).problems());
                    assertThat(result.config().isEmpty())
                            .as("seed %d, file %d: %s", SEED, i, text)
                            .isEqualTo(result.problems().stream().anyMatch(Problem::isError));
                    read++;
                }
            }
            assertThat(problems)
                    .as("seed %d, file %d", SEED, i)
                    .allSatisfy(p -> assertThat(p.sentence()).doesNotContain("\n"));
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("seed %d, file %d", SEED, i)
                    .isLessThan(SOON);
        }
        assertThat(read).isGreaterThan(FILES / 4);
    }

    @Test
    @Timeout(10)
    void whatUnfoldsWithoutEndIsRefused() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            bomb.append("a%d: &a%d [".formatted(i, i))
                    .append("*a%d, ".formatted(i - 1).repeat(8))
                    .append("*a%d]\n".formatted(i - 1));
        }
        switch (Trees.yaml(bomb.toString())) {
            case ParseResult.Malformed(String sentence) -> assertThat(sentence).isNotBlank();
            case ParseResult.Parsed(Map<String, Object> tree) ->
                    assertThat(AgentConfigReader.read(tree, new TreeMap<>()).config()).isEmpty();
        }
    }

    private String damaged(List<String> whole) {
        List<String> lines = new ArrayList<>(whole);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(lines.size());
            String line = lines.get(at);
            switch (random.nextInt(6)) {
                case 0 -> lines.remove(at);
                case 1 -> lines.add(at, line);
                case 2 -> lines.set(at, "  " + line);
                case 3 -> lines.set(at, mangled(line));
                default -> {
                    int colon = line.indexOf(": ");
                    if (colon > 0 && !line.strip().startsWith("#")) {
                        lines.set(
                                at,
                                line.substring(0, colon + 2)
                                        + VALUES.get(random.nextInt(VALUES.size())));
                    }
                }
            }
        }
        return String.join("\n", lines) + "\n";
    }

    private String mangled(String line) {
        if (line.isEmpty()) {
            return "\t";
        }
        StringBuilder text = new StringBuilder(line);
        text.setCharAt(random.nextInt(line.length()), (char) (1 + random.nextInt(0x2FF)));
        return text.toString();
    }
}
