package dev.holdfast.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A map of texts, or the text of one as a variable has it: {@code name: value, name: 'value, with a
 * comma'}, with or without braces around it.
 */
final class Pairs {
    private Pairs() {}

    static Optional<SortedMap<String, String>> of(Object value) {
        SortedMap<String, String> pairs = new TreeMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, text) ->
                    pairs.put(String.valueOf(name), text == null ? "" : String.valueOf(text)));
            boolean flat =
                    map.values().stream()
                            .noneMatch(text -> text instanceof Map || text instanceof List);
            return flat ? Optional.of(pairs) : Optional.empty();
        }
        String text = Scalars.text(value).orElse("").strip();
        boolean opens = text.startsWith("{");
        if (opens != text.endsWith("}")) {
            return Optional.empty();
        }
        for (String part : parts(opens ? text.substring(1, text.length() - 1) : text)) {
            int colon = afterName(part);
            if (colon < 0) {
                return Optional.empty();
            }
            pairs.put(bare(part.substring(0, colon)), bare(part.substring(colon + 1)));
        }
        return Optional.of(pairs);
    }

    /** What commas part, but for those within quotes. */
    private static List<String> parts(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ',' && quote == 0) {
                parts.add(part.toString());
                part.setLength(0);
                continue;
            }
            // An apostrophe within a word is none.
            if (quote == 0 && (c == '\'' || c == '"') && beginsValue(part)) {
                quote = c;
            } else if (c == quote) {
                quote = 0;
            }
            part.append(c);
        }
        if (!part.toString().isBlank()) {
            parts.add(part.toString());
        }
        return parts;
    }

    private static boolean beginsValue(CharSequence before) {
        String text = before.toString().strip();
        return text.isEmpty() || text.endsWith(":");
    }

    private static int afterName(String part) {
        String text = part.stripLeading();
        int skipped = part.length() - text.length();
        boolean quoted = text.startsWith("'") || text.startsWith("\"");
        int from = quoted ? text.indexOf(text.charAt(0), 1) : 0;
        int colon = from < 0 ? -1 : text.indexOf(':', from);
        return colon < 0 ? -1 : skipped + colon;
    }

    private static String bare(String text) {
        return text.strip().replaceAll("^['\"]|['\"]$", "");
    }
}
