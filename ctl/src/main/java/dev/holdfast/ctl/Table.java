package dev.holdfast.ctl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is to be shown, before it is known in which format.
 *
 * @param title stands in the upper rule of a pretty table; empty for none
 * @param rows a value for each column: text, {@code ""} for nothing, a number, or a map (tags)
 */
record Table(String title, List<Column> columns, List<List<Object>> rows) {

    /** On which side the text of a column stands in a pretty table. */
    enum Align {
        LEFT,
        RIGHT
    }

    /** In which formats a column appears. */
    enum Shown {
        EVERYWHERE,
        /** Not in a pretty table, whose title says it already. */
        FOR_MACHINES
    }

    /**
     * A column.
     *
     * @param name as machines read it
     * @param heading as people read it
     */
    record Column(String name, String heading, Align align, Shown shown) {
        static Column left(String name) {
            return new Column(name, name, Align.LEFT, Shown.EVERYWHERE);
        }

        static Column right(String name) {
            return new Column(name, name, Align.RIGHT, Shown.EVERYWHERE);
        }
    }

    Table {
        columns = List.copyOf(columns);
        rows = rows.stream().map(row -> List.copyOf(row)).toList();
    }

    /** Each row as names to values, without those that say nothing. */
    List<Map<String, Object>> records() {
        List<Map<String, Object>> records = new ArrayList<>();
        for (List<Object> row : rows) {
            Map<String, Object> each = new LinkedHashMap<>();
            for (int i = 0; i < columns.size(); i++) {
                if (!row.get(i).equals("")) {
                    each.put(columns.get(i).name(), row.get(i));
                }
            }
            records.add(each);
        }
        return records;
    }
}
