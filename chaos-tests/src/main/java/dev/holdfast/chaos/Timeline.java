package dev.holdfast.chaos;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The picture of one trial. */
record Timeline(Chronicle trial) {
    private static final int LEFT = 90;
    private static final int WIDTH = 900;
    private static final int RATE_HEIGHT = 90;
    private static final int ROW = 18;
    private static final int BAR = 12;
    private static final int TOP = 40;
    private static final int TICKS = 10;
    private static final List<String> HOLDERS =
            List.of("#0b6e4f", "#7b3f9d", "#b05a00", "#0057a8", "#555555");

    /** What a member can look like. */
    enum Look {
        PRIMARY("primary", "#0b6e4f"),
        CLOSED("primary, not open", "#e0a800"),
        STANDBY("standby", "#9ec5e8"),
        NOTHING("no role", "#c9a0a0"),
        SILENT("no answer", "#f4f4f4");

        private final String title;
        private final String color;

        Look(String title, String color) {
            this.title = title;
            this.color = color;
        }

        String title() {
            return title;
        }

        String color() {
            return color;
        }

        static Look of(String role) {
            return switch (role) {
                case "primary" -> PRIMARY;
                case Recorder.CLOSED_PRIMARY -> CLOSED;
                case "" -> SILENT;
                case "nothing", "uninitialized" -> NOTHING;
                default -> STANDBY;
            };
        }
    }

    String svg() {
        int rows = trial.seen().size();
        int height = TOP + RATE_HEIGHT + ROW * rows + ROW + 10;
        StringBuilder svg = new StringBuilder();
        svg.append(
                "<svg width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"timeline\">\n"
                        .formatted(LEFT + WIDTH + 20, height));
        rate(svg);
        int y = TOP + RATE_HEIGHT + 8;
        for (Map.Entry<String, List<Chronicle.Point>> row : trial.seen().entrySet()) {
            svg.append(
                    "<text x=\"0\" y=\"%d\">%s</text>\n"
                            .formatted(y + BAR - 2, Report.text(row.getKey())));
            bars(svg, row.getKey(), row.getValue(), y);
            y += ROW;
        }
        faults(svg, y);
        axis(svg, y);
        return svg.append("</svg>\n").toString();
    }

    private double x(double second) {
        return LEFT + WIDTH * Math.clamp(second / trial.seconds(), 0.0, 1.0);
    }

    private void rate(StringBuilder svg) {
        int most = trial.writes().stream().mapToInt(Integer::intValue).max().orElse(0);
        double scale = most == 0 ? 0 : (double) (RATE_HEIGHT - 10) / most;
        svg.append(
                "<text x=\"0\" y=\"%d\">writes/s</text><text x=\"0\" y=\"%d\">%d at most</text>\n"
                        .formatted(TOP + 12, TOP + 26, Math.round(most / Chronicle.SLICE_SECONDS)));
        svg.append("<polyline fill=\"none\" stroke=\"#0057a8\" points=\"");
        for (int slice = 0; slice < trial.writes().size(); slice++) {
            svg.append(number(x((slice + 0.5) * Chronicle.SLICE_SECONDS)))
                    .append(',')
                    .append(number(TOP + RATE_HEIGHT - scale * trial.writes().get(slice)))
                    .append(' ');
        }
        svg.append("\"/>\n");
    }

    private void bars(StringBuilder svg, String whom, List<Chronicle.Point> seen, int y) {
        boolean isMember = isMember(whom);
        for (int i = 0; i < seen.size(); i++) {
            double from = x(seen.get(i).second());
            double to = i + 1 < seen.size() ? x(seen.get(i + 1).second()) : LEFT + WIDTH;
            String what = seen.get(i).what();
            svg.append(
                    "<rect x=\"%s\" y=\"%d\" width=\"%s\" height=\"%d\" fill=\"%s\"><title>%s from %s s</title></rect>\n"
                            .formatted(
                                    number(from),
                                    y,
                                    number(Math.max(0.5, to - from)),
                                    BAR,
                                    isMember ? Look.of(what).color() : holder(what),
                                    Report.text(what.isEmpty() ? "nobody, or no answer" : what),
                                    number(seen.get(i).second())));
            if (!isMember && to - from > 30 && isSomebody(what)) {
                svg.append(
                        "<text x=\"%s\" y=\"%d\" style=\"fill:#fff\">%s</text>\n"
                                .formatted(number(from + 3), y + BAR - 2, Report.text(what)));
            }
        }
    }

    private static boolean isMember(String whom) {
        return !whom.equals(Recorder.LEADER_KEY) && !whom.equals(Recorder.SYNC_KEY);
    }

    private static boolean isSomebody(String what) {
        return !what.isEmpty() && !what.equals(Recorder.NOBODY);
    }

    /** A member has the same color wherever it stands in a key. */
    private String holder(String member) {
        if (!isSomebody(member)) {
            return Look.SILENT.color();
        }
        List<String> members = trial.seen().keySet().stream().filter(Timeline::isMember).toList();
        int place = members.indexOf(member);
        return HOLDERS.get(place < 0 ? HOLDERS.size() - 1 : Math.min(place, HOLDERS.size() - 1));
    }

    /** Each mark a line, its text on one of two levels, so that two that are close can be read. */
    private void faults(StringBuilder svg, int bottom) {
        int level = 0;
        for (Chronicle.Point mark : trial.faults()) {
            double at = x(mark.second());
            svg.append(
                    "<line x1=\"%s\" y1=\"%d\" x2=\"%s\" y2=\"%d\" stroke=\"#b00020\" stroke-dasharray=\"3 2\"/>\n"
                            .formatted(number(at), TOP - 4, number(at), bottom));
            String anchor = at > LEFT + WIDTH * 0.6 ? "end" : "start";
            svg.append(
                    "<text x=\"%s\" y=\"%d\" text-anchor=\"%s\" style=\"fill:#b00020\">%s</text>\n"
                            .formatted(
                                    number(at),
                                    12 + 13 * (level % 2),
                                    anchor,
                                    Report.text(mark.what())));
            level++;
        }
    }

    private void axis(StringBuilder svg, int y) {
        double step =
                Stream.of(1, 2, 5, 10, 20, 60, 120, 600, 3600)
                        .filter(s -> trial.seconds() / s <= TICKS)
                        .findFirst()
                        .orElse(36_000);
        for (double second = 0; second <= trial.seconds(); second += step) {
            svg.append(
                    "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%d s</text>\n"
                            .formatted(number(x(second)), y + BAR, Math.round(second)));
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
