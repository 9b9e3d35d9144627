package dev.holdfast.core.config;

import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A PostgreSQL parameter that every member must have alike, or that a member must have ready for
 * the day it becomes primary. It comes only from the dynamic configuration, and is passed on
 * PostgreSQL's command line so that ALTER SYSTEM cannot override it.
 *
 * @param defaultValue what holds where the dynamic configuration says nothing
 */
public record SharedParameter(String name, String defaultValue, Kind kind) {

    /** What a value of the parameter must look like. */
    public sealed interface Kind {
        /** A whole number of at least {@code least}. */
        record Count(long least) implements Kind {}

        /** An amount of memory; a bare number is megabytes, as PostgreSQL reads it. */
        record Megabytes(long least) implements Kind {}

        /** One of a few words. */
        record OneOf(List<String> words) implements Kind {}

        /** On or off. */
        record Flag() implements Kind {}
    }

    /** All of them, by name. Less than the least leaves no room for a second member. */
    public static final List<SharedParameter> ALL =
            List.of(
                    new SharedParameter("max_connections", "100", new Kind.Count(25)),
                    new SharedParameter("max_locks_per_transaction", "64", new Kind.Count(32)),
                    new SharedParameter("max_prepared_transactions", "0", new Kind.Count(0)),
                    new SharedParameter("max_replication_slots", "10", new Kind.Count(4)),
                    new SharedParameter("max_wal_senders", "10", new Kind.Count(3)),
                    new SharedParameter("max_worker_processes", "8", new Kind.Count(2)),
                    new SharedParameter("track_commit_timestamp", "off", new Kind.Flag()),
                    new SharedParameter("wal_keep_size", "128MB", new Kind.Megabytes(16)),
                    new SharedParameter(
                            "wal_level",
                            "replica",
                            new Kind.OneOf(List.of("replica", "hot_standby", "logical"))),
                    new SharedParameter("wal_log_hints", "on", new Kind.Flag()));

    /**
     * What every member runs with: the dynamic configuration's values, and the defaults of those it
     * does not name.
     */
    public static SortedMap<String, String> effective(ClusterConfig config) {
        SortedMap<String, String> values = new TreeMap<>();
        for (SharedParameter parameter : ALL) {
            values.put(
                    parameter.name,
                    config.parameters().getOrDefault(parameter.name, parameter.defaultValue));
        }
        return values;
    }

    boolean accepts(String value) {
        return switch (kind) {
            case Kind.Count(long least) ->
                    Scalars.integer(value)
                            .filter(n -> n >= least && n <= Integer.MAX_VALUE)
                            .isPresent();
            case Kind.Megabytes(long least) ->
                    (Scalars.integer(value).isPresent()
                                    ? Scalars.bytes(value.strip() + "MB")
                                    : Scalars.bytes(value))
                            .filter(bytes -> bytes >= least << 20)
                            .isPresent();
            case Kind.OneOf(List<String> words) ->
                    words.contains(value.strip().toLowerCase(Locale.ROOT));
            case Kind.Flag() -> Scalars.flag(value).isPresent();
        };
    }

    String expected() {
        return switch (kind) {
            case Kind.Count(long least) ->
                    "a whole number from " + least + " to " + Integer.MAX_VALUE;
            case Kind.Megabytes(long least) ->
                    "an amount of at least " + least + "MB, such as \"128MB\"";
            case Kind.OneOf(List<String> words) -> "one of " + String.join(", ", words);
            case Kind.Flag() -> "on or off";
        };
    }
}
