package dev.holdfast.dcs.json;

import java.util.Map;

/** What became of a text that should hold a tree of settings. */
public sealed interface ParseResult {

    /**
     * It does.
     *
     * @param tree in the text's order; values are {@code String}, {@code Boolean}, {@code Integer},
     *     {@code Long}, {@code BigInteger}, {@code Double}, {@code List<Object>} and {@code
     *     Map<String, Object>}, never null: a key whose value is null says nothing and is left out
     */
    record Parsed(Map<String, Object> tree) implements ParseResult {}

    /**
     * It does not.
     *
     * @param sentence where (line and column, from 1), what was found and what is expected
     */
    record Malformed(String sentence) implements ParseResult {}
}
