package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.SyncState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value of {@code synchronous_standby_names}: {@code number} of {@code names} confirm each
 * commit. Never {@code *}, which pg_receivewal would match.
 */
public record SyncNames(Form form, int number, List<MemberName> names) {
    /** Which of those that are connected are waited for. */
    public enum Form {
        /** The first of them. */
        FIRST,
        /** Whichever come first. */
        ANY
    }

    public static final SyncNames NONE = new SyncNames(Form.FIRST, 0, List.of());

    private static final Pattern FORM =
            Pattern.compile(
                    "(?:(?:(first|any)\\s+)?(\\d{1,4})\\s*)?\\((.*)\\)", Pattern.CASE_INSENSITIVE);

    /** A word that PostgreSQL reads as a name without quotes. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*|\\d+");

    public SyncNames {
        names = List.copyOf(names);
    }

    /** Every one of {@code members} confirms. */
    public static SyncNames all(Collection<MemberName> members) {
        List<MemberName> sorted = new ArrayList<>(members);
        sorted.sort(null);
        return new SyncNames(Form.FIRST, sorted.size(), sorted);
    }

    /** Any {@code number} of {@code members} confirm. */
    public static SyncNames any(int number, Collection<MemberName> members) {
        return new SyncNames(Form.ANY, number, members.stream().sorted().toList());
    }

    public static SyncNames nobody() {
        return all(List.of(MemberName.NOBODY));
    }

    public boolean isEmpty() {
        return names.isEmpty();
    }

    /** The members without whom no commit is acknowledged; none when some of the list would do. */
    public SortedSet<MemberName> enforced() {
        return number >= names.size() ? new TreeSet<>(names) : new TreeSet<>();
    }

    /**
     * The one promise of both synchronous modes: every set of standbys by whose word a commit may
     * return meets every set that may elect by {@code sync}. Of those named {@code number} are
     * taken, of the voters one more than {@code quorum}: together more than there are.
     */
    public boolean keep(SyncState sync) {
        SortedSet<MemberName> all = new TreeSet<>(sync.standbys());
        all.addAll(names);
        return sync.standbys().isEmpty() || number + sync.quorum() >= all.size();
    }

    /** Whether who confirms a commit under this value includes who would have under the other. */
    public boolean asStrongAs(SyncNames other) {
        long strangers = names.stream().filter(m -> !other.names.contains(m)).count();
        return other.number == 0 || number - strangers >= other.number;
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
        return form == Form.FIRST && number == 1 && names.size() == 1
                ? quoted.toString()
                : form + " " + number + " (" + quoted + ")";
    }

    /**
     * Reads what this class renders, and the plain forms of Patroni; empty for anything else,
     * {@code *} too.
     */
    public static Optional<SyncNames> parse(String value) {
        String text = value.strip();
        if (text.isEmpty()) {
            return Optional.of(NONE);
        }
        boolean any = false;
        int number = 1;
        String list = text;
        if (text.endsWith(")")) {
            Matcher form = FORM.matcher(text);
            if (form.matches()) {
                any = "any".equalsIgnoreCase(form.group(1));
                number = form.group(2) == null ? 1 : Integer.parseInt(form.group(2));
                list = form.group(3);
            }
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
        return Optional.of(new SyncNames(any ? Form.ANY : Form.FIRST, number, names));
    }
}
