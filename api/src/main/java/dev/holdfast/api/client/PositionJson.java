package dev.holdfast.api.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.api.MemberService.Position;
import dev.holdfast.api.client.UnusableAnswerException.Delivery;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import java.time.Duration;
import java.util.Optional;

/**
 * Reads the body of {@code GET /holdfast/position}. What ranks candidates is never guessed: a
 * missing field or one of another type makes the whole answer unusable.
 */
final class PositionJson {
    private final JsonMapper json;

    PositionJson(JsonMapper json) {
        this.json = json;
    }

    /**
     * @param from named in the error
     * @throws UnusableAnswerException when {@code body} is not a position
     */
    Position read(String from, String body) {
        JsonNode tree;
        try {
            tree = json.readTree(body);
        } catch (JsonProcessingException e) {
            throw new UnusableAnswerException(
                    from
                            + " answered /holdfast/position with something that is not JSON: "
                            + e.getOriginalMessage(),
                    Delivery.UNKNOWN);
        }
        Fields fields = new Fields(from, tree);
        return new Position(
                fields.name(),
                fields.flag("server_answers"),
                fields.flag("in_recovery"),
                fields.timeline(),
                fields.lsn("received"),
                fields.lsn("replayed"),
                fields.flag("nofailover"),
                fields.flag("streaming"),
                fields.millis("held_check_ms"),
                fields.number("pledge", "the number of an epoch, or null"));
    }

    private record Fields(String from, JsonNode tree) {
        MemberName name() {
            String text = tree.path("name").asText();
            if (!MemberName.isValid(text)) {
                throw wrong("name", "the name of a member");
            }
            return new MemberName(text);
        }

        boolean flag(String field) {
            JsonNode value = tree.path(field);
            if (!value.isBoolean()) {
                throw wrong(field, "true or false");
            }
            return value.booleanValue();
        }

        Optional<Timeline> timeline() {
            JsonNode value = tree.path("timeline");
            if (value.isMissingNode() || value.isNull()) {
                return Optional.empty();
            }
            if (!value.canConvertToInt() || value.intValue() < 1) {
                throw wrong("timeline", "a number from 1, or null");
            }
            return Optional.of(new Timeline(value.intValue()));
        }

        Optional<Duration> millis(String field) {
            return number(field, "a number of milliseconds, or null").map(Duration::ofMillis);
        }

        Optional<Long> number(String field, String expected) {
            JsonNode value = tree.path(field);
            if (value.isMissingNode() || value.isNull()) {
                return Optional.empty();
            }
            if (!value.canConvertToLong() || value.longValue() < 0) {
                throw wrong(field, expected);
            }
            return Optional.of(value.longValue());
        }

        Lsn lsn(String field) {
            return Lsn.parse(tree.path(field).asText())
                    .orElseThrow(() -> wrong(field, "an LSN such as 0/3000060"));
        }

        private UnusableAnswerException wrong(String field, String expected) {
            JsonNode value = tree.path(field);
            return new UnusableAnswerException(
                    from
                            + " answered /holdfast/position with \""
                            + field
                            + "\" "
                            + (value.isMissingNode() ? "missing" : value.toString())
                            + ", where "
                            + expected
                            + " is expected",
                    Delivery.UNKNOWN);
        }
    }
}
