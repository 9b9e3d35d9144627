package dev.holdfast.api.wire;

import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.api.MemberService.Position;
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
            json.writeEndObject();
        });
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
