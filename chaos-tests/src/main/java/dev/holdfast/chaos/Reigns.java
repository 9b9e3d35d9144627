package dev.holdfast.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether two servers accepted writes at the same time, judged by what they acknowledged.
 *
 * <p>A reign is all that one server acknowledged on one timeline: a server that leads once more
 * after another has led does so on a new timeline. A server was accepting writes at some instant
 * between a row's sending and its acknowledgement, so a reign has begun by the first
 * acknowledgement and is not over before the last sending. Two reigns of different servers can have
 * followed each other only if one's last sending lies before the other's first acknowledgement; if
 * that holds neither way round, both accepted writes in the time between.
 */
final class Reigns {
    private Reigns() {}

    /** What one server acknowledged on one timeline. */
    private record Reign(int serverPort, long timeline, List<Acknowledged> rows) {
        long begunNanos() {
            return rows.stream().mapToLong(Acknowledged::nanos).min().orElseThrow();
        }

        long lastNanos() {
            return rows.stream().mapToLong(Acknowledged::sentNanos).max().orElseThrow();
        }

        @Override
        public String toString() {
            return "the server on port " + serverPort + " on timeline " + timeline;
        }
    }

    /**
     * Two servers that accepted writes at once.
     *
     * @param instants how many rows one of them certainly accepted while the other did; at least
     *     one
     * @param length of the time in which both did
     */
    record Overlap(String servers, long instants, Duration length) {}

    /** Every pair of reigns that overlap. */
    static List<Overlap> overlaps(List<Acknowledged> rows) {
        Map<List<Long>, Reign> found = new LinkedHashMap<>();
        for (Acknowledged row : rows) {
            found.computeIfAbsent(
                            List.of((long) row.serverPort(), row.timeline()),
                            _ -> new Reign(row.serverPort(), row.timeline(), new ArrayList<>()))
                    .rows()
                    .add(row);
        }
        List<Reign> reigns = List.copyOf(found.values());
        List<Overlap> overlaps = new ArrayList<>();
        for (int i = 0; i < reigns.size(); i++) {
            for (int j = i + 1; j < reigns.size(); j++) {
                Reign one = reigns.get(i);
                Reign other = reigns.get(j);
                long from = Math.max(one.begunNanos(), other.begunNanos());
                long to = Math.min(one.lastNanos(), other.lastNanos());
                if (one.serverPort() != other.serverPort() && from < to) {
                    long instants = during(one, other) + during(other, one);
                    overlaps.add(
                            new Overlap(
                                    one + " and " + other,
                                    Math.max(1, instants),
                                    Duration.ofNanos(to - from)));
                }
            }
        }
        return overlaps;
    }

    private static long during(Reign reign, Reign other) {
        return reign.rows().stream()
                .filter(row ->
                        row.sentNanos() >= other.begunNanos() && row.nanos() <= other.lastNanos())
                .count();
    }
}
