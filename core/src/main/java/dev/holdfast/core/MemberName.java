package dev.holdfast.core;

import org.jspecify.annotations.Nullable;

/**
 * The name of a member, unique within its cluster. It becomes an etcd key, an {@code
 * application_name} and a word in {@code synchronous_standby_names}, so it holds no slash, comma,
 * quote, backslash, control character or surrounding blank. It is ASCII, since PostgreSQL replaces
 * every other character of an {@code application_name}, and then no session would match; and it is
 * not {@code *}, which matches every session.
 */
public record MemberName(String value) implements Comparable<MemberName> {
    /**
     * Stands in {@code synchronous_standby_names} for a standby that cannot come: with it commits
     * wait, as the strict mode asks for. So no member may be called so.
     */
    public static final MemberName NOBODY = new MemberName("__holdfast_strict__");

    public MemberName {
        if (!isValid(value)) {
            throw new IllegalArgumentException(
                    "\""
                            + value
                            + "\" is not a member name: 1 to 63 ASCII characters, no slash, comma,"
                            + " quote, backslash, control character or surrounding blank, and"
                            + " not *");
        }
    }

    public static boolean isValid(String text) {
        return !text.isEmpty()
                && text.length() <= 63
                && !text.equals("*")
                && text.equals(text.strip())
                && hasOnlyAllowed(text);
    }

    private static boolean hasOnlyAllowed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 32 || c > 126 || c == '/' || c == ',' || c == '"' || c == '\'' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    /**
     * The physical replication slot kept for this member: PostgreSQL allows lower-case letters,
     * digits and underscores.
     */
    public String slotName() {
        return isSlotName(value) ? value : madeSlotName();
    }

    private static boolean isSlotChar(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }

    private static boolean isSlotName(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isSlotChar(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private String madeSlotName() {
        StringBuilder slot = new StringBuilder();
        for (char c : value.toLowerCase(java.util.Locale.ROOT).toCharArray()) {
            if (isSlotChar(c)) {
                slot.append(c);
            } else if (c == '-' || c == '.') {
                slot.append('_');
            } else {
                slot.append('u').append(String.format(java.util.Locale.ROOT, "%04d", (int) c));
            }
        }
        return slot.length() > 63 ? slot.substring(0, 63) : slot.toString();
    }

    /**
     * PostgreSQL compares {@code application_name} with the names of synchronous standbys without
     * regard to case.
     */
    public boolean matches(String applicationName) {
        return value.equalsIgnoreCase(applicationName);
    }

    // By hand, since every rule compares names: what a record has of itself is slow where only C1
    // compiles.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MemberName that && value.equals(that.value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public int compareTo(MemberName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
