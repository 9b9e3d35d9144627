package dev.holdfast.agent.postgres;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The parameters that the server gets: those that must agree across members go on the command line,
 * where ALTER SYSTEM cannot override them, the rest into {@code postgresql.conf}.
 *
 * @param notes what was not taken as it was configured, as sentences
 */
record ServerParameters(
        SortedMap<String, String> commandLine,
        SortedMap<String, String> configuration,
        List<String> notes) {

    /** What the member itself says, which no configuration overrides. */
    record Own(String listenAddresses, int port, String scope) {}

    /** A limit that must agree across members: its default, and the least that a cluster needs. */
    private record Limit(int normal, int least) {}

    private static final SortedMap<String, Limit> LIMITS =
            Collections.unmodifiableSortedMap(
                    new TreeMap<>(
                            Map.of(
                                    "max_connections", new Limit(100, 25),
                                    "max_wal_senders", new Limit(10, 3),
                                    "max_prepared_transactions", new Limit(0, 0),
                                    "max_locks_per_transaction", new Limit(64, 32),
                                    "max_replication_slots", new Limit(10, 4),
                                    "max_worker_processes", new Limit(8, 2))));

    /** Set by Holdfast alone; what a configuration says of them is not taken. */
    static final Set<String> CONTROLLED =
            Set.of(
                    "listen_addresses",
                    "port",
                    "cluster_name",
                    "hot_standby",
                    "restart_after_crash",
                    "synchronous_standby_names",
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
                    "data_directory",
                    "config_file");

    /** Not by ALTER SYSTEM, which would win over the lines that the configuration has. */
    static final Set<String> NOT_BY_ALTER_SYSTEM = Set.of("hba_file", "ident_file");

    ServerParameters {
        commandLine = Collections.unmodifiableSortedMap(new TreeMap<>(commandLine));
        configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
        notes = List.copyOf(notes);
    }

    /** Those that a configuration may set, and whose values nothing here changes. */
    static SortedMap<String, String> free(Map<String, String> configured) {
        SortedMap<String, String> free = new TreeMap<>(configured);
        free.keySet().removeAll(CONTROLLED);
        // Its old names are translated; PostgreSQL does not know them any more.
        free.remove("wal_level");
        return free;
    }

    ServerParameters withNotes(List<String> more) {
        List<String> all = new ArrayList<>(more);
        all.addAll(notes);
        return new ServerParameters(commandLine, configuration, all);
    }

    /**
     * Sorts the parameters.
     *
     * @param needed what recovery needs at least; empty for a primary
     */
    static ServerParameters of(
            Map<String, String> configured, Own own, Map<String, Integer> needed) {
        List<String> notes = new ArrayList<>();
        SortedMap<String, String> rest = new TreeMap<>();
        configured.forEach((name, value) -> {
            String parameter = Quoted.parameterName(name);
            if (CONTROLLED.contains(parameter)) {
                notes.add(
                        "the parameter "
                                + parameter
                                + " is set by Holdfast, so the configured \""
                                + value
                                + "\" is not used");
            } else {
                rest.put(parameter, value);
            }
        });
        SortedMap<String, String> commandLine = new TreeMap<>();
        commandLine.put("listen_addresses", own.listenAddresses());
        commandLine.put("port", Integer.toString(own.port()));
        commandLine.put("cluster_name", own.scope());
        commandLine.put("hot_standby", "on");
        commandLine.put("restart_after_crash", "off");
        commandLine.put("wal_level", walLevel(taken(rest, "wal_level", "replica"), notes));
        commandLine.put("wal_log_hints", taken(rest, "wal_log_hints", "on"));
        commandLine.put("track_commit_timestamp", taken(rest, "track_commit_timestamp", "off"));
        LIMITS.forEach((name, limit) -> {
            int wanted = limit(name, limit, Optional.ofNullable(rest.remove(name)), notes);
            commandLine.put(name, Integer.toString(raised(name, wanted, needed, notes)));
        });
        rest.putIfAbsent("wal_keep_size", "128MB");
        commandLine.forEach(ServerParameters::checkArgument);
        return new ServerParameters(commandLine, rest, notes);
    }

    private static String taken(
            SortedMap<String, String> configured, String name, String otherwise) {
        return Optional.ofNullable(configured.remove(name)).orElse(otherwise);
    }

    private static String walLevel(String configured, List<String> notes) {
        return switch (configured) {
            case "replica", "logical" -> configured;
            case "hot_standby", "archive" -> "replica";
            default -> {
                notes.add(
                        "wal_level \""
                                + configured
                                + "\" allows no standby; replica is used:"
                                + " configure replica or logical");
                yield "replica";
            }
        };
    }

    private static int limit(
            String name, Limit limit, Optional<String> configured, List<String> notes) {
        if (configured.isEmpty()) {
            return limit.normal();
        }
        try {
            int value = Integer.parseInt(configured.get().strip());
            if (value >= limit.least()) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below together with a number that is too small.
        }
        notes.add(
                name
                        + " is \""
                        + configured.get()
                        + "\", but a number of at least "
                        + limit.least()
                        + " is needed; "
                        + limit.normal()
                        + " is used: correct it in the configuration");
        return limit.normal();
    }

    /** A standby whose limit is lower than the primary's was refuses to start. */
    private static int raised(
            String name, int wanted, Map<String, Integer> needed, List<String> notes) {
        int least = needed.getOrDefault(name, 0);
        if (least > wanted) {
            notes.add(
                    name
                            + " stays at "
                            + least
                            + " instead of "
                            + wanted
                            + " until the WAL that was written with it is replayed: restart then");
            return least;
        }
        return wanted;
    }

    /** An argument passes through the guard's protocol of lines. */
    private static void checkArgument(String name, String value) {
        if (value.chars().anyMatch(c -> c < 32 || c == 127)) {
            throw new PostgresException(
                    "the value of "
                            + name
                            + " holds a line break or another control character: correct the configuration");
        }
    }

    /** As the last arguments of {@code postgres}. */
    List<String> arguments() {
        return commandLine.entrySet().stream()
                .map(parameter -> "--" + parameter.getKey() + "=" + parameter.getValue())
                .toList();
    }

    /** All of them in one map. */
    SortedMap<String, String> all() {
        SortedMap<String, String> all = new TreeMap<>(configuration);
        all.putAll(commandLine);
        return all;
    }
}
