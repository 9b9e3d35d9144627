package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.Table.Column;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/** SQL on one member's PostgreSQL, over a connection of its own. */
final class SqlQuery {
    private static final String CONNECT_SECONDS = "5";

    private SqlQuery() {}

    /** Runs {@code sql}, and returns the rows of its last statement that has some. */
    static Table run(
            MemberRow member,
            RoleFilter role,
            Optional<String> username,
            Optional<String> database,
            Optional<String> password,
            String sql) {
        String user = username.orElseGet(() -> System.getProperty("user.name"));
        Properties properties = new Properties();
        properties.setProperty("user", user);
        password.ifPresent(secret -> properties.setProperty("password", secret));
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("ApplicationName", "holdfastctl");
        String host = member.host().contains(":") ? "[" + member.host() + "]" : member.host();
        String url =
                "jdbc:postgresql://"
                        + host
                        + ":"
                        + member.port().orElse(5432)
                        + "/"
                        + database.orElse(user);
        try (Connection connection = DriverManager.getConnection(url, properties);
                Statement statement = connection.createStatement()) {
            checkRole(member, role, statement);
            return run(statement, sql);
        } catch (SQLException e) {
            throw new CtlException(
                    "member "
                            + member.name()
                            + " at "
                            + member.address()
                            + ": "
                            + e.getMessage()
                            + (e.getSQLState() == null ? "" : ", SQLSTATE: " + e.getSQLState()),
                    e);
        }
    }

    /** The store may be a moment behind: who asked for the primary must not write elsewhere. */
    private static void checkRole(MemberRow member, RoleFilter role, Statement statement)
            throws SQLException {
        Optional<Boolean> recovers =
                switch (role) {
                    case LEADER ->
                            member.role() == MemberRow.Role.LEADER
                                    ? Optional.of(false)
                                    : Optional.of(true);
                    case PRIMARY -> Optional.of(false);
                    case STANDBY_LEADER, REPLICA, STANDBY -> Optional.of(true);
                    case ANY -> Optional.empty();
                };
        if (recovers.isEmpty()) {
            return;
        }
        try (ResultSet answer = statement.executeQuery("SELECT pg_is_in_recovery()")) {
            if (!answer.next() || answer.getBoolean(1) != recovers.get()) {
                throw new CtlException(
                        "No connection to role="
                                + role
                                + " is available: "
                                + member.name()
                                + " has another role by now.");
            }
        }
    }

    private static Table run(Statement statement, String sql) throws SQLException {
        Table last = new Table("", List.of(), List.of());
        boolean rows = statement.execute(sql);
        while (rows || statement.getUpdateCount() >= 0) {
            if (rows) {
                try (ResultSet answer = statement.getResultSet()) {
                    last = table(answer);
                }
            }
            rows = statement.getMoreResults();
        }
        return last;
    }

    private static Table table(ResultSet answer) throws SQLException {
        ResultSetMetaData shape = answer.getMetaData();
        List<Column> columns = new ArrayList<>();
        for (int i = 1; i <= shape.getColumnCount(); i++) {
            columns.add(Column.left(shape.getColumnLabel(i)));
        }
        List<List<Object>> rows = new ArrayList<>();
        while (answer.next()) {
            List<Object> row = new ArrayList<>();
            for (int i = 1; i <= shape.getColumnCount(); i++) {
                row.add(value(answer, i, shape.getColumnType(i)));
            }
            rows.add(row);
        }
        return new Table("", columns, rows);
    }

    private static Object value(ResultSet answer, int column, int type) throws SQLException {
        String text = answer.getString(column);
        if (text == null) {
            return "";
        }
        return switch (type) {
            case Types.SMALLINT, Types.INTEGER, Types.BIGINT -> answer.getLong(column);
            case Types.NUMERIC, Types.REAL, Types.DOUBLE -> number(text);
            case Types.BIT, Types.BOOLEAN -> answer.getBoolean(column);
            default -> text;
        };
    }

    /** PostgreSQL's numbers may be NaN or infinite, which JSON's may not. */
    private static Object number(String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            return text;
        }
    }
}
