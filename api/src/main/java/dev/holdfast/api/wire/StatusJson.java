package dev.holdfast.api.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.WalSender;
import dev.holdfast.core.status.Condition;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The document that health checks and {@code /patroni} answer with: Patroni's fields and meanings,
 * and what only Holdfast knows under the one key {@code holdfast}. Positions are bytes.
 */
public final class StatusJson {
    /** As Python prints a timestamp, which is what clients of Patroni parse. */
    private static final DateTimeFormatter START_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSSxxx", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private StatusJson() {}

    /** The document for {@code status} as it stands at {@code now}. */
    public static String text(MemberStatus status, MonoTime now) {
        return JsonText.of(json -> {
            json.writeStartObject();
            json.writeStringField("state", patroniState(status.state()));
            writeServer(json, status);
            writeCluster(json, status);
            JsonText.writeTags(json, status.tags());
            if (status.system().isPresent()) {
                json.writeStringField("database_system_identifier", status.system().get().value());
            }
            JsonText.writePendingRestart(json, status.pendingRestart());
            JsonText.writeScheduledRestart(json, status.scheduledRestart());
            json.writeObjectFieldStart("patroni");
            json.writeStringField("version", status.version());
            json.writeStringField("scope", status.scope());
            json.writeStringField("name", status.name().value());
            json.writeEndObject();
            if (status.condition().stayingUntil().filter(now::isBefore).isPresent()) {
                json.writeBooleanField("failsafe_mode_is_active", true);
            }
            writeHoldfast(json, status, now);
            json.writeEndObject();
        });
    }

    /**
     * Patroni says how a standby replicates in a field of its own; its state is then plainly
     * running.
     */
    private static String patroniState(MemberState state) {
        return state.isRunning() ? MemberState.RUNNING.text() : state.text();
    }

    /** How a standby gets its WAL, in Patroni's words; empty when it gets none. */
    public static Optional<String> replicationState(MemberStatus status) {
        if (status.server().orElse(null) instanceof Server.Standby standby
                && standby.isStreaming()) {
            return Optional.of(MemberState.STREAMING.text());
        }
        return status.state() == MemberState.STREAMING
                        || status.state() == MemberState.IN_ARCHIVE_RECOVERY
                ? Optional.of(status.state().text())
                : Optional.empty();
    }

    private static void writeServer(JsonGenerator json, MemberStatus status) throws IOException {
        Server server = status.server().orElse(null);
        switch (server) {
            case null -> writeRole(json, status);
            case Server.Rejecting _, Server.Silent _ -> writeRole(json, status);
            case Server.Primary primary -> writePrimary(json, status, primary);
            case Server.Standby standby -> writeStandby(json, status, standby);
        }
    }

    private static void writeRole(JsonGenerator json, MemberStatus status) throws IOException {
        json.writeStringField("role", status.role().text());
    }

    private static void writeCommon(JsonGenerator json, MemberStatus status, Server.Common common)
            throws IOException {
        Instant start = Instant.EPOCH.plus(common.startMicros(), ChronoUnit.MICROS);
        json.writeStringField("postmaster_start_time", START_TIME.format(start));
        writeRole(json, status);
        json.writeNumberField("server_version", common.versionNumber());
    }

    private static void writePrimary(
            JsonGenerator json, MemberStatus status, Server.Primary primary) throws IOException {
        writeCommon(json, status, primary.common());
        json.writeObjectFieldStart("xlog");
        json.writeNumberField("location", primary.flushed().value());
        json.writeEndObject();
        json.writeNumberField("timeline", primary.timeline().id());
        writeSenders(json, primary.senders());
    }

    private static void writeStandby(
            JsonGenerator json, MemberStatus status, Server.Standby standby) throws IOException {
        writeCommon(json, status, standby.common());
        json.writeObjectFieldStart("xlog");
        json.writeNumberField(
                "received_location", standby.received().orElse(standby.replayed()).value());
        json.writeNumberField("replayed_location", standby.replayed().value());
        json.writeStringField("replayed_timestamp", standby.replayTimestamp().orElse(null));
        json.writeBooleanField("paused", standby.replayPaused());
        json.writeEndObject();
        json.writeNumberField("timeline", standby.timeline().id());
        Optional<String> replicationState = replicationState(status);
        if (replicationState.isPresent()) {
            json.writeStringField("replication_state", replicationState.get());
        }
        writeSenders(json, standby.senders());
    }

    private static void writeSenders(JsonGenerator json, List<WalSender> senders)
            throws IOException {
        if (senders.isEmpty()) {
            return;
        }
        json.writeArrayFieldStart("replication");
        for (WalSender sender : senders) {
            json.writeStartObject();
            json.writeStringField("application_name", sender.applicationName());
            json.writeStringField("state", sender.state());
            json.writeStringField("sync_state", sender.syncState());
            json.writeNumberField("sync_priority", sender.syncPriority());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeCluster(JsonGenerator json, MemberStatus status) throws IOException {
        if (status.syncStandby()) {
            json.writeBooleanField(
                    status.isQuorumStandby() ? "quorum_standby" : "sync_standby", true);
        }
        if (status.cluster().flatMap(cluster -> cluster.leader()).isEmpty()) {
            json.writeBooleanField("cluster_unlocked", true);
        }
        if (status.pauseSeen()) {
            json.writeBooleanField("pause", true);
        }
        if (status.storeSeenEpochSeconds() > 0) {
            json.writeNumberField("dcs_last_seen", status.storeSeenEpochSeconds());
        }
    }

    private static void writeHoldfast(JsonGenerator json, MemberStatus status, MonoTime now)
            throws IOException {
        json.writeObjectFieldStart("holdfast");
        json.writeStringField("reason_code", status.reasonCode());
        json.writeStringField("reason", status.reason());
        json.writeStringField("task", status.task());
        json.writeStringField("guard", status.guard());
        json.writeBooleanField("holds_lease", status.holdsLease(now));
        if (status.holdsLease(now)) {
            json.writeNumberField("lease_seconds_left", secondsUntil(status.leaderUntil(), now));
        }
        json.writeBooleanField("serves_as_primary", status.servesAsPrimary(now));
        if (now.isBefore(status.settlesBy())) {
            json.writeNumberField("settles_in_seconds", secondsUntil(status.settlesBy(), now));
        }
        writeCondition(json, status.condition(), now);
        if (status.cluster().isPresent()) {
            JsonText.writeSettings(json, status.cluster().get().settingsOf(status.name()));
        }
        if (!status.services().isEmpty()) {
            json.writeArrayFieldStart("services");
            for (ServiceStatus service : status.services()) {
                json.writeStartObject();
                json.writeStringField("name", service.name());
                json.writeStringField("state", service.state().text());
                if (!service.failure().isEmpty()) {
                    json.writeStringField("failure", service.failure());
                }
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        writeHost(json, status.host());
        switch (status.server().orElse(null)) {
            case Server.Primary primary -> {
                writeIdleSlots(json, primary.slots());
                writeHeldWal(json, primary.slots(), primary.flushed());
            }
            case Server.Standby standby -> writeHeldWal(json, standby.slots(), standby.position());
            case Server.Rejecting _, Server.Silent _ -> {}
            case null -> {}
        }
        json.writeEndObject();
    }

    private static void writeHost(JsonGenerator json, HostStatus host) throws IOException {
        if (host.unwatched().isPresent()) {
            json.writeStringField("unwatched", host.unwatched().get());
        }
        if (host.kept().isPresent()) {
            HostStatus.Kept kept = host.kept().get();
            json.writeObjectFieldStart("kept_directories");
            json.writeNumberField("count", kept.directories());
            json.writeNumberField("bytes", kept.bytes());
            json.writeNumberField("free_bytes", kept.freeBytes());
            json.writeEndObject();
        }
    }

    /**
     * How many bytes of WAL each slot keeps from being removed, by what is known of its user: of a
     * logical one that is what it has confirmed, and it may keep some more.
     */
    private static void writeHeldWal(JsonGenerator json, List<Slot> slots, Lsn now)
            throws IOException {
        if (slots.stream().noneMatch(Slot::reserved)) {
            return;
        }
        json.writeObjectFieldStart("wal_held_by_slots");
        for (Slot slot : slots) {
            if (slot.position().isPresent()) {
                json.writeNumberField(
                        slot.name(), Math.max(0, now.bytesPast(slot.position().get())));
            }
        }
        json.writeEndObject();
    }

    /** What keeps WAL for somebody who does not fetch it. */
    private static void writeIdleSlots(JsonGenerator json, List<Slot> slots) throws IOException {
        List<String> idle =
                slots.stream()
                        .filter(slot -> slot.reserved() && !slot.active())
                        .map(Slot::name)
                        .toList();
        if (!idle.isEmpty()) {
            writeTexts(json, "inactive_slots", idle);
        }
    }

    private static void writeTexts(JsonGenerator json, String name, List<String> texts)
            throws IOException {
        json.writeArrayFieldStart(name);
        for (String text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
    }

    private static void writeCondition(JsonGenerator json, Condition condition, MonoTime now)
            throws IOException {
        if (condition.endsInARow() > 0) {
            json.writeNumberField("ends_in_a_row", condition.endsInARow());
        }
        if (!condition.unwell().isEmpty()) {
            json.writeStringField("unwell", condition.unwell());
        }
        if (condition.aloneSince().isPresent()) {
            json.writeNumberField(
                    "without_synchronous_standby_seconds",
                    secondsUntil(now, condition.aloneSince().get()));
        }
        if (!condition.weakerCommits().isEmpty()) {
            writeTexts(json, "weaker_synchronous_commit", condition.weakerCommits());
        }
        if (condition.aloneTimes() > 0) {
            json.writeNumberField("without_synchronous_standby_times", condition.aloneTimes());
        }
        if (condition.barred().isPresent()) {
            json.writeStringField("barred", condition.barred().get());
        }
    }

    /** To the millisecond: what is finer than that is out of date before it arrives. */
    private static double secondsUntil(MonoTime end, MonoTime now) {
        return end.since(now).toMillis() / 1000.0;
    }
}
