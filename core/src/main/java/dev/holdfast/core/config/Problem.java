package dev.holdfast.core.config;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong, or without effect, in a configuration.
 *
 * @param path the key, its parts joined by dots; entries of a list as {@code key[0]}
 * @param found what stands there, ready to be shown: never a password
 * @param expected for an error what should stand there, for a warning what becomes of it ("is not
 *     supported yet and is ignored")
 */
public record Problem(Severity severity, String path, String found, String expected) {

    /** What a problem means for whoever reads the configuration. */
    public enum Severity {
        /**
         * The value is not used. A file with one is refused; a live cluster goes on with the last
         * good configuration.
         */
        ERROR,
        /**
         * The configuration is used, and this part of it does nothing or not what its author may
         * think.
         */
        WARNING
    }

    private static final int LONGEST_SHOWN = 80;
    private static final Pattern URL_CREDENTIALS = Pattern.compile("//.*@");

    public static Problem error(String path, String found, String expected) {
        return new Problem(Severity.ERROR, path, found, expected);
    }

    public static Problem warning(String path, String found, String whatBecomesOfIt) {
        return new Problem(Severity.WARNING, path, found, whatBecomesOfIt);
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }

    /** Whether it is of the value at this path, wherever that came from. */
    public boolean isAt(String value) {
        return path.equals(value) || path.startsWith(value + " (from the variable");
    }

    /** Where it is, what was found, and what is expected or becomes of it. */
    public String sentence() {
        return switch (severity) {
            case ERROR -> path + ": found " + found + ", expected " + expected + ".";
            case WARNING -> path + ": found " + found + ", which " + expected + ".";
        };
    }

    /**
     * A value as a sentence can carry it: short, on one line, and without the credentials a URL may
     * hold.
     */
    public static String show(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case Map<?, ?> map ->
                    map.isEmpty()
                            ? "an empty map"
                            : "a map with the keys " + clip(String.valueOf(map.keySet()));
            case List<?> list -> list.isEmpty() ? "an empty list" : "a list";
            case Number number -> clip(number.toString());
            case Boolean flag -> flag.toString();
            default -> '"' + clip(withoutCredentials(String.valueOf(value))) + '"';
        };
    }

    static String withoutCredentials(String text) {
        return URL_CREDENTIALS.matcher(text).replaceAll("//***@");
    }

    private static String clip(String text) {
        String line = text.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= LONGEST_SHOWN ? line : line.substring(0, LONGEST_SHOWN) + "...";
    }
}
