package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A trial as it stands in a file, to be put into a {@link Report} with others.
 *
 * @param title what happened
 * @param cluster on what
 * @param before who was the primary
 * @param after who is it now
 * @param cameBack how the primary of before is in the cluster again
 * @param unconfirmed rows acknowledged before a standby had said that it has them
 * @param unkept those of them that were acknowledged while {@code /sync} named a standby
 * @param anomalies of what the lists' clients saw
 * @param faults when something broke or was whole again
 * @param seen of each member its role, and of the keys what they say: from when on
 * @param writes acknowledged through the balancer in each slice of the trial
 */
record Chronicle(
        String title,
        String cluster,
        String before,
        String after,
        String cameBack,
        long gapMillis,
        long acknowledged,
        List<String> lost,
        List<String> doubled,
        long unconfirmed,
        List<String> unkept,
        List<String> anomalies,
        List<String> twoWriters,
        long twoWriterInstants,
        double seconds,
        List<Point> faults,
        Map<String, List<Point>> seen,
        List<Integer> writes) {
    /** How long one slice of {@link #writes} is. */
    static final double SLICE_SECONDS = 0.25;

    private static final double NANOS = 1e9;

    /** A moment, counted from the trial's begin. */
    record Point(double second, String what) {}

    static Chronicle of(String title, String cluster, Trial.Outcome outcome) {
        Trial.Course course = outcome.course();
        long began = course.beganNanos();
        Map<String, List<Point>> seen = new LinkedHashMap<>();
        course.seen()
                .forEach((whom, samples) ->
                        seen.put(
                                whom,
                                samples.stream()
                                        .map(s -> point(began, s.nanos(), s.what()))
                                        .toList()));
        double seconds = (course.endedNanos() - began) / NANOS;
        return new Chronicle(
                title,
                cluster,
                outcome.before().name(),
                outcome.after().name(),
                course.cameBack(),
                outcome.gap().toMillis(),
                outcome.rows().acknowledged(),
                outcome.rows().lost(),
                outcome.rows().doubled(),
                outcome.unconfirmed(),
                outcome.unkept().stream().map(Acknowledged::row).toList(),
                outcome.anomalies().stream().map(ListChecker.Anomaly::toString).toList(),
                outcome.overlaps().stream().map(Reigns.Overlap::toString).toList(),
                outcome.twoWriters(),
                seconds,
                course.marks().stream().map(m -> point(began, m.nanos(), m.what())).toList(),
                seen,
                slices(course, seconds));
    }

    private static Point point(long began, long nanos, String what) {
        return new Point((nanos - began) / NANOS, what);
    }

    private static List<Integer> slices(Trial.Course course, double seconds) {
        int[] counts = new int[(int) (seconds / SLICE_SECONDS) + 1];
        for (long nanos : course.acknowledgedNanos()) {
            int slice = (int) ((nanos - course.beganNanos()) / NANOS / SLICE_SECONDS);
            if (slice >= 0 && slice < counts.length) {
                counts[slice]++;
            }
        }
        List<Integer> all = new ArrayList<>();
        for (int count : counts) {
            all.add(count);
        }
        return all;
    }

    boolean isClean() {
        return lost.isEmpty()
                && doubled.isEmpty()
                && unkept.isEmpty()
                && anomalies.isEmpty()
                && twoWriters.isEmpty();
    }

    // --- files

    /** Where those of this checkout are. */
    static Path directory() {
        return Checkout.found().directory().resolve("chaos-tests/target/trials");
    }

    void write(Path directory) {
        try {
            Files.createDirectories(directory);
            Path file =
                    directory.resolve(
                            title.replaceAll("[^A-Za-z0-9]+", "-")
                                    + "."
                                    + System.nanoTime()
                                    + ".json");
            Files.write(file, JsonMapper.builder().build().writeValueAsBytes(this));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All of a directory, in the order in which they were written. */
    static List<Chronicle> readAll(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        JsonMapper mapper = JsonMapper.builder().build();
        try (Stream<Path> all = Files.list(directory)) {
            List<Path> files =
                    all.filter(file -> file.toString().endsWith(".json"))
                            .sorted(Comparator.comparingLong(Chronicle::written))
                            .toList();
            List<Chronicle> read = new ArrayList<>();
            for (Path file : files) {
                read.add(mapper.readValue(file.toFile(), Chronicle.class));
            }
            return read;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long written(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
