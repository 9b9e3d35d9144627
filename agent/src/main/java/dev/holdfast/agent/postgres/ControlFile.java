package dev.holdfast.agent.postgres;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.ControlData.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@code pg_controldata} printed.
 *
 * @param limits parameters that recovery on a hot standby needs at least as high as they were on
 *     the primary
 */
record ControlFile(ControlData data, SortedMap<String, Integer> limits) {
    private static final Map<String, String> LIMITS =
            Map.of(
                    "max_connections setting", "max_connections",
                    "max_worker_processes setting", "max_worker_processes",
                    "max_wal_senders setting", "max_wal_senders",
                    "max_prepared_xacts setting", "max_prepared_transactions",
                    "max_locks_per_xact setting", "max_locks_per_transaction");

    /**
     * Reads the output, printed under {@code LC_ALL=C}.
     *
     * @throws IllegalArgumentException names the line that is missing or cannot be read
     */
    static ControlFile parse(List<String> lines) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.putIfAbsent(
                        line.substring(0, colon).strip(), line.substring(colon + 1).strip());
            }
        }
        Timeline timeline = new Timeline(number(fields, "Latest checkpoint's TimeLineID"));
        int minimumTimeline = number(fields, "Min recovery ending loc's timeline");
        ControlData data =
                new ControlData(
                        new SystemIdentifier(field(fields, "Database system identifier")),
                        state(field(fields, "Database cluster state")),
                        Lsn.of(field(fields, "Latest checkpoint location")),
                        timeline,
                        Lsn.of(field(fields, "Latest checkpoint's REDO location")),
                        Lsn.of(field(fields, "Minimum recovery ending location")),
                        minimumTimeline == 0 ? timeline : new Timeline(minimumTimeline),
                        number(fields, "Data page checksum version") != 0,
                        field(fields, "wal_log_hints setting").equals("on"));
        SortedMap<String, Integer> limits = new TreeMap<>();
        LIMITS.forEach((line, parameter) -> limits.put(parameter, number(fields, line)));
        return new ControlFile(data, limits);
    }

    private static String field(Map<String, String> fields, String name) {
        return Optional.ofNullable(fields.get(name))
                .orElseThrow(
                        () -> new IllegalArgumentException("there is no line \"" + name + "\""));
    }

    private static int number(Map<String, String> fields, String name) {
        String text = field(fields, name);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "the line \"" + name + "\" says \"" + text + "\", which is no number", e);
        }
    }

    private static State state(String text) {
        return switch (text) {
            case "starting up" -> State.STARTING_UP;
            case "shut down" -> State.SHUT_DOWN;
            case "shut down in recovery" -> State.SHUT_DOWN_IN_RECOVERY;
            case "shutting down" -> State.SHUTTING_DOWN;
            case "in crash recovery" -> State.IN_CRASH_RECOVERY;
            case "in archive recovery" -> State.IN_ARCHIVE_RECOVERY;
            case "in production" -> State.IN_PRODUCTION;
            default ->
                    throw new IllegalArgumentException(
                            "the cluster state \"" + text + "\" is not known");
        };
    }
}
