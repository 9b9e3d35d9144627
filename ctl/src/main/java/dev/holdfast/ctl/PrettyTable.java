package dev.holdfast.ctl;

import dev.holdfast.ctl.Table.Align;
import dev.holdfast.ctl.Table.Column;
import dev.holdfast.ctl.Table.Shown;
import dev.holdfast.dcs.json.Trees;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Draws a table with rules of {@code +---+}, its title in the upper one. A value may have several
 * lines.
 */
final class PrettyTable {
    private final List<Column> columns;
    private final List<List<List<String>>> rows;
    private final int[] widths;

    private PrettyTable(Table table) {
        int[] shown =
                IntStream.range(0, table.columns().size())
                        .filter(i -> table.columns().get(i).shown() == Shown.EVERYWHERE)
                        .toArray();
        columns = IntStream.of(shown).mapToObj(table.columns()::get).toList();
        rows =
                table.rows().stream()
                        .map(row ->
                                IntStream.of(shown)
                                        .mapToObj(i -> text(row.get(i)).lines().toList())
                                        .toList())
                        .toList();
        widths = IntStream.range(0, columns.size()).map(this::width).toArray();
    }

    static String write(Table table) {
        return new PrettyTable(table).draw(table.title());
    }

    private static String text(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return value.toString();
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        map.forEach((key, inner) -> tree.put(String.valueOf(key), inner));
        return tree.isEmpty() ? "" : Trees.toYaml(tree).strip();
    }

    private int width(int column) {
        int longest =
                rows.stream()
                        .flatMap(row -> row.get(column).stream())
                        .mapToInt(String::length)
                        .max()
                        .orElse(0);
        return Math.max(longest, columns.get(column).heading().length());
    }

    private String draw(String title) {
        String rule = rule();
        StringBuilder drawn = new StringBuilder();
        drawn.append(title.isEmpty() ? rule : titled(rule, title)).append('\n');
        drawn.append(line(columns.stream().map(Column::heading).toList())).append('\n');
        drawn.append(rule).append('\n');
        for (List<List<String>> row : rows) {
            int height = row.stream().mapToInt(List::size).max().orElse(1);
            for (int i = 0; i < Math.max(height, 1); i++) {
                int current = i;
                drawn.append(
                                line(
                                        row.stream()
                                                .map(cell ->
                                                        current < cell.size()
                                                                ? cell.get(current)
                                                                : "")
                                                .toList()))
                        .append('\n');
            }
        }
        return drawn.append(rule).append('\n').toString();
    }

    private String rule() {
        StringBuilder rule = new StringBuilder("+");
        for (int width : widths) {
            rule.append("-".repeat(width + 2)).append('+');
        }
        return rule.toString();
    }

    private static String titled(String rule, String title) {
        String begun = "+ " + title + " ";
        return begun.length() < rule.length()
                ? begun + rule.substring(begun.length())
                : begun + "+";
    }

    private String line(List<String> cells) {
        List<String> padded = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            String blanks = " ".repeat(widths[i] - cells.get(i).length());
            padded.add(
                    columns.get(i).align() == Align.RIGHT
                            ? blanks + cells.get(i)
                            : cells.get(i) + blanks);
        }
        return "| " + String.join(" | ", padded) + " |";
    }
}
