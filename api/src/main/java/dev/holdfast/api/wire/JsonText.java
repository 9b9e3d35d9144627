package dev.holdfast.api.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Tags;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** Writes JSON token by token, and the pieces that more than one document has. */
final class JsonText {
    private static final JsonFactory FACTORY = new JsonFactory();

    private JsonText() {}

    /** What writes a document. */
    interface Document {
        void writeTo(JsonGenerator json) throws IOException;
    }

    static String of(Document document) {
        StringWriter text = new StringWriter(512);
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            document.writeTo(json);
        } catch (IOException e) {
            throw new UncheckedIOException("a writer into memory does not fail", e);
        }
        return text.toString();
    }

    /** What an operator has decided about a member, where it is not as usual. */
    static void writeSettings(JsonGenerator json, MemberSettings settings) throws IOException {
        switch (settings.duty()) {
            case FULL, REMOVED -> {}
            case STANDBY -> json.writeStringField("standby", "running");
            case STOPPED -> json.writeStringField("standby", "stopped");
        }
        switch (settings.recovery()) {
            case AUTOMATIC -> {}
            case BY_ORDER -> json.writeBooleanField("auto_recovery", false);
        }
    }

    /**
     * Writes {@code tags} unless there are none: booleans and the priority as such, all else as
     * text.
     */
    static void writeTags(JsonGenerator json, Tags tags) throws IOException {
        if (tags.values().isEmpty()) {
            return;
        }
        json.writeObjectFieldStart("tags");
        for (Map.Entry<String, String> tag : tags.values().entrySet()) {
            json.writeFieldName(tag.getKey());
            writeTag(json, tag.getKey(), tag.getValue());
        }
        json.writeEndObject();
    }

    private static void writeTag(JsonGenerator json, String name, String value) throws IOException {
        if (value.equals("true") || value.equals("false")) {
            json.writeBoolean(value.equals("true"));
        } else if (name.equals("failover_priority") && value.matches("-?\\d{1,9}")) {
            json.writeNumber(Integer.parseInt(value));
        } else {
            json.writeString(value);
        }
    }

    /** Writes {@code scheduled_restart}, unless there is none. */
    static void writeScheduledRestart(JsonGenerator json, Optional<ScheduledRestart> scheduled)
            throws IOException {
        if (scheduled.isEmpty()) {
            return;
        }
        ScheduledRestart restart = scheduled.get();
        RestartConditions conditions = restart.conditions();
        json.writeObjectFieldStart("scheduled_restart");
        json.writeStringField("schedule", restart.schedule());
        if (conditions.role().isPresent()) {
            json.writeStringField("role", conditions.role().get());
        }
        if (conditions.postgresVersion().isPresent()) {
            json.writeStringField("postgres_version", conditions.postgresVersion().get());
        }
        if (conditions.onlyIfPending()) {
            json.writeBooleanField("restart_pending", true);
        }
        if (restart.timeout().isPresent()) {
            json.writeNumberField("timeout", restart.timeout().get().toMillis() / 1000.0);
        }
        json.writeEndObject();
    }

    /**
     * Writes {@code pending_restart} and {@code pending_restart_reason} unless nothing is pending.
     */
    static void writePendingRestart(JsonGenerator json, SortedMap<String, String> reasons)
            throws IOException {
        if (reasons.isEmpty()) {
            return;
        }
        json.writeBooleanField("pending_restart", true);
        json.writeObjectFieldStart("pending_restart_reason");
        for (Map.Entry<String, String> reason : reasons.entrySet()) {
            String change = reason.getValue();
            int arrow = change.indexOf("->");
            json.writeObjectFieldStart(reason.getKey());
            json.writeStringField("old_value", arrow < 0 ? change : change.substring(0, arrow));
            json.writeStringField("new_value", arrow < 0 ? "" : change.substring(arrow + 2));
            json.writeEndObject();
        }
        json.writeEndObject();
    }
}
