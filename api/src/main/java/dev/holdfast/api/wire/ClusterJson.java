package dev.holdfast.api.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.Versioned;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** The documents {@code /cluster} and {@code /history}, with Patroni's fields. */
public final class ClusterJson {
    private ClusterJson() {}

    /** {@code /cluster}: the members in ascending order of their names. */
    public static String cluster(String scope, ClusterView cluster) {
        return JsonText.of(json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("members");
            for (MemberRow row : ClusterRows.rows(cluster)) {
                writeRow(json, row);
            }
            json.writeEndArray();
            json.writeStringField("scope", scope);
            if (cluster.config().filter(config -> config.value().pause()).isPresent()) {
                json.writeBooleanField("pause", true);
            }
            writeScheduled(json, cluster.failover().map(Versioned::value));
            json.writeEndObject();
        });
    }

    /**
     * {@code /history}: {@code [[timeline, bytes, reason, timestamp, new leader], ...]}, what is
     * unknown at the end left out.
     */
    public static String history(ClusterView cluster) {
        return JsonText.of(json -> {
            json.writeStartArray();
            for (HistoryEntry entry : cluster.history()) {
                json.writeStartArray();
                json.writeNumber(entry.timeline().id());
                json.writeNumber(entry.lsn().value());
                json.writeString(entry.reason());
                if (!entry.timestamp().isEmpty() || !entry.newLeader().isEmpty()) {
                    json.writeString(entry.timestamp());
                }
                if (!entry.newLeader().isEmpty()) {
                    json.writeString(entry.newLeader());
                }
                json.writeEndArray();
            }
            json.writeEndArray();
        });
    }

    private static void writeRow(JsonGenerator json, MemberRow row) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", row.name().value());
        json.writeStringField("role", row.role().word());
        json.writeStringField("state", row.state());
        json.writeStringField("api_url", row.apiUrl());
        if (!row.host().isEmpty()) {
            json.writeStringField("host", row.host());
        }
        if (row.port().isPresent()) {
            json.writeNumberField("port", row.port().get());
        }
        if (row.timeline().isPresent()) {
            json.writeNumberField("timeline", row.timeline().get().id());
        }
        JsonText.writePendingRestart(json, row.pendingRestart());
        JsonText.writeScheduledRestart(json, row.scheduledRestart());
        JsonText.writeTags(json, row.tags());
        if (!row.leads()) {
            writePlace(json, "receive_", row.received());
            writePlace(json, "replay_", row.replayed());
            writePlace(json, "", row.located());
        }
        JsonText.writeSettings(json, row.settings());
        if (!row.services().isEmpty()) {
            json.writeObjectFieldStart("services");
            for (Map.Entry<String, String> service : row.services().entrySet()) {
                json.writeStringField(service.getKey(), service.getValue());
            }
            json.writeEndObject();
        }
        if (!row.note().isEmpty()) {
            json.writeStringField("note", row.note());
        }
        json.writeEndObject();
    }

    private static void writePlace(
            JsonGenerator json, String prefix, Optional<MemberRow.Place> place) throws IOException {
        if (place.isPresent()) {
            json.writeNumberField(prefix + "lag", place.get().lagBytes());
            json.writeStringField(prefix + "lsn", place.get().lsn().toString());
        } else {
            json.writeStringField(prefix + "lag", "unknown");
            json.writeStringField(prefix + "lsn", "unknown");
        }
    }

    private static void writeScheduled(JsonGenerator json, Optional<FailoverRequest> request)
            throws IOException {
        if (request.flatMap(FailoverRequest::scheduledAt).isEmpty()) {
            return;
        }
        json.writeObjectFieldStart("scheduled_switchover");
        json.writeStringField("at", request.get().scheduledAt().get());
        if (request.get().leader().isPresent()) {
            json.writeStringField("from", request.get().leader().get().value());
        }
        if (request.get().candidate().isPresent()) {
            json.writeStringField("to", request.get().candidate().get().value());
        }
        json.writeEndObject();
    }
}
