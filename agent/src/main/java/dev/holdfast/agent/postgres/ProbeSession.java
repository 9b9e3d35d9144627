package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.ServerProbe.Row;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Asks the server every second over one session that is kept, and beside it over fresh ones. What
 * is expensive to know is remembered for as long as it cannot have changed.
 */
final class ProbeSession implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final String ROLE_CHANGED_MEANWHILE = "55000";
    private static final String STATEMENT_TIMEOUT = "57014";

    private record Open(Connection session, PreparedStatement statement) {}

    /** Good until the server starts anew or something else is wanted. */
    private record Pending(
            SortedMap<String, String> wanted, long startMicros, SortedMap<String, String> found) {}

    /** The timeline that was replayed up to a position; within one start it never falls. */
    private record Replayed(long startMicros, Timeline timeline, Lsn position) {}

    /** Why replay is paused at a position. */
    private record Pause(long startMicros, Lsn position, Server.Replay why) {}

    private final PostgresSessions sessions;
    private final SourceServer source;
    private final ControlSession control;
    private final Function<ServerFiles, SortedMap<String, String>> configured;
    private final Supplier<Map<String, Integer>> needed;
    private final ServerProbe probe = new ServerProbe();
    private final AtomicReference<Optional<Pause>> paused = new AtomicReference<>(Optional.empty());
    private final AtomicReference<Optional<Pending>> pending =
            new AtomicReference<>(Optional.empty());
    private final AtomicReference<Optional<Replayed>> replayed =
            new AtomicReference<>(Optional.empty());
    private Optional<Open> kept = Optional.empty();

    /**
     * @param configured all parameters that the server would be started with
     * @param needed the limits that recovery needs at least, as {@code pg_controldata} has them
     */
    ProbeSession(
            PostgresSessions sessions,
            SourceServer source,
            ControlSession control,
            Function<ServerFiles, SortedMap<String, String>> configured,
            Supplier<Map<String, Integer>> needed) {
        this.sessions = sessions;
        this.source = source;
        this.control = control;
        this.configured = configured;
        this.needed = needed;
    }

    Server probe(ServerFiles wanted) {
        return sessions.cancellable("probe", () -> probeKept(wanted));
    }

    /** Never waits for the kept session: that one may hang. */
    Server fresh() {
        return sessions.cancellable("probe", this::probeFresh);
    }

    /** After a reload the server's own marks may have changed. */
    void forgetPending() {
        pending.set(Optional.empty());
    }

    @Override
    public synchronized void close() {
        PostgresSessions.closeQuietly(kept.map(Open::session));
        kept = Optional.empty();
    }

    private synchronized Server probeKept(ServerFiles wanted) {
        boolean wasOpen = kept.isPresent();
        try {
            return ask(wanted);
        } catch (SQLException e) {
            close();
            boolean another = wasOpen || ROLE_CHANGED_MEANWHILE.equals(e.getSQLState());
            if (!another || isLate(e)) {
                return answer(e);
            }
        }
        // The session was of a server that has gone, or that was promoted within the query.
        try {
            return ask(wanted);
        } catch (SQLException e) {
            close();
            return answer(e);
        }
    }

    private Server ask(ServerFiles wanted) throws SQLException {
        Open open = kept.isPresent() ? kept.get() : open();
        Row row = probe.ask(open.statement());
        SortedMap<String, String> restart = pendingRestart(open.session(), wanted, row);
        return row.recovering()
                ? row.standby(restart, timeline(row), replay(open.session(), row))
                : row.primary(restart);
    }

    private Open open() throws SQLException {
        Connection session = sessions.open(PATIENCE);
        Open open = new Open(session, probe.prepare(session));
        kept = Optional.of(open);
        control.warm();
        return open;
    }

    private Server probeFresh() {
        try (Connection session = sessions.open(PATIENCE);
                PreparedStatement statement = probe.prepare(session)) {
            Row row = probe.ask(statement);
            SortedMap<String, String> restart =
                    pending.get()
                            .filter(p -> p.startMicros() == row.startMicros())
                            .map(Pending::found)
                            .orElseGet(Collections::emptySortedMap);
            return row.recovering()
                    ? row.standby(
                            restart,
                            received(row).orElse(least(row)),
                            row.replayPaused() ? Server.Replay.PAUSED : row.unpaused())
                    : row.primary(restart);
        } catch (SQLException e) {
            return answer(e);
        }
    }

    private static boolean isLate(SQLException e) {
        return e.getCause() instanceof SocketTimeoutException
                || STATEMENT_TIMEOUT.equals(e.getSQLState());
    }

    private static Server answer(SQLException e) {
        String message = PostgresSessions.sentence(e);
        return PostgresSessions.isAnswer(e)
                ? new Server.Rejecting(Optional.ofNullable(e.getSQLState()).orElse(""), message)
                : new Server.Silent(message);
    }

    private SortedMap<String, String> pendingRestart(
            Connection session, ServerFiles wanted, Row row) throws SQLException {
        Optional<Pending> known =
                pending.get()
                        .filter(p ->
                                p.startMicros() == row.startMicros()
                                        && p.wanted().equals(wanted.parameters()));
        if (known.isPresent()) {
            return known.get().found();
        }
        Map<String, String> all = configured.apply(wanted);
        SortedMap<String, String> found =
                Collections.unmodifiableSortedMap(
                        new TreeMap<>(PendingRestart.of(PendingRestart.read(session), all)));
        pending.set(Optional.of(new Pending(wanted.parameters(), row.startMicros(), found)));
        return found;
    }

    /**
     * The timeline that a standby replays. While it streams the receiver names it. Without a
     * receiver {@code pg_control} may still name the one before, since it is only updated by a
     * restart point or a flush of old pages; a walsender of the standby itself knows, and is asked
     * once for each position.
     */
    private Timeline timeline(Row row) {
        Timeline least = least(row);
        Optional<Timeline> received = received(row);
        boolean known =
                replayed.get()
                        .filter(r -> r.startMicros() == row.startMicros())
                        .filter(r -> r.position().equals(row.replayed()))
                        .isPresent();
        Optional<Timeline> exact =
                received.or(() -> known ? Optional.of(least) : source.replayedHere());
        Timeline timeline = exact.filter(t -> t.isAfter(least)).orElse(least);
        if (exact.isPresent()) {
            replayed.set(Optional.of(new Replayed(row.startMicros(), timeline, row.replayed())));
        }
        return timeline;
    }

    /**
     * Who has paused it, looked up once for each position: PostgreSQL does so at the record that
     * tells of its primary's limits, and writes these to {@code pg_control} first.
     */
    private Server.Replay replay(Connection session, Row row) throws SQLException {
        if (!row.replayPaused()) {
            return row.unpaused();
        }
        Optional<Pause> known =
                paused.get()
                        .filter(p ->
                                p.startMicros() == row.startMicros()
                                        && p.position().equals(row.replayed()));
        if (known.isEmpty()) {
            known = Optional.of(new Pause(row.startMicros(), row.replayed(), why(session)));
            paused.set(known);
        }
        return known.get().why();
    }

    private Server.Replay why(Connection session) throws SQLException {
        for (Map.Entry<String, Integer> limit : needed.get().entrySet()) {
            try (PreparedStatement statement =
                    session.prepareStatement("SELECT current_setting(?)::int < ?")) {
                statement.setString(1, limit.getKey());
                statement.setInt(2, limit.getValue());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    if (row.getBoolean(1)) {
                        return Server.Replay.NEEDS_HIGHER_LIMITS;
                    }
                }
            }
        }
        return Server.Replay.PAUSED;
    }

    private Timeline least(Row row) {
        return replayed.get()
                .filter(r -> r.startMicros() == row.startMicros())
                .map(Replayed::timeline)
                .filter(t -> t.isAfter(row.controlTimeline()))
                .orElse(row.controlTimeline());
    }

    /**
     * A receiver that has just begun names the timeline it asked for, at the start of a segment; it
     * counts once what it received reaches what is replayed.
     */
    private Optional<Timeline> received(Row row) {
        return row.receiver()
                .filter(r -> !row.received().orElse(Lsn.ZERO).isBefore(row.replayed()))
                .map(Server.WalReceiver::timeline)
                .map(t -> t.isAfter(least(row)) ? t : least(row));
    }
}
