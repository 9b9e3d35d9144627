package dev.holdfast.core;

import java.util.Optional;

/**
 * A position in the write-ahead log: an unsigned 64-bit byte offset, written by PostgreSQL as
 * {@code 16/B374D848}.
 */
public record Lsn(long value) implements Comparable<Lsn> {
    /** The invalid position, which PostgreSQL writes as {@code 0/0}. */
    public static final Lsn ZERO = new Lsn(0);

    /** Reads PostgreSQL's text form; empty when {@code text} is not one. */
    public static Optional<Lsn> parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 1
                || slash > 8
                || text.length() - slash - 1 < 1
                || text.length() - slash - 1 > 8
                || !isHexadecimal(text, 0, slash)
                || !isHexadecimal(text, slash + 1, text.length())) {
            return Optional.empty();
        }
        long high = Long.parseLong(text, 0, slash, 16);
        long low = Long.parseLong(text, slash + 1, text.length(), 16);
        return Optional.of(new Lsn(high << 32 | low));
    }

    /** No sign, which {@link Long#parseLong} would take, and no digits of other scripts. */
    private static boolean isHexadecimal(String text, int from, int to) {
        return text.substring(from, to)
                .chars()
                .allMatch(c ->
                        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
    }

    /** Reads PostgreSQL's text form of a position that must be valid. */
    public static Lsn of(String text) {
        return parse(text)
                .orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is not an LSN"));
    }

    public boolean isBefore(Lsn other) {
        return compareTo(other) < 0;
    }

    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    public static Lsn max(Lsn a, Lsn b) {
        return a.isBefore(b) ? b : a;
    }

    /** How many bytes this position lies past {@code other}; 0 when it does not. */
    public long bytesPast(Lsn other) {
        return isAfter(other) ? value - other.value : 0;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toHexString(value >>> 32).toUpperCase(java.util.Locale.ROOT)
                + "/"
                + Long.toHexString(value & 0xFFFF_FFFFL).toUpperCase(java.util.Locale.ROOT);
    }
}
