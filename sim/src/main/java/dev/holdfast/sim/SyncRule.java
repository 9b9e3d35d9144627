package dev.holdfast.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code synchronous_standby_names} as PostgreSQL reads it, in both of its forms.
 *
 * @param number how many must confirm; 0 when nobody is asked
 */
record SyncRule(Form form, int number, List<String> names) {
    /** How those are chosen that must confirm. */
    enum Form {
        /** The first that are connected, in the order of the names. */
        FIRST,
        /** Any of them. */
        ANY
    }

    static final SyncRule NOBODY = new SyncRule(Form.FIRST, 0, List.of());

    private static final Pattern TEXT =
            Pattern.compile("(?:(FIRST|ANY)\\s+)?(\\d+)\\s*\\((.*)\\)", Pattern.CASE_INSENSITIVE);

    static SyncRule parse(String value) {
        if (value.isBlank()) {
            return NOBODY;
        }
        Matcher form = TEXT.matcher(value.strip());
        boolean full = form.matches();
        List<String> names = new ArrayList<>();
        for (String word : (full ? form.group(3) : value).split(",", -1)) {
            names.add(word.strip().replace("\"", "").toLowerCase(Locale.ROOT));
        }
        return new SyncRule(
                full && "ANY".equalsIgnoreCase(form.group(1)) ? Form.ANY : Form.FIRST,
                full ? Integer.parseInt(form.group(2)) : 1,
                List.copyOf(names));
    }

    /** {@code sync_priority}: 0 for a standby that is not named. */
    int priority(String applicationName) {
        int at = names.indexOf(applicationName.toLowerCase(Locale.ROOT));
        if (at < 0) {
            return 0;
        }
        return switch (form) {
            case FIRST -> at + 1;
            case ANY -> 1;
        };
    }
}
