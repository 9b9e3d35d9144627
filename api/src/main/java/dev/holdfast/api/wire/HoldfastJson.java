package dev.holdfast.api.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.api.MemberService.Position;
import dev.holdfast.core.cluster.Operation;
import java.io.IOException;
import java.util.List;

/** The documents {@code /holdfast/position} and {@code /holdfast/journal}, Holdfast's own. */
public final class HoldfastJson {
    private HoldfastJson() {}

    /** Positions are written as PostgreSQL writes them, {@code 16/B374D848}. */
    public static String position(Position position) {
        return JsonText.of(json -> {
            json.writeStartObject();
            json.writeStringField("name", position.name().value());
            json.writeBooleanField("server_answers", position.serverAnswers());
            json.writeBooleanField("in_recovery", position.inRecovery());
            if (position.timeline().isPresent()) {
                json.writeNumberField("timeline", position.timeline().get().id());
            }
            json.writeStringField("received", position.received().toString());
            json.writeStringField("replayed", position.replayed().toString());
            json.writeBooleanField("nofailover", position.nofailover());
            json.writeBooleanField("streaming", position.streaming());
            if (position.heldCheck().isPresent()) {
                json.writeNumberField("held_check_ms", position.heldCheck().get().toMillis());
            }
            if (position.pledge().isPresent()) {
                json.writeNumberField("pledge", position.pledge().get());
            }
            json.writeEndObject();
        });
    }

    /** {@code /holdfast/operations}: an array, newest first. */
    public static String operations(List<Operation> operations) {
        return JsonText.of(json -> {
            json.writeStartArray();
            for (Operation operation : operations.reversed()) {
                write(json, operation);
            }
            json.writeEndArray();
        });
    }

    /** {@code /holdfast/operations/ID}. */
    public static String operation(Operation operation) {
        return JsonText.of(json -> write(json, operation));
    }

    private static void write(JsonGenerator json, Operation operation) throws IOException {
        json.writeStartObject();
        json.writeStringField("id", operation.id());
        json.writeStringField("kind", operation.kind().text());
        if (operation.from().isPresent()) {
            json.writeStringField("from", operation.from().get().value());
        }
        if (operation.to().isPresent()) {
            json.writeStringField("to", operation.to().get().value());
        }
        if (operation.scheduledAt().isPresent()) {
            json.writeStringField("scheduled_at", operation.scheduledAt().get());
        }
        json.writeStringField("asked_at", operation.askedAt());
        json.writeStringField(
                "state", operation.end().map(end -> end.outcome().text()).orElse("open"));
        if (operation.end().isPresent()) {
            json.writeStringField("reason", operation.end().get().reason());
            json.writeStringField("ended_at", operation.end().get().at());
        }
        json.writeEndObject();
    }

    /** {@code /holdfast/journal}: an array, oldest line first. */
    public static String journal(List<JournalLine> lines) {
        return JsonText.of(json -> {
            json.writeStartArray();
            for (JournalLine line : lines) {
                json.writeStartObject();
                json.writeStringField("time", line.time());
                json.writeStringField("code", line.code());
                json.writeStringField("sentence", line.sentence());
                json.writeStringField("actions", line.actions());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }
}
