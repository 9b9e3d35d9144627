package dev.holdfast.core.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads {@code postgresql.parameters}, the cluster's or a member's own, into text as {@code
 * postgresql.conf} would have it.
 */
final class ParametersReader {
    private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_$]*(\\.[a-z_][a-z0-9_$]*)*");

    /** What only Holdfast may set: where PostgreSQL is, what it follows, and for whom it waits. */
    private static final List<String> SET_BY_HOLDFAST =
            List.of(
                    "cluster_name",
                    "config_file",
                    "data_directory",
                    "hot_standby",
                    "listen_addresses",
                    "port",
                    "primary_conninfo",
                    "primary_slot_name",
                    "promote_trigger_file",
                    "recovery_target",
                    "recovery_target_action",
                    "recovery_target_inclusive",
                    "recovery_target_lsn",
                    "recovery_target_name",
                    "recovery_target_time",
                    "recovery_target_timeline",
                    "recovery_target_xid",
                    "restart_after_crash",
                    "standby_mode",
                    "synchronous_standby_names",
                    "trigger_file");

    private static final String SEGMENTS = "wal_keep_segments";

    private ParametersReader() {}

    /** Parameters of the whole cluster. */
    static SortedMap<String, String> shared(ConfigTree parameters) {
        SortedMap<String, String> read = read(parameters);
        segments(parameters, read);
        for (SharedParameter parameter : SharedParameter.ALL) {
            String value = read.get(parameter.name());
            if (value != null && !parameter.accepts(value)) {
                parameters.error(parameter.name(), Problem.show(value), parameter.expected());
                read.remove(parameter.name());
            }
        }
        return read;
    }

    /**
     * Parameters of one member: not those that every member must share, because one of them would
     * keep a standby from starting.
     */
    static SortedMap<String, String> ofMember(ConfigTree parameters) {
        return withoutShared(parameters, "every member must have the same");
    }

    /** Parameters of one role: a member changes roles, and keeps what it must share. */
    static SortedMap<String, String> ofRole(ConfigTree parameters) {
        return withoutShared(parameters, "it must be the same in every role");
    }

    /**
     * What PostgreSQL 13 has given up for {@code wal_keep_size}, and Patroni still translates:
     * segments, which it takes to be of 16 MB.
     */
    private static void segments(ConfigTree parameters, SortedMap<String, String> read) {
        Optional<String> given = Optional.ofNullable(read.remove(SEGMENTS));
        given.ifPresent(value -> {
            Optional<Long> count =
                    Scalars.integer(value).filter(n -> n >= 1 && n <= Integer.MAX_VALUE / 16);
            if (count.isEmpty()) {
                parameters.error(
                        SEGMENTS,
                        Problem.show(value),
                        "a whole number from 1, or rather wal_keep_size, such as \"128MB\"");
            } else if (read.containsKey("wal_keep_size")) {
                parameters.warning(
                        SEGMENTS,
                        Problem.show(value),
                        "is ignored, because wal_keep_size is there too");
            } else {
                String size = count.get() * 16 + "MB";
                parameters.warning(
                        SEGMENTS,
                        Problem.show(value),
                        "PostgreSQL 13 and newer do not know; it is read as wal_keep_size " + size);
                read.put("wal_keep_size", size);
            }
        });
    }

    private static SortedMap<String, String> withoutShared(ConfigTree parameters, String because) {
        SortedMap<String, String> read = read(parameters);
        List<String> names =
                Stream.concat(
                                SharedParameter.ALL.stream().map(SharedParameter::name),
                                Stream.of(SEGMENTS))
                        .toList();
        for (String name : names) {
            String value = read.remove(name);
            if (value != null) {
                parameters.warning(
                        name,
                        Problem.show(value),
                        "is ignored here: "
                                + because
                                + ", so it comes only from the dynamic configuration");
            }
        }
        return read;
    }

    /** Whoever names a file of his own keeps it himself. */
    static void ownFiles(ConfigTree postgresql) {
        for (String name : List.of("hba", "ident")) {
            boolean own = postgresql.section("parameters").has(name + "_file");
            if (own && postgresql.has("pg_" + name)) {
                postgresql.warning(
                        "pg_" + name,
                        "lines",
                        "are ignored, because the parameter " + name + "_file names a file");
            }
        }
    }

    private static SortedMap<String, String> read(ConfigTree parameters) {
        SortedMap<String, String> read = new TreeMap<>();
        for (String key : parameters.keys()) {
            // PostgreSQL compares the names of parameters without regard to case, and pg_settings
            // shows most in lower case.
            String name = key.toLowerCase(Locale.ROOT);
            if (!NAME.matcher(name).matches()) {
                parameters.raw(key);
                parameters.error(
                        key, "a name with other characters", "the name of a PostgreSQL parameter");
            } else if (SET_BY_HOLDFAST.contains(name)) {
                parameters
                        .raw(key)
                        .ifPresent(value ->
                                parameters.warning(
                                        key,
                                        Problem.show(value),
                                        "is set by Holdfast and is ignored"));
            } else {
                parameters
                        .read(
                                key,
                                "text on one line, a number, true or false",
                                ParametersReader::value)
                        .ifPresent(value -> read.put(name, value));
            }
        }
        return read;
    }

    /**
     * As {@code postgresql.conf} has it. A line break would end the line there and begin another
     * setting.
     */
    static Optional<String> value(Object value) {
        if (value instanceof Boolean on) {
            return Optional.of(on ? "on" : "off");
        }
        return Scalars.text(value)
                .map(String::stripTrailing)
                .filter(text -> text.chars().noneMatch(c -> c == '\n' || c == '\r' || c == 0));
    }
}
