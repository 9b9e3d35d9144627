package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value of {@code synchronous_standby_names} in priority mode: the first {@code number} of {@code
 * names} that are connected confirm each commit. Never {@code *}, which pg_receivewal would match.
 */
public record SyncNames(int number, List<MemberName> names) {
    public static final SyncNames NONE = new SyncNames(0, List.of());

    /** Stands for a standby that cannot come: with it commits wait, as the strict mode asks for. */
    private static final MemberName NOBODY = new MemberName("__holdfast_strict__");

    private static final Pattern FORM =
            Pattern.compile(
                    "(?:(?:first\\s+)?(\\d{1,4})\\s*)?\\((.*)\\)", Pattern.CASE_INSENSITIVE);

    /** A word that PostgreSQL reads as a name without quotes. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*|\\d+");

    public SyncNames {
        names = List.copyOf(names);
    }

    /** Every one of {@code members} confirms. */
    public static SyncNames all(Collection<MemberName> members) {
        List<MemberName> sorted = new ArrayList<>(members);
        sorted.sort(null);
        return new SyncNames(sorted.size(), sorted);
    }

    public static SyncNames nobody() {
        return all(List.of(NOBODY));
    }

    public boolean isEmpty() {
        return names.isEmpty();
    }

    /** The members without whom no commit is acknowledged; none when some of the list would do. */
    public SortedSet<MemberName> enforced() {
        return number >= names.size() ? new TreeSet<>(names) : new TreeSet<>();
    }

    /** The value as PostgreSQL reads it. */
    public String render() {
        if (names.isEmpty()) {
            return "";
        }
        StringBuilder quoted = new StringBuilder();
        for (MemberName name : names) {
            quoted.append(quoted.isEmpty() ? "" : ", ")
                    .append('"')
                    .append(name.value())
                    .append('"');
        }
        return number == 1 && names.size() == 1
                ? quoted.toString()
                : "FIRST " + number + " (" + quoted + ")";
    }

    /**
     * Reads what this class renders, and the plain forms of Patroni; empty for anything else,
     * {@code ANY} and {@code *} too.
     */
    public static Optional<SyncNames> parse(String value) {
        String text = value.strip();
        if (text.isEmpty()) {
            return Optional.of(NONE);
        }
        Matcher form = FORM.matcher(text);
        int number = 1;
        String list = text;
        if (form.matches()) {
            number = form.group(1) == null ? 1 : Integer.parseInt(form.group(1));
            list = form.group(2);
        }
        List<MemberName> names = new ArrayList<>();
        for (String word : list.split(",", -1)) {
            String bare = word.strip();
            boolean quoted = bare.length() > 1 && bare.startsWith("\"") && bare.endsWith("\"");
            if (quoted) {
                bare = bare.substring(1, bare.length() - 1);
            }
            if (!MemberName.isValid(bare) || (!quoted && !PLAIN.matcher(bare).matches())) {
                return Optional.empty();
            }
            names.add(new MemberName(bare));
        }
        return Optional.of(new SyncNames(number, names));
    }
}
