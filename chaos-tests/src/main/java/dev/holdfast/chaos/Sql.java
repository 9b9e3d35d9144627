package dev.holdfast.chaos;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** Sessions as the superuser of the clusters that the harness makes. */
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
        return connect(client.address(), properties);
    }

    /**
     * A session whose every wait ends after a while.
     *
     * @param limitSeconds the longest wait for a connection and for an answer
     */
    static Connection connect(Address address, int limitSeconds) throws SQLException {
        return connect(address, properties(limitSeconds));
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

    private static Connection connect(Address address, Properties properties) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://" + address + "/postgres", properties);
    }

    /** The first column of the first row as text, in a session of its own. */
    static String value(Address address, String query) {
        try (Connection connection = connect(address, 10);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            if (!rows.next()) {
                throw new IllegalStateException("no row on " + address + " for: " + query);
            }
            return String.valueOf(rows.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException("on " + address + ": " + query, e);
        }
    }

    static void execute(Address address, String statement) {
        try (Connection connection = connect(address, 10);
                Statement running = connection.createStatement()) {
            running.execute(statement);
        } catch (SQLException e) {
            throw new IllegalStateException("on " + address + ": " + statement, e);
        }
    }
}
