package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.HostPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a server says of itself that Holdfast does not know yet.
 *
 * @param settings by name, those that somebody set for the whole server, as {@code postgresql.conf}
 *     would have them
 * @param hba lines of its {@code hba_file}, without comments
 * @param ident lines of its {@code ident_file}, without comments
 * @param replicationUser who may replicate and is no superuser, if there is one alone
 * @param binDir where the program is that runs; empty where this host does not show it
 */
public record RunningServer(
        SortedMap<String, String> settings,
        String dataDirectory,
        List<String> hba,
        List<String> ident,
        Optional<String> replicationUser,
        Optional<String> binDir) {
    private static final int CONNECT_SECONDS = 5;

    private static final String SETTINGS =
            """
            SELECT name, current_setting(name) FROM pg_settings
             WHERE context <> 'internal'
               AND source IN ('configuration file', 'command line', 'environment variable', 'global')
            """;

    private static final String REPLICATION_USERS =
            """
            SELECT rolname FROM pg_roles
             WHERE rolreplication AND rolcanlogin AND NOT rolsuper ORDER BY rolname
            """;

    /**
     * Asks a superuser's session.
     *
     * @throws PostgresException when the server does not answer, or refuses
     */
    public static RunningServer ask(HostPort address, Credentials user, String database) {
        Properties properties = new Properties();
        properties.setProperty("user", user.username());
        properties.setProperty("password", user.password());
        properties.setProperty("ApplicationName", "Holdfast");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("socketTimeout", Integer.toString(2 * CONNECT_SECONDS));
        try (Connection session = PostgresSessions.connect(address, database, properties)) {
            return ask(session);
        } catch (SQLException e) {
            throw PostgresSessions.failure("read the settings", address, e);
        }
    }

    private static RunningServer ask(Connection session) throws SQLException {
        String data = value(session, "SELECT current_setting('data_directory')");
        SortedMap<String, String> settings = new TreeMap<>();
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery(SETTINGS)) {
            while (row.next()) {
                settings.put(row.getString(1), row.getString(2));
            }
        }
        settings.put("listen_addresses", value(session, "SHOW listen_addresses"));
        settings.put("port", value(session, "SHOW port"));
        String users =
                value(
                        session,
                        "SELECT string_agg(rolname, ',') FROM (" + REPLICATION_USERS + ") r");
        return new RunningServer(
                settings,
                data,
                lines(session, "hba_file"),
                lines(session, "ident_file"),
                Optional.of(users).filter(user -> !user.isEmpty() && !user.contains(",")),
                programs(Path.of(data)));
    }

    private static String value(Connection session, String query) throws SQLException {
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return Optional.ofNullable(row.getString(1)).orElse("");
        }
    }

    /** The server reads its file for us: it may be closed to whoever asks. */
    private static List<String> lines(Connection session, String setting) throws SQLException {
        try (PreparedStatement statement =
                session.prepareStatement("SELECT pg_read_file(current_setting(?))")) {
            statement.setString(1, setting);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1)
                        .lines()
                        .map(line -> line.replaceFirst("^\\s*#.*", "").strip().replace('\t', ' '))
                        .filter(line -> !line.isEmpty())
                        .toList();
            }
        }
    }

    private static Optional<String> programs(Path data) {
        try {
            return Files.readAllLines(data.resolve("postmaster.pid")).stream()
                    .findFirst()
                    .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())))
                    .flatMap(process -> process.info().command())
                    .map(program -> String.valueOf(Path.of(program).getParent()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
