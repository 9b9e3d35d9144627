package dev.holdfast.core.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the long options of a PostgreSQL program: a map, or a list of names and of maps, as Patroni
 * takes both.
 */
final class ProgramOptions {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]+");

    private ProgramOptions() {}

    /** Each option as {@code name} or {@code name=value}, without dashes before it. */
    static List<String> read(
            ConfigTree tree, String key, String program, List<String> setByHoldfast) {
        Object value = tree.raw(key).orElse(null);
        List<String> options = new ArrayList<>();
        switch (value) {
            case null -> {}
            case Map<?, ?> map -> addAll(map, options, tree, key);
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    add(list.get(i), options, tree, key + "[" + i + "]");
                }
            }
            default ->
                    tree.error(
                            key, Problem.show(value), "a list or a map of options of " + program);
        }
        return options.stream().filter(option -> isFree(option, tree, key, setByHoldfast)).toList();
    }

    private static void add(
            @Nullable Object entry, List<String> options, ConfigTree tree, String where) {
        if (entry instanceof Map<?, ?> map) {
            addAll(map, options, tree, where);
        } else if (entry instanceof String text) {
            int equals = text.indexOf('=');
            addOption(
                    equals < 0 ? text : text.substring(0, equals),
                    equals < 0 ? true : text.substring(equals + 1),
                    options,
                    tree,
                    where);
        } else {
            tree.error(
                    where, Problem.show(entry), "the name of an option, or a name and its value");
        }
    }

    private static void addAll(Map<?, ?> map, List<String> options, ConfigTree tree, String where) {
        map.forEach((name, value) -> addOption(String.valueOf(name), value, options, tree, where));
    }

    private static void addOption(
            String name,
            @Nullable Object value,
            List<String> options,
            ConfigTree tree,
            String where) {
        String option = name.strip().replaceFirst("^--", "");
        Optional<String> text = value == null ? Optional.of("") : Scalars.text(value);
        if (!NAME.matcher(option).matches()) {
            tree.error(
                    where,
                    Problem.show(name),
                    "the long name of an option, such as data-checksums");
        } else if (text.isEmpty() || text.get().chars().anyMatch(c -> c < 32)) {
            tree.error(
                    where,
                    Problem.show(value),
                    "text on one line, a number, true or false as the value of " + option);
        } else if (value == null || value.equals(true)) {
            options.add(option);
        } else if (!value.equals(false)) {
            options.add(option + "=" + text.get());
        }
    }

    private static boolean isFree(
            String option, ConfigTree tree, String key, List<String> setByHoldfast) {
        String name = option.replaceFirst("=.*", "");
        if (setByHoldfast.contains(name)) {
            tree.warning(key, '"' + name + '"', "is set by Holdfast and is ignored");
            return false;
        }
        return true;
    }
}
