package dev.holdfast.api.server;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The JSON object that is the body of a command, read field by field. A field that is {@code null}
 * or empty text counts as absent, as in Patroni. The first wrong one is remembered, so that a
 * reader takes all it needs and asks once.
 */
final class JsonBody {
    private static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .build();
    private static final TypeReference<LinkedHashMap<String, @Nullable Object>> OBJECT =
            new TypeReference<>() {};

    /** Whether a command can do without a body. */
    enum Presence {
        REQUIRED,
        OPTIONAL
    }

    private final Map<String, @Nullable Object> fields;
    private @Nullable String problem;

    private JsonBody(Map<String, @Nullable Object> fields) {
        this.fields = fields;
    }

    static Parsed<JsonBody> parse(String text, Presence presence) {
        if (text.isBlank()) {
            return switch (presence) {
                case OPTIONAL -> new Parsed.Valid<>(new JsonBody(new LinkedHashMap<>()));
                case REQUIRED -> invalid("the body is empty, expected a JSON object");
            };
        }
        try {
            Object value = MAPPER.readValue(text, Object.class);
            if (!(value instanceof Map)) {
                return invalid("the body is " + kind(value) + ", expected a JSON object");
            }
            Map<String, @Nullable Object> fields = MAPPER.readValue(text, OBJECT);
            return fields.isEmpty() && presence == Presence.REQUIRED
                    ? invalid("the body is an empty object, expected at least one field")
                    : new Parsed.Valid<>(new JsonBody(fields));
        } catch (JsonProcessingException e) {
            return invalid("the body is not JSON: " + where(e) + ", expected a JSON object");
        }
    }

    private static String where(JsonProcessingException e) {
        String message = e.getOriginalMessage().lines().findFirst().orElse("it ends too early");
        return e.getLocation() == null
                ? message
                : message
                        + " at line "
                        + e.getLocation().getLineNr()
                        + ", column "
                        + e.getLocation().getColumnNr();
    }

    private static <T> Parsed<T> invalid(String sentence) {
        return new Parsed.Invalid<>(400, sentence);
    }

    Map<String, @Nullable Object> fields() {
        return fields;
    }

    /** The first problem of the fields taken so far. */
    Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    Optional<String> text(String name, String expected) {
        return switch (fields.get(name)) {
            case null -> Optional.empty();
            case String text -> text.isEmpty() ? Optional.empty() : Optional.of(text);
            case Object other -> wrong(name, other, expected);
        };
    }

    /** Booleans also as the words that PostgreSQL and Patroni take: on, yes, 1, ... */
    Optional<Boolean> flag(String name) {
        return switch (fields.get(name)) {
            case null -> Optional.empty();
            case Boolean flag -> Optional.of(flag);
            case Object other ->
                    switch (other.toString().toLowerCase(Locale.ROOT)) {
                        case "on", "true", "yes", "1" -> Optional.of(true);
                        case "off", "false", "no", "0" -> Optional.of(false);
                        default -> wrong(name, other, "true or false");
                    };
        };
    }

    /** A whole number between the two, both included. */
    Optional<Long> number(String name, String expected, long least, long most) {
        return switch (fields.get(name)) {
            case null -> Optional.empty();
            case Integer value when value >= least && value <= most ->
                    Optional.of(value.longValue());
            case Long value when value >= least && value <= most -> Optional.of(value);
            case Object other -> wrong(name, other, expected);
        };
    }

    <T> Optional<T> wrong(String name, @Nullable Object found, String expected) {
        if (problem == null) {
            problem = "field \"" + name + "\": found " + kind(found) + ", expected " + expected;
        }
        return Optional.empty();
    }

    /**
     * What a value is, in the words of JSON; long text is cut, since the answer must not be longer
     * than the question.
     */
    private static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case String text ->
                    "\""
                            + (text.length() > 60 ? text.substring(0, 60) + "..." : text)
                                    .replaceAll("\\p{Cntrl}", "?")
                            + "\"";
            case Map<?, ?> _ -> "an object";
            case List<?> _ -> "an array";
            case Object other -> other.toString();
        };
    }
}
