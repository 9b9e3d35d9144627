package dev.holdfast.ctl;

import java.util.ArrayList;
import java.util.List;

/** The difference of two texts in the form that {@code diff -u} made common. */
final class UnifiedDiff {
    private static final int CONTEXT_LINES = 3;

    private enum Kind {
        SAME(" "),
        REMOVED("-"),
        ADDED("+");

        private final String sign;

        Kind(String sign) {
            this.sign = sign;
        }
    }

    private record Edit(Kind kind, String line) {}

    private UnifiedDiff() {}

    /** Empty when the texts are equal. */
    static String of(String from, String to) {
        List<Edit> edits = edits(from.lines().toList(), to.lines().toList());
        if (edits.stream().allMatch(edit -> edit.kind() == Kind.SAME)) {
            return "";
        }
        StringBuilder text = new StringBuilder("---\n+++\n");
        int i = 0;
        while (i < edits.size()) {
            if (edits.get(i).kind() == Kind.SAME) {
                i++;
                continue;
            }
            int begin = Math.max(0, i - CONTEXT_LINES);
            int end = endOfHunk(edits, i);
            text.append(hunk(edits, begin, end));
            i = end;
        }
        return text.toString();
    }

    /** Changes that share lines of context stand in one hunk. */
    private static int endOfHunk(List<Edit> edits, int firstChange) {
        int lastChange = firstChange;
        for (int i = firstChange;
                i < edits.size() && i <= lastChange + 2 * CONTEXT_LINES + 1;
                i++) {
            if (edits.get(i).kind() != Kind.SAME) {
                lastChange = i;
            }
        }
        return Math.min(edits.size(), lastChange + CONTEXT_LINES + 1);
    }

    private static String hunk(List<Edit> edits, int begin, int end) {
        List<Edit> before = edits.subList(0, begin);
        List<Edit> shown = edits.subList(begin, end);
        StringBuilder text = new StringBuilder();
        text.append("@@ -")
                .append(range(before, shown, Kind.ADDED))
                .append(" +")
                .append(range(before, shown, Kind.REMOVED))
                .append(" @@\n");
        for (Edit edit : shown) {
            text.append(edit.kind().sign).append(edit.line()).append('\n');
        }
        return text.toString();
    }

    /** First line and number of lines, on the side that knows nothing of {@code absent} lines. */
    private static String range(List<Edit> before, List<Edit> shown, Kind absent) {
        long first = before.stream().filter(edit -> edit.kind() != absent).count();
        long count = shown.stream().filter(edit -> edit.kind() != absent).count();
        return (count == 0 ? first : first + 1) + "," + count;
    }

    /** By the longest common subsequence; configurations are short. */
    private static List<Edit> edits(List<String> from, List<String> to) {
        int[][] common = new int[from.size() + 1][to.size() + 1];
        for (int i = from.size() - 1; i >= 0; i--) {
            for (int j = to.size() - 1; j >= 0; j--) {
                common[i][j] =
                        from.get(i).equals(to.get(j))
                                ? common[i + 1][j + 1] + 1
                                : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<Edit> edits = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < from.size() || j < to.size()) {
            if (i < from.size() && j < to.size() && from.get(i).equals(to.get(j))) {
                edits.add(new Edit(Kind.SAME, from.get(i)));
                i++;
                j++;
            } else if (j == to.size()
                    || (i < from.size() && common[i + 1][j] >= common[i][j + 1])) {
                edits.add(new Edit(Kind.REMOVED, from.get(i++)));
            } else {
                edits.add(new Edit(Kind.ADDED, to.get(j++)));
            }
        }
        return edits;
    }
}
