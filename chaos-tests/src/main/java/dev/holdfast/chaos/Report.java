package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Puts the {@link Chronicle}s of a run into one HTML file, and prints what each kind of fault came
 * to.
 */
public final class Report {
    private static final int TITLE_WIDTH = 72;
    private static final String COLUMNS =
            "%-" + TITLE_WIDTH + "s %4s %9s %9s %5s %8s %12s %10s %10s %12s";

    private final List<Chronicle> trials;

    Report(List<Chronicle> trials) {
        this.trials = trials;
    }

    /**
     * Prints the table, and writes the page.
     *
     * @param arguments the HTML file to write
     */
    public static void main(String[] arguments) {
        Report report = new Report(Chronicle.readAll(Chronicle.directory()));
        if (report.trials.isEmpty()) {
            System.out.println(
                    "No trials are in " + Chronicle.directory() + ": nothing to report.");
            return;
        }
        Path file = Path.of(arguments[0]);
        report.print();
        try {
            Files.writeString(file, report.html());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.out.println("Each trial's timeline: " + file);
    }

    /** What trials of one kind came to. */
    private record Kind(String title, List<Chronicle> trials) {
        private List<Long> gaps() {
            return trials.stream().map(Chronicle::gapMillis).sorted().toList();
        }

        private long median() {
            return gaps().get(trials.size() / 2);
        }

        private long worst() {
            return gaps().getLast();
        }

        private long lost() {
            return trials.stream().mapToLong(t -> t.lost().size()).sum();
        }

        private long doubled() {
            return trials.stream().mapToLong(t -> t.doubled().size()).sum();
        }

        private long unconfirmed() {
            return trials.stream().mapToLong(Chronicle::unconfirmed).sum();
        }

        private long unkept() {
            return trials.stream().mapToLong(t -> t.unkept().size()).sum();
        }

        private long anomalies() {
            return trials.stream().mapToLong(t -> t.anomalies().size()).sum();
        }

        private long twoWriters() {
            return trials.stream().mapToLong(Chronicle::twoWriterInstants).sum();
        }

        private List<Object> cells() {
            return List.of(
                    title,
                    trials.size(),
                    median() + " ms",
                    worst() + " ms",
                    lost(),
                    doubled(),
                    unconfirmed(),
                    unkept(),
                    anomalies(),
                    twoWriters());
        }
    }

    private static final List<Object> HEADINGS =
            List.of(
                    "",
                    "runs",
                    "median",
                    "worst",
                    "lost",
                    "doubled",
                    "unconfirmed",
                    "S2 broken",
                    "anomalies",
                    "two writers");

    private List<Kind> kinds() {
        Map<String, List<Chronicle>> byTitle =
                trials.stream()
                        .collect(
                                Collectors.groupingBy(
                                        t -> t.title() + ", " + t.cluster(),
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        return byTitle.entrySet().stream().map(e -> new Kind(e.getKey(), e.getValue())).toList();
    }

    private void print() {
        System.out.println();
        System.out.println("longest gap between two acknowledged writes, by fault");
        System.out.println(COLUMNS.formatted(HEADINGS.toArray()));
        kinds().forEach(kind -> System.out.println(line(kind)));
        System.out.println();
    }

    /** Figures stand below each other: a title that is too long has a line of its own. */
    private static String line(Kind kind) {
        List<Object> cells = new ArrayList<>(kind.cells());
        String before = "";
        if (kind.title().length() > TITLE_WIDTH) {
            before = kind.title() + "\n";
            cells.set(0, "");
        }
        return before + COLUMNS.formatted(cells.toArray());
    }

    /** One page, which needs nothing else. */
    String html() {
        StringBuilder page = new StringBuilder();
        page.append(
                """
                <!doctype html>
                <html lang="en">
                <head>
                <meta charset="utf-8"/>
                <title>Holdfast: what faults led to</title>
                <style>
                body { font: 14px/1.4 sans-serif; margin: 2em auto; max-width: 1040px; color: #222; }
                table { border-collapse: collapse; }
                th, td { padding: 2px 10px; text-align: right; border-bottom: 1px solid #ddd; }
                th:first-child, td:first-child { text-align: left; }
                h2 { margin: 2em 0 0.3em; font-size: 16px; }
                p { margin: 0.3em 0; }
                .bad { color: #b00020; font-weight: bold; }
                svg text { font: 11px sans-serif; fill: #222; }
                </style>
                </head>
                <body>
                <h1>What faults led to</h1>
                <p>The gap is the longest time between two acknowledged writes through the balancer. The pictures
                show, over the seconds of a trial: writes a second, what each member said it was, who held the
                leader key, whom /sync named, and when something broke. Unconfirmed are writes acknowledged before a
                standby had said that it has them: where /sync named one, that breaks S2.</p>
                """);
        page.append("<p>");
        legend(page);
        page.append("</p>\n<table><tr>");
        HEADINGS.forEach(heading -> page.append("<th>").append(heading).append("</th>"));
        page.append("</tr>\n");
        for (Kind kind : kinds()) {
            page.append("<tr>");
            kind.cells().forEach(cell -> page.append("<td>").append(text(cell)).append("</td>"));
            page.append("</tr>\n");
        }
        page.append("</table>\n");
        trials.forEach(trial -> section(page, trial));
        page.append("</body>\n</html>\n");
        return page.toString();
    }

    private static void legend(StringBuilder page) {
        for (Timeline.Look look : Timeline.Look.values()) {
            page.append(
                    "<span style=\"color:%s\">&#9632;</span> %s &#160; "
                            .formatted(look.color(), look.title()));
        }
    }

    private static void section(StringBuilder page, Chronicle trial) {
        page.append("<h2>%s, %s</h2>\n".formatted(text(trial.title()), text(trial.cluster())));
        page.append(
                "<p>%s &#8594; %s. Longest gap %s s. %d writes acknowledged, %d lost, %d doubled, %d without a synchronous standby, %d instants with two writers. The old primary %s.</p>\n"
                        .formatted(
                                text(trial.before()),
                                text(trial.after()),
                                String.format(Locale.ROOT, "%.2f", trial.gapMillis() / 1000.0),
                                trial.acknowledged(),
                                trial.lost().size(),
                                trial.doubled().size(),
                                trial.unconfirmed(),
                                trial.twoWriterInstants(),
                                text(trial.cameBack())));
        if (!trial.isClean()) {
            page.append(
                    "<p class=\"bad\">lost %s, doubled %s, without a standby though /sync named one %s, two writers %s, anomalies %s</p>\n"
                            .formatted(
                                    text(trial.lost()),
                                    text(trial.doubled()),
                                    text(trial.unkept()),
                                    text(trial.twoWriters()),
                                    text(trial.anomalies())));
        }
        page.append(new Timeline(trial).svg());
    }

    static String text(Object value) {
        return String.valueOf(value)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
