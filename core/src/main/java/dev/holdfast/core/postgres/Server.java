package dev.holdfast.core.postgres;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** What a session with the running server found. */
public sealed interface Server {
    /**
     * The same for both roles.
     *
     * @param startMicros {@code pg_postmaster_start_time()} in microseconds since 1970: names this
     *     start of the server
     * @param versionNumber {@code server_version_num}
     * @param syncNames {@code synchronous_standby_names} as this session sees it
     * @param pendingRestart parameters that differ from what is configured and need a restart,
     *     {@code old->new}
     */
    record Common(
            long startMicros,
            int versionNumber,
            String syncNames,
            SortedMap<String, String> pendingRestart) {}

    /** Whether a standby replays what it has. */
    enum Replay {
        ON,
        /**
         * Since its start it replays what lies on its own disk, where it may have more than it
         * tells: it opens for reading as soon as that is consistent.
         */
        LOCAL,
        /** Somebody has paused it. */
        PAUSED,
        /**
         * PostgreSQL (from 14 on) has paused it by itself: its primary runs with higher limits,
         * such as {@code max_connections}, and only a restart with these lets it go on.
         */
        NEEDS_HIGHER_LIMITS
    }

    /** In recovery. */
    record Standby(
            Common common,
            Timeline timeline,
            Optional<Lsn> received,
            Lsn replayed,
            Optional<String> replayTimestamp,
            Replay replay,
            Optional<WalReceiver> receiver,
            String primaryConninfo,
            List<WalSender> senders,
            List<Slot> slots)
            implements Server {

        /** What it has flushed to its own disk, as far as it tells. */
        public Lsn position() {
            return Lsn.max(received.orElse(Lsn.ZERO), replayed);
        }

        public boolean replayPaused() {
            return replay == Replay.PAUSED || replay == Replay.NEEDS_HIGHER_LIMITS;
        }

        /** Whether {@link #position} is all that it has: it has asked for more since its start. */
        public boolean tellsAll() {
            return replay == Replay.ON || received.isPresent();
        }

        public boolean isStreaming() {
            return receiver.filter(r -> r.status().equals("streaming")).isPresent();
        }
    }

    /**
     * Not in recovery.
     *
     * @param flushed {@code pg_current_wal_flush_lsn()}
     */
    record Primary(
            Common common,
            Timeline timeline,
            Lsn flushed,
            List<WalSender> senders,
            List<Slot> slots)
            implements Server {}

    /**
     * It answered, but not with a session: starting up, shutting down, too many clients, a wrong
     * password. It is alive.
     */
    record Rejecting(String sqlState, String message) implements Server {
        /** What it answers while it starts up or shuts down. */
        public static final String CANNOT_CONNECT_NOW = "57P03";
    }

    /** No answer within the time-out, or no connection. */
    record Silent(String message) implements Server {}

    /** {@code pg_stat_wal_receiver}. */
    record WalReceiver(String status, Timeline timeline, String host, int port) {}
}
