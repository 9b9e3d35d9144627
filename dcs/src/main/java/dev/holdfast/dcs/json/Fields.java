package dev.holdfast.dcs.json;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads the fields of one key's JSON object. A field that is absent or null is empty; one of the
 * wrong kind is empty too and leaves a sentence.
 */
final class Fields {
    private final String key;
    private final JsonNode node;
    private final List<String> problems;
    private final int problemsBefore;

    Fields(String key, JsonNode node, List<String> problems) {
        this.key = key;
        this.node = node;
        this.problems = problems;
        this.problemsBefore = problems.size();
    }

    /** Whether every field that was read so far could be read. */
    boolean sound() {
        return problems.size() == problemsBefore;
    }

    Optional<String> text(String name) {
        return field(
                name,
                "text",
                n -> Optional.of(n).filter(JsonNode::isTextual).map(JsonNode::textValue));
    }

    Optional<Boolean> flag(String name) {
        return field(
                name,
                "true or false",
                n -> Optional.of(n).filter(JsonNode::isBoolean).map(JsonNode::booleanValue));
    }

    Optional<Long> number(String name) {
        return field(
                name,
                "a whole number",
                n ->
                        Optional.of(n)
                                .filter(JsonNode::canConvertToLong)
                                .filter(JsonNode::isIntegralNumber)
                                .map(JsonNode::longValue));
    }

    Optional<Timeline> timeline(String name) {
        return field(name, "a timeline (1 or more)", Fields::timeline);
    }

    /** A member's name; an empty text names nobody, as null does. */
    Optional<MemberName> member(String name) {
        JsonNode field = node.path(name);
        if (field.isTextual() && field.textValue().isEmpty()) {
            return Optional.empty();
        }
        return field(
                name,
                "a member's name",
                n ->
                        Optional.of(n)
                                .filter(JsonNode::isTextual)
                                .map(JsonNode::textValue)
                                .filter(MemberName::isValid)
                                .map(MemberName::new));
    }

    /**
     * Names joined by commas; none where the field is absent, null or empty, or one of them is not
     * a name.
     */
    List<MemberName> members(String name) {
        List<String> names =
                text(name).stream()
                        .flatMap(text -> Arrays.stream(text.split(",", -1)))
                        .map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .toList();
        if (!names.stream().allMatch(MemberName::isValid)) {
            complain(name, "names of members, joined by commas,");
            return List.of();
        }
        return names.stream().map(MemberName::new).toList();
    }

    /** A position as Patroni writes it, a decimal number. */
    Optional<Lsn> position(String name) {
        return field(name, "a position in the WAL as a decimal number", Fields::position);
    }

    /** A position as PostgreSQL writes it, such as {@code 0/3000060}. */
    Optional<Lsn> lsn(String name) {
        return field(
                name, "a position in the WAL such as \"0/3000060\"", n -> Lsn.parse(n.asText()));
    }

    Optional<LeaseId> lease(String name) {
        return field(
                name,
                "a lease in hexadecimal",
                n -> {
                    try {
                        long lease = Long.parseUnsignedLong(n.asText(), 16);
                        return lease == 0 ? Optional.empty() : Optional.of(new LeaseId(lease));
                    } catch (NumberFormatException e) {
                        return Optional.empty();
                    }
                });
    }

    /** The object under {@code name}; a missing node where there is none. */
    JsonNode object(String name) {
        return field(name, "an object", n -> Optional.of(n).filter(JsonNode::isObject))
                .orElseGet(() -> node.path("").path(""));
    }

    /** Says that {@code name} holds something else than {@code expected}. */
    void complain(String name, String expected) {
        problems.add(
                "The store's key "
                        + key
                        + " holds "
                        + Trees.described(node.path(name))
                        + " as "
                        + name
                        + ", where "
                        + expected
                        + " is expected; it is read as absent.");
    }

    private <T> Optional<T> field(
            String name, String expected, Function<JsonNode, Optional<T>> reading) {
        JsonNode field = node.path(name);
        if (field.isMissingNode() || field.isNull()) {
            return Optional.empty();
        }
        Optional<T> value = reading.apply(field);
        if (value.isEmpty()) {
            complain(name, expected);
        }
        return value;
    }

    static Optional<Timeline> timeline(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt() && node.intValue() >= 1
                ? Optional.of(new Timeline(node.intValue()))
                : Optional.empty();
    }

    static Optional<Lsn> position(JsonNode node) {
        if (!node.isIntegralNumber()) {
            return Optional.empty();
        }
        BigInteger value = node.bigIntegerValue();
        return value.signum() < 0 || value.bitLength() > Long.SIZE
                ? Optional.empty()
                : Optional.of(new Lsn(value.longValue()));
    }

    /**
     * How Patroni writes a position: JSON has no unsigned 64 bits, but its numbers are as long as
     * need be.
     */
    static BigInteger decimal(Lsn lsn) {
        return lsn.value() >= 0
                ? BigInteger.valueOf(lsn.value())
                : new BigInteger(Long.toUnsignedString(lsn.value()));
    }
}
