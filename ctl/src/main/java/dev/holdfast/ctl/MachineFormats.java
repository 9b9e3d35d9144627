package dev.holdfast.ctl;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.ctl.Table.Column;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** Tables as scripts read them. */
final class MachineFormats {
    private MachineFormats() {}

    /** A line of names, then a line a row. What is made of several values stands there as JSON. */
    static String tsv(Table table) {
        return separated(table, "\t");
    }

    /** The same with something else between the values. */
    static String separated(Table table, String delimiter) {
        StringBuilder text = new StringBuilder();
        text.append(
                        table.columns().stream()
                                .map(Column::name)
                                .collect(Collectors.joining(delimiter)))
                .append('\n');
        for (List<Object> row : table.rows()) {
            text.append(
                            row.stream()
                                    .map(MachineFormats::cell)
                                    .collect(Collectors.joining(delimiter)))
                    .append('\n');
        }
        return text.toString();
    }

    /** A list of objects, on one line. */
    static String json(Table table) {
        return json(table.records()) + "\n";
    }

    /** A list of mappings, their keys in ascending order. */
    static String yaml(Table table) {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return new Yaml(options).dump(table.records().stream().map(TreeMap::new).toList());
    }

    private static String cell(Object value) {
        return value instanceof Map<?, ?> map
                ? map.isEmpty() ? "" : json(map)
                : value.toString().replace('\t', ' ').replace('\n', ' ');
    }

    private static String json(Object value) {
        try {
            return JsonMapper.builder().build().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "a table of texts, numbers and maps could not be written as JSON", e);
        }
    }
}
