package dev.holdfast.agent.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.WalSender;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The one query of a probe and how its row is read. It serves both roles and is asked every second,
 * so it is one round trip, and a named statement in a session that is kept.
 */
final class ServerProbe {
    /**
     * The startup process waits for more, by a timer or for a receiver, once it has replayed all
     * WAL that it found on its own disk and in the archive (wait events of PostgreSQL 13 to 18).
     *
     * <p>OFFSET 0 keeps the role from being asked more than once, so that a promotion in between
     * does not give half of each role.
     */
    private static final String QUERY =
            """
            SELECT r.recovering,
                   (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
                   current_setting('server_version_num')::int,
                   current_setting('synchronous_standby_names'),
                   CASE WHEN NOT r.recovering THEN pg_walfile_name(pg_current_wal_insert_lsn()) END,
                   CASE WHEN NOT r.recovering THEN pg_current_wal_flush_lsn()::text END,
                   pg_last_wal_receive_lsn()::text,
                   pg_last_wal_replay_lsn()::text,
                   to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC',
                           'YYYY-MM-DD HH24:MI:SS.US"+00:00"'),
                   CASE WHEN r.recovering THEN pg_is_wal_replay_paused() END,
                   r.recovering AND pg_last_wal_receive_lsn() IS NULL AND NOT EXISTS (
                       SELECT FROM pg_stat_activity WHERE backend_type = 'startup'
                          AND wait_event IN ('RecoveryRetrieveRetryInterval', 'RecoveryWalStream')),
                   current_setting('primary_conninfo'),
                   CASE WHEN r.recovering THEN (SELECT timeline_id FROM pg_control_checkpoint()) END,
                   CASE WHEN r.recovering
                        THEN (SELECT min_recovery_end_timeline FROM pg_control_recovery()) END,
                   w.status, w.received_tli, w.sender_host, w.sender_port,
                   (SELECT json_agg(json_build_array(pid, application_name, state, sync_state,
                           sync_priority, sent_lsn, write_lsn, flush_lsn, replay_lsn) ORDER BY pid)
                      FROM pg_stat_replication)::text,
                   (SELECT json_agg(json_build_array(slot_name, plugin, database, active,
                           CASE WHEN wal_status IS DISTINCT FROM 'lost'
                                THEN coalesce(confirmed_flush_lsn, restart_lsn) END,
                           xmin IS NOT NULL,
                           coalesce((to_jsonb(s) ->> 'failover')::boolean, false)
                           OR coalesce((to_jsonb(s) ->> 'synced')::boolean, false))
                           ORDER BY slot_name)
                      FROM pg_replication_slots s WHERE NOT temporary)::text
              FROM (SELECT pg_is_in_recovery() AS recovering OFFSET 0) r
              LEFT JOIN pg_stat_wal_receiver w ON true
            """;

    /** The row, before it is known which timeline a standby really replays. */
    record Row(
            boolean recovering,
            long startMicros,
            int versionNumber,
            String syncNames,
            Optional<String> walFile,
            Lsn flushed,
            Optional<Lsn> received,
            Lsn replayed,
            Optional<String> replayTimestamp,
            boolean replayPaused,
            boolean replaysLocal,
            String primaryConninfo,
            Timeline controlTimeline,
            Optional<Server.WalReceiver> receiver,
            List<WalSender> senders,
            List<Slot> slots) {

        Server.Primary primary(SortedMap<String, String> pendingRestart) {
            return new Server.Primary(
                    common(pendingRestart),
                    timelineOf(walFile.orElseThrow()),
                    flushed,
                    senders,
                    slots);
        }

        Server.Standby standby(
                SortedMap<String, String> pendingRestart, Timeline timeline, Server.Replay replay) {
            return new Server.Standby(
                    common(pendingRestart),
                    timeline,
                    received,
                    replayed,
                    replayTimestamp,
                    replay,
                    receiver,
                    primaryConninfo,
                    senders,
                    slots);
        }

        Server.Replay unpaused() {
            return replaysLocal ? Server.Replay.LOCAL : Server.Replay.ON;
        }

        private Server.Common common(SortedMap<String, String> pendingRestart) {
            return new Server.Common(startMicros, versionNumber, syncNames, pendingRestart);
        }
    }

    private final ObjectMapper json = new ObjectMapper();

    PreparedStatement prepare(Connection session) throws SQLException {
        return session.prepareStatement(QUERY);
    }

    /** The name of a WAL file begins with its timeline in eight hexadecimal digits. */
    static Timeline timelineOf(String walFile) {
        return new Timeline(Integer.parseInt(walFile, 0, 8, 16));
    }

    Row ask(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            if (!row.next()) {
                throw new IllegalStateException("the probe's query gave no row");
            }
            return new Row(
                    row.getBoolean(1),
                    row.getLong(2),
                    row.getInt(3),
                    row.getString(4),
                    Optional.ofNullable(row.getString(5)),
                    lsn(row.getString(6)).orElse(Lsn.ZERO),
                    lsn(row.getString(7)),
                    lsn(row.getString(8)).orElse(Lsn.ZERO),
                    Optional.ofNullable(row.getString(9)),
                    row.getBoolean(10),
                    row.getBoolean(11),
                    row.getString(12),
                    new Timeline(Math.max(1, Math.max(row.getInt(13), row.getInt(14)))),
                    receiver(row),
                    senders(row.getString(19)),
                    slots(row.getString(20)));
        }
    }

    private static Optional<Server.WalReceiver> receiver(ResultSet row) throws SQLException {
        String status = row.getString(15);
        int timeline = row.getInt(16);
        return status == null || timeline < 1
                ? Optional.empty()
                : Optional.of(
                        new Server.WalReceiver(
                                status,
                                new Timeline(timeline),
                                Optional.ofNullable(row.getString(17)).orElse(""),
                                row.getInt(18)));
    }

    private List<WalSender> senders(@Nullable String text) {
        List<WalSender> senders = new ArrayList<>();
        for (JsonNode sender : list(text)) {
            senders.add(
                    new WalSender(
                            sender.get(0).asInt(),
                            word(sender.get(1)),
                            word(sender.get(2)),
                            word(sender.get(3)),
                            sender.get(4).asInt(),
                            position(sender.get(5)),
                            position(sender.get(6)),
                            position(sender.get(7)),
                            position(sender.get(8))));
        }
        return List.copyOf(senders);
    }

    private List<Slot> slots(@Nullable String text) {
        List<Slot> slots = new ArrayList<>();
        for (JsonNode slot : list(text)) {
            slots.add(
                    new Slot(
                            slot.get(0).asText(),
                            slot.get(1).isNull()
                                    ? Optional.empty()
                                    : Optional.of(
                                            new Slot.Logical(
                                                    slot.get(1).asText(), word(slot.get(2)))),
                            slot.get(3).asBoolean(),
                            slot.get(4).isNull()
                                    ? Optional.empty()
                                    : Optional.of(Lsn.of(slot.get(4).asText())),
                            slot.get(5).asBoolean() ? Slot.Rows.HELD : Slot.Rows.FREE,
                            slot.get(6).asBoolean() ? Slot.Owner.SERVER : Slot.Owner.AGENT));
        }
        return List.copyOf(slots);
    }

    private Iterable<JsonNode> list(@Nullable String text) {
        if (text == null) {
            return List.of();
        }
        try {
            return json.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("PostgreSQL gave JSON that is none: " + text, e);
        }
    }

    private static String word(JsonNode node) {
        return node.isNull() ? "" : node.asText();
    }

    private static Lsn position(JsonNode node) {
        return node.isNull() ? Lsn.ZERO : Lsn.of(node.asText());
    }

    private static Optional<Lsn> lsn(@Nullable String text) {
        return text == null ? Optional.empty() : Lsn.parse(text);
    }
}
