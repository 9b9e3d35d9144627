package dev.holdfast.agent.postgres;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Slots that are moved on or copied. What a slot is lies in one small file, the same on every
 * member, since their catalogs are the same.
 */
final class LogicalSlots {
    /** To begin decoding, PostgreSQL waits for transactions to end; to move on, it reads WAL. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration OTHERS = Duration.ofSeconds(2);

    /** What a slot needs is gone: a file of WAL, or the slot has been given up by the server. */
    private static final String NO_FILE = "58P01";

    private static final String NOT_IN_STATE = "55000";

    private final PostgresSessions sessions;
    private final DatabaseUser user;

    /**
     * @param user may copy slots and read files on another member
     */
    LogicalSlots(PostgresSessions sessions, DatabaseUser user) {
        this.sessions = sessions;
        this.user = user;
    }

    void create(SortedMap<String, Slot.Logical> slots) {
        slots.forEach((name, decodes) ->
                sessions.runIn(
                        decodes.database(),
                        "create the logical slot " + name,
                        PATIENCE,
                        session -> {
                            try (PreparedStatement statement =
                                    session.prepareStatement(
                                            "SELECT pg_create_logical_replication_slot(n, ?)"
                                                    + " FROM (SELECT ?::name AS n) s"
                                                    + " WHERE NOT EXISTS (SELECT FROM"
                                                    + " pg_replication_slots WHERE slot_name = n)")) {
                                statement.setString(1, decodes.plugin());
                                statement.setString(2, name);
                                return statement.execute();
                            }
                        }));
    }

    void advance(SortedMap<String, Action.Advance> slots) {
        slots.forEach((name, advance) ->
                sessions.runIn(
                        advance.database().orElse("postgres"),
                        "move the slot " + name + " on",
                        PATIENCE,
                        session -> advance(session, name, advance.to())));
    }

    private static boolean advance(Connection session, String name, Lsn to) throws SQLException {
        try (PreparedStatement statement =
                session.prepareStatement(
                        "SELECT pg_replication_slot_advance(slot_name, ?::pg_lsn)"
                                + " FROM pg_replication_slots WHERE slot_name = ? AND NOT active"
                                + " AND coalesce(confirmed_flush_lsn, restart_lsn) < ?::pg_lsn")) {
            statement.setString(1, to.toString());
            statement.setString(2, name);
            statement.setString(3, to.toString());
            return statement.execute();
        } catch (SQLException e) {
            if (NO_FILE.equals(e.getSQLState()) || NOT_IN_STATE.equals(e.getSQLState())) {
                drop(session, name);
            }
            throw e;
        }
    }

    private static void drop(Connection session, String name) throws SQLException {
        try (PreparedStatement statement =
                session.prepareStatement(
                        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                                + " WHERE slot_name = ? AND NOT active AND pg_is_in_recovery()")) {
            statement.setString(1, name);
            statement.execute();
        }
    }

    /**
     * A temporary copy beside each slot makes the primary keep all that the slot needs now, however
     * far its user goes on meanwhile: it is there before the file is read, and as long as the
     * session is.
     */
    Postgres.SlotCopy copy(
            Upstream primary, String through, SortedMap<String, Slot.Logical> slots) {
        Here here = sessions.run("ask what slots it could start with", OTHERS, LogicalSlots::here);
        here.obstacle(slots.size())
                .ifPresent(why -> {
                    throw new PostgresException(
                            "logical slots cannot be copied to here, since PostgreSQL would not start with them: "
                                    + why);
                });
        return sessions.cancellable(
                "copy logical slots",
                () -> {
                    Connection session =
                            sessions.openRemote(PostgresSessions.address(primary), user, OTHERS);
                    try {
                        SortedMap<String, byte[]> files = new TreeMap<>();
                        for (var slot : slots.entrySet()) {
                            hold(session, slot.getKey(), through, files.size());
                            files.put(
                                    slot.getKey(),
                                    read(
                                            session,
                                            primary,
                                            slot.getKey(),
                                            slot.getValue(),
                                            here.oldest()));
                        }
                        return new Copy(sessions, session, through, FrozenMap.copyOf(files));
                    } catch (SQLException e) {
                        PostgresSessions.closeQuietly(Optional.of(session));
                        throw PostgresSessions.failure(
                                "copy logical slots", PostgresSessions.address(primary), e);
                    } catch (RuntimeException e) {
                        PostgresSessions.closeQuietly(Optional.of(session));
                        throw e;
                    }
                });
    }

    /** The name is one that no other member takes at the same time. */
    private static void hold(Connection session, String name, String through, int number)
            throws SQLException {
        try (PreparedStatement statement =
                session.prepareStatement("SELECT pg_copy_logical_replication_slot(?, ?, true)")) {
            statement.setString(1, name);
            statement.setString(2, shortened("copy_" + number + "_for_" + through));
            statement.execute();
        }
    }

    private static String shortened(String name) {
        return name.substring(0, Math.min(63, name.length()));
    }

    private record Copy(
            PostgresSessions sessions,
            Connection session,
            String through,
            SortedMap<String, byte[]> files)
            implements Postgres.SlotCopy {
        @Override
        public boolean isHeld() {
            return sessions.cancellable(
                    "ask what the primary keeps for slots",
                    () -> {
                        try (PreparedStatement statement =
                                session.prepareStatement(
                                        "SELECT catalog_xmin IS NOT NULL FROM pg_replication_slots"
                                                + " WHERE slot_name = ?")) {
                            statement.setString(1, through);
                            try (ResultSet row = statement.executeQuery()) {
                                return row.next() && row.getBoolean(1);
                            }
                        }
                    });
        }

        @Override
        public void close() {
            PostgresSessions.closeQuietly(Optional.of(session));
        }
    }

    /**
     * The server that the slots are for.
     *
     * @param room how many more it takes
     * @param oldest where the WAL begins that it has
     */
    private record Here(String walLevel, int room, Lsn oldest) {
        Optional<String> obstacle(int more) {
            if (!walLevel.equals("logical")) {
                return Optional.of("wal_level is " + walLevel + "; set it to logical and restart");
            }
            return room < more
                    ? Optional.of("max_replication_slots leaves room for " + room)
                    : Optional.empty();
        }
    }

    private static Here here(Connection session) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "SELECT current_setting('wal_level'),"
                                        + " current_setting('max_replication_slots')::int"
                                        + " - (SELECT count(*) FROM pg_replication_slots),"
                                        + " (SELECT min(substr(name, 9)) FROM pg_ls_waldir()"
                                        + " WHERE name ~ '^[0-9A-F]{24}$'),"
                                        + " pg_size_bytes(current_setting('wal_segment_size'))")) {
            row.next();
            String file = row.getString(3);
            long first =
                    (Long.parseLong(file, 0, 8, 16) << 32)
                            + Long.parseLong(file, 8, 16, 16) * row.getLong(4);
            return new Here(row.getString(1), row.getInt(2), new Lsn(first));
        }
    }

    private static byte[] read(
            Connection session, Upstream primary, String name, Slot.Logical decodes, Lsn oldest)
            throws SQLException {
        try (PreparedStatement statement =
                session.prepareStatement(
                        "SELECT pg_read_binary_file('pg_replslot/' || slot_name || '/state'),"
                                + " restart_lsn::text FROM pg_replication_slots WHERE slot_name = ? AND plugin = ?"
                                + " AND database = ? AND NOT pg_is_in_recovery()")) {
            statement.setString(1, name);
            statement.setString(2, decodes.plugin());
            statement.setString(3, decodes.database());
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new PostgresException(
                            "there is no logical slot "
                                    + name
                                    + " for "
                                    + decodes.plugin()
                                    + " in the database "
                                    + decodes.database()
                                    + " on "
                                    + primary.name()
                                    + " yet, or that is no primary");
                }
                Lsn from = Lsn.of(row.getString(2));
                if (from.isBefore(oldest)) {
                    throw new PostgresException(
                            "the logical slot "
                                    + name
                                    + " needs WAL from "
                                    + from
                                    + " on, and here it begins at "
                                    + oldest
                                    + ": it is copied once its user has gone on");
                }
                return row.getBytes(1);
            }
        }
    }

    /** Each is whole or not there: what ends in .tmp PostgreSQL removes when it starts. */
    void place(Path directory, SortedMap<String, byte[]> slots) {
        for (var slot : slots.entrySet()) {
            Path unfinished = directory.resolve(slot.getKey() + ".tmp");
            try {
                DurableFiles.deleteTree(unfinished);
                DurableFiles.createDirectory(unfinished);
                DurableFiles.write(unfinished.resolve("state"), slot.getValue());
                Files.move(
                        unfinished,
                        directory.resolve(slot.getKey()),
                        StandardCopyOption.ATOMIC_MOVE);
                DurableFiles.syncDirectory(directory);
            } catch (IOException e) {
                throw new PostgresException(
                        "the logical slot "
                                + slot.getKey()
                                + " could not be placed in "
                                + directory
                                + ": "
                                + e
                                + "; it must be writable for the agent and have room",
                        e);
            }
        }
    }

    void remove(Path directory, Set<String> slots) {
        for (String slot : slots) {
            try {
                DurableFiles.deleteTree(directory.resolve(slot));
                DurableFiles.syncDirectory(directory);
            } catch (IOException e) {
                throw new PostgresException(
                        "the logical slot "
                                + slot
                                + " could not be taken out of "
                                + directory
                                + " again: "
                                + e
                                + "; remove it by hand",
                        e);
            }
        }
    }
}
