package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.Postgres.Applied;
import dev.holdfast.agent.postgres.Postgres.Prepared;
import dev.holdfast.agent.postgres.Postgres.Role;
import dev.holdfast.agent.postgres.Postgres.Waiting;
import dev.holdfast.core.postgres.ServerFiles;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Brings a changed configuration into the running server, and knows when it counts. A reload is a
 * signal to many processes that each reread the files when they get to it. A fresh session shows
 * that the postmaster has; that commits wait is switched on by the checkpointer, which rereads
 * before it begins a checkpoint that was asked for later.
 */
final class ConfigurationReload {
    private static final Duration BOUND = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long POLL_MILLIS = 5;

    private static final String SHOWN =
            """
            SELECT pg_is_in_recovery(),
                   (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
                   current_setting('synchronous_standby_names'),
                   current_setting('primary_conninfo'),
                   current_setting('primary_slot_name')
            """;

    /** What a session sees. */
    private record Shown(
            Role role, long startMicros, String syncNames, String conninfo, String slotName) {}

    /** Names that commits waited for, in the server that was started then. */
    private record Counted(long startMicros, String syncNames) {}

    /** What a fresh session of the server that was started then has shown. */
    private record Confirmed(long startMicros, ServerFiles wanted) {}

    private final PostgresSessions sessions;
    private final ControlSession control;
    private final PostgresFiles files;
    private final AtomicReference<Optional<Confirmed>> confirmed =
            new AtomicReference<>(Optional.empty());
    private final AtomicReference<Optional<Counted>> counted =
            new AtomicReference<>(Optional.empty());

    ConfigurationReload(PostgresSessions sessions, ControlSession control, PostgresFiles files) {
        this.sessions = sessions;
        this.control = control;
        this.files = files;
    }

    /**
     * See {@link Postgres#apply}.
     *
     * @param prepare writes the files for a role
     */
    Applied apply(ServerFiles wanted, Function<Role, Prepared> prepare, Runnable reload) {
        Shown before = control.run("read the configuration", ConfigurationReload::shown);
        Prepared prepared = prepare.apply(before.role());
        Shown shown = before;
        if (prepared.changed() || !isShown(before, wanted) || !isConfirmed(before, wanted)) {
            reload.run();
            shown = await(before.role(), wanted);
        }
        confirmed.set(Optional.of(new Confirmed(shown.startMicros(), wanted)));
        return new Applied(prepared, waiting(before, shown));
    }

    /**
     * Whether the last call got these values to its end. If it was cancelled after it wrote, the
     * kept session may have read files that the postmaster has not.
     */
    private boolean isConfirmed(Shown shown, ServerFiles wanted) {
        return confirmed.get().equals(Optional.of(new Confirmed(shown.startMicros(), wanted)));
    }

    /** What a session sees that was made after whatever happened until now. */
    private Shown look() {
        return sessions.run("read the configuration", PATIENCE, ConfigurationReload::shown);
    }

    private static Shown shown(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery(SHOWN)) {
            row.next();
            return new Shown(
                    row.getBoolean(1) ? Role.STANDBY : Role.PRIMARY,
                    row.getLong(2),
                    row.getString(3),
                    row.getString(4),
                    row.getString(5));
        }
    }

    private boolean isShown(Shown shown, ServerFiles wanted) {
        boolean names = shown.syncNames().equals(wanted.syncNames());
        return switch (shown.role()) {
            case PRIMARY -> names;
            case STANDBY ->
                    names
                            && shown.conninfo().equals(files.primaryConninfo(wanted, Role.STANDBY))
                            && shown.slotName().equals(wanted.slotName().orElse(""));
        };
    }

    private Shown await(Role role, ServerFiles wanted) {
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            Shown shown = look();
            if (shown.role() != role) {
                throw new PostgresException(
                        "the server became "
                                + shown.role()
                                + " while the configuration for "
                                + role
                                + " was applied: apply it again");
            }
            if (isShown(shown, wanted)) {
                return shown;
            }
            if (System.nanoTime() - end > 0) {
                throw new PostgresException(notTaken(shown, wanted));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("to apply the configuration was cancelled");
        }
    }

    /** One error in the files makes the server refuse all of them. */
    private String notTaken(Shown shown, ServerFiles wanted) {
        String errors =
                sessions.run("read pg_file_settings", PATIENCE, ConfigurationReload::fileErrors);
        return "PostgreSQL did not take the configuration within "
                + BOUND.toSeconds()
                + " s: synchronous_standby_names is \""
                + shown.syncNames()
                + "\" instead of \""
                + wanted.syncNames()
                + "\""
                + (errors.isEmpty()
                        ? "; was it reloaded? See its log"
                        : "; correct these: " + errors);
    }

    private static String fileErrors(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT string_agg(sourcefile || ' line ' || sourceline || ': '"
                                        + " || coalesce(name || ' ', '') || error, '; ')"
                                        + " FROM pg_file_settings WHERE error IS NOT NULL"
                                        + " AND error <> 'setting could not be applied'")) {
            row.next();
            return Optional.ofNullable(row.getString(1)).orElse("");
        }
    }

    private Waiting waiting(Shown before, Shown shown) {
        if (shown.syncNames().isEmpty()) {
            counted.set(Optional.empty());
            return Waiting.FOR_NOBODY;
        }
        if (shown.role() == Role.STANDBY) {
            counted.set(Optional.empty());
            return Waiting.UNCONFIRMED;
        }
        boolean waited =
                !before.syncNames().isEmpty()
                        && counted.get()
                                .filter(c -> c.startMicros() == shown.startMicros())
                                .isPresent();
        if (!waited) {
            checkpoint();
        }
        counted.set(Optional.of(new Counted(shown.startMicros(), shown.syncNames())));
        return Waiting.CONFIRMED;
    }

    /** As long as it takes: on a large server that may be minutes. */
    void checkpoint() {
        sessions.run(
                "checkpoint",
                Duration.ZERO,
                session -> {
                    try (Statement statement = session.createStatement()) {
                        return statement.execute("CHECKPOINT");
                    }
                });
    }
}
