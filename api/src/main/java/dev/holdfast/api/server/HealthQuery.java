package dev.holdfast.api.server;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a health check's query string asks for. Parameters that mean nothing here are ignored, as in
 * Patroni; a value that cannot be read is not, since the check would then let through what it was
 * written to keep out.
 *
 * @param maxLagBytes {@code lag}
 * @param replicationState {@code replication_state}
 * @param tags {@code tag_<name>}, without the prefix
 * @param mode {@code mode}, for {@code /readiness}
 */
public record HealthQuery(
        Optional<Long> maxLagBytes,
        Optional<String> replicationState,
        SortedMap<String, String> tags,
        Mode mode) {

    /** Which lag {@code /readiness} looks at. */
    public enum Mode {
        APPLY,
        WRITE
    }

    /** What became of a query string. */
    public sealed interface Parsed {
        /** It can be read. */
        record Valid(HealthQuery query) implements Parsed {}

        /** It cannot; the sentence says what was found and what is expected. */
        record Invalid(String sentence) implements Parsed {}
    }

    /** No query string. */
    public static final HealthQuery NONE =
            new HealthQuery(Optional.empty(), Optional.empty(), new TreeMap<>(), Mode.APPLY);

    private static final List<String> REPLICATION_STATES =
            List.of("streaming", "in archive recovery");

    public HealthQuery {
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    }

    /** Reads decoded parameters; of one that is repeated the first counts, as in Patroni. */
    public static Parsed parse(Iterable<Map.Entry<String, String>> parameters) {
        SortedMap<String, String> first = new TreeMap<>();
        for (Map.Entry<String, String> parameter : parameters) {
            first.putIfAbsent(parameter.getKey(), parameter.getValue());
        }
        Optional<String> lag = Optional.ofNullable(first.get("lag"));
        Optional<Long> maxLagBytes = lag.flatMap(Quantity::bytes);
        if (lag.isPresent() && maxLagBytes.isEmpty()) {
            return invalid(
                    "lag",
                    lag.get(),
                    "bytes, or a number with the unit kB, MB, GB or TB, such as 10MB");
        }
        Optional<String> state = Optional.ofNullable(first.get("replication_state"));
        if (state.isPresent() && !REPLICATION_STATES.contains(state.get())) {
            return invalid(
                    "replication_state", state.get(), "\"streaming\" or \"in archive recovery\"");
        }
        String mode = first.getOrDefault("mode", "apply");
        if (!mode.equals("apply") && !mode.equals("write")) {
            return invalid("mode", mode, "apply or write");
        }
        SortedMap<String, String> tags = new TreeMap<>();
        first.forEach((name, value) -> {
            if (name.startsWith("tag_")) {
                tags.put(name.substring("tag_".length()), value);
            }
        });
        return new Parsed.Valid(
                new HealthQuery(
                        maxLagBytes, state, tags, mode.equals("write") ? Mode.WRITE : Mode.APPLY));
    }

    private static Parsed invalid(String name, String found, String expected) {
        return new Parsed.Invalid(
                "query parameter \""
                        + name
                        + "\": found \""
                        + found.replaceAll("\\p{Cntrl}", "?")
                        + "\", expected "
                        + expected);
    }
}
