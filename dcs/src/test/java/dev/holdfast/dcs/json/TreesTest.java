package dev.holdfast.dcs.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.dcs.json.ParseResult.Malformed;
import dev.holdfast.dcs.json.ParseResult.Parsed;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TreesTest {
    @Test
    void jsonKeepsItsOrderAndTypesAndDropsNulls() {
        Map<String, Object> tree =
                parsed(
                        Trees.json(
                                "{\"ttl\":10,\"b\":{\"z\":true,\"a\":null,\"c\":1.5},\"a\":[1,null,\"x\"],\"big\":5000000000}"));

        assertThat(tree.keySet()).containsExactly("ttl", "b", "a", "big");
        assertThat(tree)
                .containsEntry("ttl", 10)
                .containsEntry("a", List.of(1, "x"))
                .containsEntry("big", 5_000_000_000L);
        assertThat(tree.get("b")).isEqualTo(Map.of("z", true, "c", 1.5));
        assertThat(Trees.toJson(tree))
                .isEqualTo(
                        "{\"ttl\":10,\"b\":{\"z\":true,\"c\":1.5},\"a\":[1,\"x\"],\"big\":5000000000}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a':1,}       | line 1, column 8:",
                "[1]            | line 1: found a list where a JSON object ({...}) is expected",
                "3              | line 1: found 3 where a JSON object ({...}) is expected",
                "{'a':1} x      | line 1, column",
                "{'a':1,'a':2}  | line 1, column",
                "{              | line 1, column",
            })
    void malformedJsonIsSaidWithItsPlace(String text, String beginning) {
        assertThat(malformed(Trees.json(text.replace('\'', '"'))))
                .startsWith(beginning)
                .doesNotContain("\n");
    }

    @Test
    void nothingAtAllIsNoJson() {
        assertThat(malformed(Trees.json("")))
                .isEqualTo("line 1: found nothing where a JSON object ({...}) is expected");
    }

    @Test
    void yamlMeansWhatItMeansToPatroni() {
        Map<String, Object> tree =
                parsed(
                        Trees.yaml(
                                """
                                # a comment
                                defaults: &d {ttl: 30}
                                dcs:
                                  <<: *d
                                  synchronous_mode: on
                                  nothing:
                                listen: 127.0.0.1:5432
                                parameters:
                                  max_wal_size: 1GB
                                  checkpoint_completion_target: 0.9
                                  wal_log_hints: "on"
                                pg_hba:
                                - host all all all md5
                                initdb:
                                - encoding: UTF8
                                - data-checksums
                                """));

        assertThat(tree).containsEntry("dcs", Map.of("ttl", 30, "synchronous_mode", true));
        assertThat(tree).containsEntry("listen", "127.0.0.1:5432");
        assertThat(tree)
                .containsEntry(
                        "parameters",
                        Map.of(
                                "max_wal_size",
                                "1GB",
                                "checkpoint_completion_target",
                                0.9,
                                "wal_log_hints",
                                "on"));
        assertThat(tree)
                .containsEntry("initdb", List.of(Map.of("encoding", "UTF8"), "data-checksums"));
    }

    @Test
    void anEmptyYamlFileIsAnEmptyTree() {
        assertThat(parsed(Trees.yaml("# nothing\n"))).isEmpty();
    }

    @Test
    void malformedYamlIsSaidWithItsPlace() {
        assertThat(malformed(Trees.yaml("a: 1\nb: [1, 2\nc: 3\n")))
                .startsWith("line 3, column 2:")
                .doesNotContain("\n");
        assertThat(malformed(Trees.yaml("- a\n"))).contains("a list").contains("mapping");
        assertThat(malformed(Trees.yaml("just text\n"))).contains("just text");
        assertThat(malformed(Trees.yaml("a: !!java.net.URL [x]\n"))).startsWith("line 1");
        assertThat(malformed(Trees.yaml("a: \u0001\n"))).isNotEmpty();
    }

    @Test
    void aTreeSurvivesYaml() {
        Map<String, Object> tree =
                parsed(
                        Trees.json(
                                "{\"ttl\":10,\"postgresql\":{\"parameters\":{\"a\":\"on\",\"b\":true},\"pg_hba\":[\"x y\"]}}"));

        String yaml = Trees.toYaml(tree);

        assertThat(parsed(Trees.yaml(yaml))).isEqualTo(tree);
        assertThat(yaml).startsWith("ttl: 10\npostgresql:\n  parameters:\n    a: 'on'\n");
    }

    @Test
    void aPatchReplacesMergesAndRemoves() {
        Map<String, Object> tree =
                parsed(
                        Trees.json(
                                "{\"ttl\":10,\"pause\":true,\"postgresql\":{\"use_slots\":true,\"parameters\":{\"a\":\"1\"}},\"s\":1}"));

        Map<String, Object> patched =
                parsed(
                        Trees.patched(
                                tree,
                                "{\"pause\":null,\"absent\":null,\"postgresql\":{\"parameters\":{\"b\":\"2\",\"c\":null}},\"s\":{\"x\":null,\"y\":1}}"));

        assertThat(Trees.toJson(patched))
                .isEqualTo(
                        "{\"ttl\":10,\"postgresql\":{\"use_slots\":true,\"parameters\":{\"a\":\"1\",\"b\":\"2\"}},\"s\":{\"y\":1}}");
        assertThat(tree).containsKey("pause");
        assertThat(malformed(Trees.patched(tree, "[]"))).contains("a list");
    }

    private static Map<String, Object> parsed(ParseResult result) {
        return switch (result) {
            case Parsed(Map<String, Object> tree) -> tree;
            case Malformed(String sentence) -> throw new AssertionError(sentence);
        };
    }

    private static String malformed(ParseResult result) {
        return switch (result) {
            case Parsed(Map<String, Object> tree) -> throw new AssertionError("read as " + tree);
            case Malformed(String sentence) -> sentence;
        };
    }
}
