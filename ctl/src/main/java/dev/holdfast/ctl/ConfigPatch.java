package dev.holdfast.ctl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Changes of the dynamic configuration as a JSON merge patch, in which null removes. What an
 * operator edits is sent as the difference to what was shown, so that what somebody else changed
 * meanwhile stays.
 */
final class ConfigPatch {
    private static final String PARAMETERS = "postgresql.parameters.";

    private final ObjectNode patch;

    private ConfigPatch(ObjectNode patch) {
        this.patch = patch;
    }

    /**
     * Of {@code path=value} settings; values are YAML.
     *
     * @param settings paths with dots between their levels
     * @param parameters names of PostgreSQL parameters
     * @throws CtlException when one is not {@code name=value}
     */
    static ConfigPatch ofSettings(List<String> settings, List<String> parameters) {
        ObjectNode root = mapper().createObjectNode();
        for (String setting : settings) {
            add(root, "-s", setting, "");
        }
        for (String parameter : parameters) {
            add(root, "-p", parameter, PARAMETERS);
        }
        return new ConfigPatch(root);
    }

    /**
     * Of a YAML mapping, in which null removes.
     *
     * @param source named in the error
     */
    static ConfigPatch ofYaml(String source, String text) {
        JsonNode node = yaml(source, text);
        if (!(node instanceof ObjectNode object)) {
            throw new CtlException(
                    source
                            + " holds no mapping (key: value), but "
                            + (node.isNull() ? "nothing" : "\"" + node + "\"")
                            + ".");
        }
        return new ConfigPatch(object);
    }

    /** What makes {@code to} of {@code from}. */
    static ConfigPatch between(Map<String, Object> from, Map<String, Object> to) {
        JsonMapper mapper = mapper();
        ObjectNode patch = mapper.createObjectNode();
        difference(mapper.valueToTree(from), mapper.valueToTree(to), patch);
        return new ConfigPatch(patch);
    }

    /** What {@code tree} becomes by it. */
    Map<String, Object> applied(Map<String, Object> tree) {
        return switch (Trees.patched(tree, json())) {
            case ParseResult.Parsed(Map<String, Object> result) -> result;
            case ParseResult.Malformed(String sentence) ->
                    throw new IllegalStateException(
                            "a patch that was built here is not JSON, " + sentence);
        };
    }

    String json() {
        return patch.toString();
    }

    /** YAML with its keys in ascending order, so that two of them can be compared by line. */
    static String sortedYaml(Map<String, Object> tree) {
        return tree.isEmpty() ? "" : Trees.toYaml(sorted(tree));
    }

    private static Map<String, Object> sorted(Map<?, ?> tree) {
        Map<String, Object> sorted = new TreeMap<>();
        tree.forEach((key, value) ->
                sorted.put(
                        String.valueOf(key),
                        value instanceof Map<?, ?> inner ? sorted(inner) : value));
        return new LinkedHashMap<>(sorted);
    }

    private static void add(ObjectNode root, String option, String setting, String prefix) {
        int equals = setting.indexOf('=');
        if (equals < 1) {
            throw new CtlException(
                    "\""
                            + setting
                            + "\" after "
                            + option
                            + " is not NAME=VALUE (NAME=null removes).");
        }
        String path = prefix + setting.substring(0, equals).strip();
        JsonNode value = yaml("the value of " + path, setting.substring(equals + 1));
        // Names of parameters may hold dots themselves.
        List<String> levels =
                path.startsWith(PARAMETERS)
                        ? List.of("postgresql", "parameters", path.substring(PARAMETERS.length()))
                        : List.of(path.split("\\.", -1));
        if (levels.stream().anyMatch(String::isBlank)) {
            throw new CtlException(
                    "\"" + setting + "\" after " + option + " names a level without a name.");
        }
        ObjectNode at = root;
        for (String level : levels.subList(0, levels.size() - 1)) {
            at = at.get(level) instanceof ObjectNode inner ? inner : at.putObject(level);
        }
        at.set(levels.getLast(), value);
    }

    private static JsonNode yaml(String source, String text) {
        try {
            return mapper().valueToTree(
                            new Yaml(new SafeConstructor(new LoaderOptions())).load(text));
        } catch (MarkedYAMLException e) {
            String where =
                    e.getProblemMark() == null
                            ? ""
                            : ", line "
                                    + (e.getProblemMark().getLine() + 1)
                                    + ", column "
                                    + (e.getProblemMark().getColumn() + 1);
            throw new CtlException(
                    source + " is not valid YAML" + where + ": " + e.getProblem() + ".", e);
        } catch (YAMLException e) {
            throw new CtlException(source + " is not valid YAML: " + e.getMessage() + ".", e);
        }
    }

    private static void difference(JsonNode from, JsonNode to, ObjectNode patch) {
        from.fieldNames()
                .forEachRemaining(name -> {
                    if (!to.has(name)) {
                        patch.putNull(name);
                    }
                });
        to.properties()
                .forEach(property -> {
                    JsonNode old = from.get(property.getKey());
                    JsonNode value = property.getValue();
                    if (old != null && old.isObject() && value.isObject()) {
                        ObjectNode inner = mapper().createObjectNode();
                        difference(old, value, inner);
                        if (!inner.isEmpty()) {
                            patch.set(property.getKey(), inner);
                        }
                    } else if (!value.equals(old)) {
                        patch.set(property.getKey(), value);
                    }
                });
    }

    private static JsonMapper mapper() {
        return JsonMapper.builder().build();
    }
}
