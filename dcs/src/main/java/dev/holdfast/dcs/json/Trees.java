package dev.holdfast.dcs.json;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.dcs.json.ParseResult.Malformed;
import dev.holdfast.dcs.json.ParseResult.Parsed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;

/**
 * JSON and YAML texts to and from trees of settings. YAML is read as Patroni's reader does (YAML
 * 1.1: {@code on} and {@code yes} are true, anchors and merges work, the last of two equal keys
 * counts), so that a file means the same to both.
 */
public final class Trees {
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private Trees() {}

    /** Reads a JSON object. */
    public static ParseResult json(String text) {
        return switch (read(text)) {
            case Node(JsonNode node) -> new Parsed(object(node));
            case NoNode(String sentence) -> new Malformed(sentence);
        };
    }

    /** Reads a YAML mapping; an empty document is an empty tree. */
    public static ParseResult yaml(String text) {
        try {
            Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
            if (root == null) {
                return new Parsed(new LinkedHashMap<>());
            }
            return root instanceof Map<?, ?> map
                    ? new Parsed(new Plain().map(map))
                    : new Malformed(
                            "line 1: found "
                                    + (root instanceof Collection<?>
                                            ? "a list"
                                            : "the value \"" + root + "\"")
                                    + " where a mapping (key: value) is expected");
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark();
            String where =
                    mark == null
                            ? ""
                            : "line "
                                    + (mark.getLine() + 1)
                                    + ", column "
                                    + (mark.getColumn() + 1)
                                    + ": ";
            return new Malformed(where + oneLine(e.getProblem()));
        } catch (YAMLException e) {
            return new Malformed(oneLine(e.getMessage()));
        }
    }

    /**
     * What {@code tree} becomes by a JSON merge patch (RFC 7396): a key of the patch replaces the
     * tree's, an object is merged, null removes.
     *
     * @param patch the patch's JSON text
     */
    public static ParseResult patched(Map<String, Object> tree, String patch) {
        return switch (read(patch)) {
            case Node(JsonNode node) -> new Parsed(merged(tree, node));
            case NoNode(String sentence) -> new Malformed(sentence);
        };
    }

    /** One line of JSON without blanks, in the tree's order. */
    public static String toJson(Map<String, Object> tree) {
        return JSON.valueToTree(tree).toString();
    }

    /** YAML in block style, two spaces a level, in the tree's order. */
    public static String toYaml(Map<String, Object> tree) {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return new Yaml(new Representer(options), options).dump(tree);
    }

    /** What reading a JSON object came to. */
    sealed interface Reading {}

    /** An object it is. */
    record Node(JsonNode node) implements Reading {}

    /** It is none, and why. */
    record NoNode(String sentence) implements Reading {}

    static Reading read(String text) {
        try {
            JsonNode node = JSON.readTree(text);
            return node.isObject()
                    ? new Node(node)
                    : new NoNode(
                            "line 1: found "
                                    + described(node)
                                    + " where a JSON object ({...}) is expected");
        } catch (JacksonException e) {
            JsonLocation at = e.getLocation();
            String where =
                    at == null
                            ? ""
                            : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
            return new NoNode(where + oneLine(e.getOriginalMessage()));
        }
    }

    /** Reads any JSON value; missing where the text is not JSON. */
    static JsonNode readAny(String text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            return JSON.missingNode();
        }
    }

    static String described(JsonNode node) {
        if (node.isMissingNode()) {
            return "nothing";
        }
        return node.isArray() ? "a list" : node.isObject() ? "an object" : node.toString();
    }

    private static Map<String, Object> merged(Map<String, Object> tree, JsonNode patch) {
        Map<String, Object> result = new LinkedHashMap<>(tree);
        patch.properties()
                .forEach(property -> {
                    String key = property.getKey();
                    JsonNode value = property.getValue();
                    if (value.isNull()) {
                        result.remove(key);
                    } else if (value.isObject()) {
                        result.put(key, merged(mapAt(result, key), value));
                    } else {
                        result.put(key, scalarOrList(value));
                    }
                });
        return result;
    }

    private static Map<String, Object> mapAt(Map<String, Object> tree, String key) {
        return tree.get(key) instanceof Map<?, ?> map
                ? new Plain().map(map)
                : new LinkedHashMap<>();
    }

    private static Map<String, Object> object(JsonNode node) {
        return merged(new LinkedHashMap<>(), node);
    }

    private static Object scalarOrList(JsonNode node) {
        return switch (node.getNodeType()) {
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.numberValue();
            case STRING -> node.textValue();
            case OBJECT -> object(node);
            case ARRAY -> {
                List<Object> list = new ArrayList<>();
                node.forEach(element -> {
                    if (!element.isNull()) {
                        list.add(scalarOrList(element));
                    }
                });
                yield list;
            }
            case NULL, MISSING, BINARY, POJO ->
                    throw new IllegalArgumentException(
                            "JSON text cannot hold a value of the kind " + node.getNodeType());
        };
    }

    /**
     * A loaded document without nulls and dates. An alias may stand within what it refers to, which
     * would be a tree without end.
     */
    private static final class Plain {
        private final Set<Object> around = Collections.newSetFromMap(new IdentityHashMap<>());

        Map<String, Object> map(Map<?, ?> map) {
            enter(map);
            Map<String, Object> result = new LinkedHashMap<>();
            map.forEach((key, value) -> {
                if (value != null) {
                    result.put(String.valueOf(key), value(value));
                }
            });
            leave(map);
            return result;
        }

        private List<Object> list(Collection<?> list) {
            enter(list);
            List<Object> result = new ArrayList<>();
            for (Object element : list) {
                if (element != null) {
                    result.add(value(element));
                }
            }
            leave(list);
            return result;
        }

        private void leave(Object collection) {
            around.remove(collection);
        }

        private void enter(Object collection) {
            if (!around.add(collection)) {
                throw new YAMLException("an alias stands within what it refers to");
            }
        }

        @SuppressWarnings("JavaUtilDate")
        private Object value(Object value) {
            return switch (value) {
                case Map<?, ?> map -> map(map);
                case Collection<?> list -> list(list);
                case Boolean flag -> flag;
                case Number number -> number;
                // YAML 1.1 takes 2026-01-02 for an instant, and nothing here is one.
                case Date date -> Instant.ofEpochMilli(date.getTime()).toString();
                default -> value.toString();
            };
        }
    }

    private static String oneLine(@Nullable String message) {
        return message == null
                ? "it cannot be read"
                : message.lines().findFirst().orElse("it cannot be read").strip();
    }
}
