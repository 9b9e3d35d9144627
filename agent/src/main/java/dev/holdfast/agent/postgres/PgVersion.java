package dev.holdfast.agent.postgres;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The major version of the PostgreSQL programs, 13 to 18, and their full version as they print it.
 */
public record PgVersion(int major, String full) {
    private static final int OLDEST = 13;
    private static final int NEWEST = 18;
    private static final Pattern PRINTED = Pattern.compile("\\(PostgreSQL\\) ((\\d+)(?:[.\\w]*))");

    /** Reads what {@code postgres --version} prints; empty when that names no version. */
    static Optional<PgVersion> parse(String printed) {
        Matcher found = PRINTED.matcher(printed);
        return found.find()
                ? Optional.of(new PgVersion(Integer.parseInt(found.group(2)), found.group(1)))
                : Optional.empty();
    }

    boolean isSupported() {
        return major >= OLDEST && major <= NEWEST;
    }

    boolean isAtLeast(int wanted) {
        return major >= wanted;
    }
}
