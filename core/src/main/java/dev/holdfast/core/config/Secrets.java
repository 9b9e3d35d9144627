package dev.holdfast.core.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A configuration as it may be shown: with stars where a password stands. */
final class Secrets {
    private static final String STARS = "***";

    private Secrets() {}

    static Map<String, Object> hidden(Map<?, ?> tree) {
        Map<String, Object> shown = new LinkedHashMap<>();
        tree.forEach((key, value) -> {
            String name = String.valueOf(key);
            if (value != null) {
                shown.put(name, name.contains("password") ? STARS : hiddenIn(value));
            }
        });
        return shown;
    }

    private static Object hiddenIn(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case Map<?, ?> map -> hidden(map);
            case List<?> list -> list.stream().map(Secrets::hiddenIn).toList();
            case String text -> Problem.withoutCredentials(text);
            default -> value;
        };
    }
}
