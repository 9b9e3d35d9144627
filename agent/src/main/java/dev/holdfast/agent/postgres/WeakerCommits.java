package dev.holdfast.agent.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds where {@code synchronous_commit} is set to something that does not wait until a standby has
 * flushed: for a role or a database, or in a configuration file. What a session sets for itself
 * cannot be seen.
 */
final class WeakerCommits {
    private static final String QUERY =
            """
            WITH found AS (
                SELECT concat_ws(' in ',
                                 'role ' || quote_ident(r.rolname),
                                 'database ' || quote_ident(d.datname)) AS whom,
                       split_part(c, '=', 2) AS value
                  FROM pg_db_role_setting s
                  LEFT JOIN pg_roles r ON r.oid = s.setrole
                  LEFT JOIN pg_database d ON d.oid = s.setdatabase
                 CROSS JOIN unnest(s.setconfig) AS c
                 WHERE c LIKE 'synchronous_commit=%'
                 UNION ALL
                SELECT 'every session, by ' || sourcefile, setting
                  FROM pg_file_settings
                 WHERE name = 'synchronous_commit' AND applied)
            SELECT 'synchronous_commit is ' || value || ' for '
                       || coalesce(nullif(whom, ''), 'every role')
              FROM found
             WHERE lower(value) IN ('off', 'false', 'no', '0', 'local', 'remote_write')
             ORDER BY 1
            """;

    private WeakerCommits() {}

    static List<String> read(Connection session) throws SQLException {
        List<String> sentences = new ArrayList<>();
        try (Statement statement = session.createStatement();
                ResultSet rows = statement.executeQuery(QUERY)) {
            while (rows.next()) {
                sentences.add(rows.getString(1));
            }
        }
        return sentences;
    }
}
