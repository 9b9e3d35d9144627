package dev.holdfast.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/**
 * A session that is kept open for what must be quick: a new one costs some 20 ms, most of it for
 * the password, which a promotion need not wait for. Apart from the probe's, so that neither waits
 * for the other.
 */
final class ControlSession implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final PostgresSessions sessions;
    private Optional<Connection> kept = Optional.empty();

    ControlSession(PostgresSessions sessions) {
        this.sessions = sessions;
    }

    /**
     * Runs work that may be repeated: when the kept session turns out to be broken, it is run again
     * in a new one.
     */
    <T> T run(String what, PostgresSessions.Work<T> work) {
        return sessions.cancellable(what, () -> runKept(work));
    }

    private synchronized <T> T runKept(PostgresSessions.Work<T> work) throws SQLException {
        boolean wasOpen = kept.isPresent();
        try {
            return work.in(opened());
        } catch (SQLException e) {
            if (!isBroken(e)) {
                throw e;
            }
            close();
            if (!wasOpen) {
                throw e;
            }
        }
        return work.in(opened());
    }

    /** The session is of a server that has gone or is going. */
    private static boolean isBroken(SQLException e) {
        String state = Optional.ofNullable(e.getSQLState()).orElse("");
        return state.startsWith("08") || state.startsWith("57P0");
    }

    private Connection opened() throws SQLException {
        if (kept.isEmpty()) {
            kept = Optional.of(sessions.open(PATIENCE));
        }
        return kept.get();
    }

    /** Opens it before it is needed. Without success the next use tries again, and says why. */
    synchronized void warm() {
        try {
            opened();
        } catch (SQLException e) {
            kept = Optional.empty();
        }
    }

    @Override
    public synchronized void close() {
        PostgresSessions.closeQuietly(kept);
        kept = Optional.empty();
    }
}
