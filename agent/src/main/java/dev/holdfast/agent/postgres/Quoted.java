package dev.holdfast.agent.postgres;

import java.util.Map;
import java.util.StringJoiner;

/**
 * Values written so that PostgreSQL reads back exactly them. Whatever comes from a configuration or
 * from the store passes through here before it reaches a file, so no value can smuggle in a second
 * setting.
 */
final class Quoted {
    private Quoted() {}

    /** A value in {@code postgresql.conf}, which allows no line break within quotes. */
    static String configurationValue(String name, String value) {
        if (value.indexOf(0) >= 0) {
            throw new PostgresException(
                    "the parameter "
                            + name
                            + " holds a NUL character, which PostgreSQL cannot read: correct it in"
                            + " the configuration");
        }
        return "'"
                + value.replace("\\", "\\\\")
                        .replace("'", "''")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                + "'";
    }

    /** The name of a parameter, in lower case since PostgreSQL does not mind the case. */
    static String parameterName(String name) {
        if (!name.matches("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*")) {
            throw new PostgresException(
                    "\""
                            + name
                            + "\" under postgresql.parameters is not the name of a parameter:"
                            + " letters, digits and underscores, with dots between");
        }
        return name.toLowerCase(java.util.Locale.ROOT);
    }

    /** A connection string of libpq. */
    static String connectionString(Map<String, String> keywords) {
        StringJoiner joined = new StringJoiner(" ");
        keywords.forEach((keyword, value) ->
                joined.add(keyword + "='" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"));
        return joined.toString();
    }

    /** A field of a password file, whose lines end at a line break and whose fields at a colon. */
    static String passwordField(String what, String value) {
        if (value.chars().anyMatch(c -> c == '\n' || c == '\r' || c == 0)) {
            throw new PostgresException(
                    "the "
                            + what
                            + " under postgresql.authentication holds a line break, which a"
                            + " password file cannot: choose another");
        }
        return value.replace("\\", "\\\\").replace(":", "\\:");
    }

    /** An identifier in SQL. */
    static String identifier(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** A literal in SQL, with {@code standard_conforming_strings} on as it is by default. */
    static String literal(String value) {
        return (value.indexOf('\\') < 0 ? "'" : " E'")
                + value.replace("\\", "\\\\").replace("'", "''")
                + "'";
    }
}
