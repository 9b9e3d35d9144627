package dev.holdfast.core.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over one map of a parsed YAML or JSON document, which knows its path and writes down
 * every problem instead of stopping at the first. Whoever reads asks for each key it knows; {@link
 * #finish} then names the keys that nobody asked for.
 *
 * <p>A getter answers with nothing both where the key is absent (or null) and where its value is
 * wrong; only the latter is a problem. Not safe for use by several threads.
 */
public final class ConfigTree {
    private final String path;
    private final Map<?, ?> values;
    private final List<Problem> problems;
    private final SortedMap<String, String> variables;
    private final SortedSet<String> asked = new TreeSet<>();
    private final SortedMap<String, ConfigTree> sections = new TreeMap<>();

    private ConfigTree(
            String path,
            Map<?, ?> values,
            List<Problem> problems,
            SortedMap<String, String> variables) {
        this.path = path;
        this.values = values;
        this.problems = problems;
        this.variables = variables;
    }

    /** The root of a document. */
    public static ConfigTree of(Map<String, Object> document) {
        return overlaid(document, Collections.emptySortedMap());
    }

    /**
     * The root of a document into which environment variables were laid.
     *
     * @param variables path of a value to the variable it came from, which a sentence then names
     */
    static ConfigTree overlaid(Map<String, Object> document, SortedMap<String, String> variables) {
        return new ConfigTree("", document, new ArrayList<>(), variables);
    }

    /** All problems found so far, in the document's whole tree, in the order of reading. */
    public List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** The keys of this map, in its order. */
    public List<String> keys() {
        return values.keySet().stream().map(String::valueOf).toList();
    }

    /** This map as it was parsed. */
    Map<?, ?> document() {
        return values;
    }

    /** The value as it was parsed; asking for it makes the key a known one. */
    public Optional<Object> raw(String key) {
        asked.add(key);
        return Optional.ofNullable(values.get(key));
    }

    public boolean has(String key) {
        return raw(key).isPresent();
    }

    /** The map under a key; an empty one, still with its path, where there is none. */
    public ConfigTree section(String key) {
        ConfigTree known = sections.get(key);
        if (known != null) {
            return known;
        }
        Map<?, ?> map =
                read(key, "a map of keys and values", ConfigTree::asMap)
                        .orElse(Collections.emptyMap());
        ConfigTree section = new ConfigTree(where(key), map, problems, variables);
        sections.put(key, section);
        return section;
    }

    private static Optional<Map<?, ?>> asMap(Object value) {
        return value instanceof Map<?, ?> map ? Optional.of(map) : Optional.empty();
    }

    /** Any value that {@code reader} can read; a value that it cannot is an error. */
    public <T> Optional<T> read(String key, String expected, Function<Object, Optional<T>> reader) {
        Object value = raw(key).orElse(null);
        if (value == null) {
            return Optional.empty();
        }
        Optional<T> result = reader.apply(value);
        if (result.isEmpty()) {
            error(key, Problem.show(value), expected);
        }
        return result;
    }

    /**
     * Text that is not blank, without surrounding blanks: an empty value means the same as no
     * value.
     */
    public Optional<String> text(String key) {
        return read(key, "text", Scalars::text).map(String::strip).filter(text -> !text.isEmpty());
    }

    /**
     * Text that must be there. What stands in for it is never used, because the error refuses the
     * configuration.
     */
    public String requiredText(String key, String expected) {
        boolean wrongType = raw(key).map(value -> Scalars.text(value).isEmpty()).orElse(false);
        Optional<String> text = text(key);
        if (text.isEmpty() && !wrongType) {
            error(key, Problem.show(raw(key).orElse(null)), expected);
        }
        return text.orElse("");
    }

    /** Text that no problem may show, and that is used as it is, blanks included. */
    public Optional<String> secret(String key) {
        Object value = raw(key).orElse(null);
        if (value == null) {
            return Optional.empty();
        }
        Optional<String> text =
                Scalars.text(value)
                        .filter(secret ->
                                secret.chars().noneMatch(c -> c == '\n' || c == '\r' || c == 0));
        if (text.isEmpty()) {
            error(key, "something that is not shown", "text on one line");
        }
        return text;
    }

    public Optional<Boolean> flag(String key) {
        return read(key, "true or false (or on, off, yes, no)", Scalars::flag);
    }

    public Optional<Integer> integer(String key, int least, int most) {
        return read(
                key,
                "a whole number from " + least + " to " + most,
                value ->
                        Scalars.integer(value)
                                .filter(n -> n >= least && n <= most)
                                .map(Long::intValue));
    }

    /** Bytes, as a number or as text with a unit. */
    public Optional<Long> size(String key, long leastBytes, long mostBytes) {
        return read(
                key,
                "a whole number of bytes from "
                        + leastBytes
                        + " to "
                        + mostBytes
                        + ", or text such as \"16MB\"",
                value -> Scalars.bytes(value).filter(n -> n >= leastBytes && n <= mostBytes));
    }

    /** Seconds as a number, fractions allowed, or text with a unit. */
    public Optional<Duration> duration(String key, Duration least, Duration most) {
        return read(
                key,
                "a duration from "
                        + least.toSeconds()
                        + " to "
                        + most.toSeconds()
                        + " seconds, such as 10, \"10s\" or \"1min\"",
                value ->
                        Scalars.duration(value)
                                .filter(d -> d.compareTo(least) >= 0 && d.compareTo(most) <= 0));
    }

    /**
     * A path from the root, without slashes at its end: the agent, the guard and PostgreSQL run in
     * different working directories.
     */
    public Optional<String> absolutePath(String key) {
        Optional<String> text = text(key);
        if (text.isPresent()
                && (!text.get().startsWith("/") || text.get().chars().anyMatch(c -> c < 32))) {
            error(key, Problem.show(text.get()), "an absolute path, one that starts with /");
            return Optional.empty();
        }
        return text.map(path -> path.length() > 1 ? path.replaceFirst("/+$", "") : path);
    }

    /** A list whose entries are lines of text. */
    public List<String> lines(String key) {
        List<String> lines = new ArrayList<>();
        List<?> entries = read(key, "a list of lines", ConfigTree::asList).orElse(List.of());
        for (int i = 0; i < entries.size(); i++) {
            Object entry = entries.get(i);
            if (entry instanceof String line
                    && line.strip().chars().noneMatch(c -> c == '\n' || c == '\r' || c == 0)) {
                lines.add(line.strip());
            } else {
                error(key + "[" + i + "]", Problem.show(entry), "one line of text");
            }
        }
        return List.copyOf(lines);
    }

    /** A list whose entries are maps; each knows its path. */
    List<ConfigTree> maps(String key) {
        List<ConfigTree> read = new ArrayList<>();
        List<?> entries = read(key, "a list of maps", ConfigTree::asList).orElse(List.of());
        for (int i = 0; i < entries.size(); i++) {
            String at = key + "[" + i + "]";
            Optional<Map<?, ?>> map = asMap(entries.get(i));
            if (map.isPresent()) {
                ConfigTree entry = new ConfigTree(where(at), map.get(), problems, variables);
                sections.put(at, entry);
                read.add(entry);
            } else {
                error(at, Problem.show(entries.get(i)), "a map of keys and values");
            }
        }
        return List.copyOf(read);
    }

    static Optional<List<?>> asList(Object value) {
        return value instanceof List<?> list ? Optional.of(list) : Optional.empty();
    }

    /**
     * Known keys of Patroni that do nothing here yet, and whose absence harms nobody: a warning,
     * unless the value switches nothing on.
     */
    public void unsupported(String... keys) {
        without("is not supported yet and is ignored", keys);
    }

    /**
     * Known keys that do nothing here, for a reason that {@code whatBecomesOfIt} ends the sentence
     * with.
     */
    public void without(String whatBecomesOfIt, String... keys) {
        for (String key : keys) {
            Object value = raw(key).orElse(null);
            if (!Scalars.saysOff(value)) {
                warning(key, Problem.show(value), whatBecomesOfIt);
            }
        }
    }

    /**
     * Known keys that protect something: to ignore them silently would be worse than not to start.
     */
    public void refused(String whatIgnoringWouldDo, String... keys) {
        for (String key : keys) {
            Object value = raw(key).orElse(null);
            if (!Scalars.saysOff(value)) {
                String found =
                        key.contains("password")
                                ? "something that is not shown"
                                : Problem.show(value);
                error(
                        key,
                        found,
                        "no such setting: it is not supported yet, and to ignore it would "
                                + whatIgnoringWouldDo);
            }
        }
    }

    public void error(String key, String found, String expected) {
        problems.add(Problem.error(described(key), found, expected));
    }

    public void warning(String key, String found, String whatBecomesOfIt) {
        problems.add(Problem.warning(described(key), found, whatBecomesOfIt));
    }

    /**
     * Warns of every key, here and below, that nobody asked for. To be called once, when all has
     * been read.
     */
    public void finish() {
        for (String key : keys()) {
            if (!asked.contains(key)) {
                warning(key, "a key that Holdfast does not know", "is ignored");
            }
        }
        sections.values().forEach(ConfigTree::finish);
    }

    /** Declares every key of this map known, where the map belongs to somebody else. */
    public void leaveToOthers() {
        asked.addAll(keys());
    }

    private String where(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private String described(String key) {
        @Nullable String variable = variables.get(where(key));
        return variable == null ? where(key) : where(key) + " (from the variable " + variable + ")";
    }
}
