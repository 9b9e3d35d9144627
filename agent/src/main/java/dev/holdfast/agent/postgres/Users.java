package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.postgresql.util.PasswordUtil;

/** Creates the users that members reach each other with, or corrects those that exist. */
final class Users {
    private static final int GRANTS_CHECKPOINT = 150_000;

    /** What pg_rewind calls on its source. */
    private static final List<String> REWIND_FUNCTIONS =
            List.of(
                    "pg_ls_dir(text, boolean, boolean)",
                    "pg_stat_file(text, boolean)",
                    "pg_read_binary_file(text)",
                    "pg_read_binary_file(text, bigint, bigint, boolean)");

    private final AgentConfig.Postgres config;

    Users(AgentConfig.Postgres config) {
        this.config = config;
    }

    /** Within a session of the superuser on a primary. All of it, or nothing. */
    boolean create(Connection session) throws SQLException {
        session.setAutoCommit(false);
        try (Statement statement = session.createStatement()) {
            // What is sent is a hash, but a hash in a log can be tried at leisure.
            statement.execute("SET LOCAL log_statement = 'none'");
            statement.execute("SET LOCAL log_min_duration_statement = -1");
            statement.execute("SET LOCAL log_min_error_statement = 'panic'");
            // Taken for their settings also where the extensions are not loaded.
            statement.execute("SET LOCAL pg_stat_statements.track_utility = 'off'");
            statement.execute("SET LOCAL pgaudit.log = 'none'");
            DatabaseUser replication = config.replication();
            if (!isSuperuser(replication)) {
                put(session, replication, "LOGIN REPLICATION");
            }
            DatabaseUser rewind = config.rewind();
            if (!isSuperuser(rewind)) {
                boolean both = rewind.username().equals(replication.username());
                put(session, rewind, both ? "LOGIN REPLICATION" : "LOGIN");
                allowRewind(statement, rewind);
            }
        }
        session.commit();
        return true;
    }

    private boolean isSuperuser(DatabaseUser user) {
        return user.username().equals(config.superuser().username());
    }

    private static void put(Connection session, DatabaseUser user, String attributes)
            throws SQLException {
        StringBuilder command =
                new StringBuilder(exists(session, user) ? "ALTER ROLE " : "CREATE ROLE ")
                        .append(Quoted.identifier(user.username()))
                        .append(' ')
                        .append(attributes);
        if (!user.password().isEmpty()) {
            String hash = PasswordUtil.encodeScramSha256(user.password().toCharArray());
            command.append(" PASSWORD ").append(Quoted.literal(hash));
        }
        try (Statement statement = session.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(command.toString());
        }
    }

    private static boolean exists(Connection session, DatabaseUser user) throws SQLException {
        try (PreparedStatement query =
                session.prepareStatement("SELECT FROM pg_roles WHERE rolname = ?")) {
            query.setString(1, user.username());
            try (ResultSet row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private static void allowRewind(Statement statement, DatabaseUser rewind) throws SQLException {
        String user = Quoted.identifier(rewind.username());
        for (String function : REWIND_FUNCTIONS) {
            statement.execute("GRANT EXECUTE ON FUNCTION pg_catalog." + function + " TO " + user);
        }
        try (ResultSet version =
                statement.executeQuery("SELECT current_setting('server_version_num')::int")) {
            version.next();
            if (version.getInt(1) < GRANTS_CHECKPOINT) {
                return;
            }
        }
        statement.execute("GRANT pg_checkpoint TO " + user);
    }
}
