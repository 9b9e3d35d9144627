package dev.holdfast.chaos;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** Sessions on 127.0.0.1 as the superuser of the clusters that the harness makes. */
final class Sql {
    static final String USER = "postgres";
    static final String PASSWORD = "super-secret";

    private Sql() {}

    /** A session for one of the clients that write. */
    static Connection connect(Client client) throws SQLException {
        Properties properties = properties(client.route().limitSeconds());
        if (!client.route().settings().isEmpty()) {
            properties.setProperty("options", client.route().settings());
        }
        return connect(client.port(), properties);
    }

    /**
     * A session whose every wait ends after a while.
     *
     * @param limitSeconds the longest wait for a connection and for an answer
     */
    static Connection connect(int port, int limitSeconds) throws SQLException {
        return connect(port, properties(limitSeconds));
    }

    private static Properties properties(int limitSeconds) {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", PASSWORD);
        // One round trip for the connection instead of three: these servers have no TLS.
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("connectTimeout", String.valueOf(limitSeconds));
        properties.setProperty("socketTimeout", String.valueOf(limitSeconds));
        properties.setProperty("assumeMinServerVersion", "13");
        properties.setProperty("ApplicationName", "chaos");
        return properties;
    }

    private static Connection connect(int port, Properties properties) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
    }

    /** The first column of the first row as text, in a session of its own. */
    static String value(int port, String query) {
        try (Connection connection = connect(port, 10);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            if (!rows.next()) {
                throw new IllegalStateException("no row on port " + port + " for: " + query);
            }
            return String.valueOf(rows.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException("on port " + port + ": " + query, e);
        }
    }

    static void execute(int port, String statement) {
        try (Connection connection = connect(port, 10);
                Statement running = connection.createStatement()) {
            running.execute(statement);
        } catch (SQLException e) {
            throw new IllegalStateException("on port " + port + ": " + statement, e);
        }
    }
}
