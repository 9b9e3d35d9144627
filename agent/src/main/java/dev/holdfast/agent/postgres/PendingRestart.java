package dev.holdfast.agent.postgres;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which parameters differ from what is configured until the next start. The server's own {@code
 * pending_restart} is not enough: what stands on its command line hides a change in the file. Where
 * a recovery ends is of no concern to a server that was recovered.
 */
final class PendingRestart {
    private static final String QUERY =
            """
            SELECT name, setting, unit, vartype, current_setting(name), boot_val, pending_restart
              FROM pg_settings
             WHERE context = 'postmaster' AND NOT starts_with(name, 'recovery_target')
             ORDER BY name
            """;

    private static final Pattern NUMBER =
            Pattern.compile(
                    "\\s*([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)\\s*([A-Za-z]*)\\s*");

    /** Bytes, and microseconds. PostgreSQL minds the case of units. */
    private static final Map<String, BigDecimal> UNITS =
            Map.ofEntries(
                    Map.entry("B", new BigDecimal("1")),
                    Map.entry("kB", new BigDecimal("1024")),
                    Map.entry("MB", new BigDecimal("1048576")),
                    Map.entry("GB", new BigDecimal("1073741824")),
                    Map.entry("TB", new BigDecimal("1099511627776")),
                    Map.entry("us", new BigDecimal("1")),
                    Map.entry("ms", new BigDecimal("1000")),
                    Map.entry("s", new BigDecimal("1000000")),
                    Map.entry("min", new BigDecimal("60000000")),
                    Map.entry("h", new BigDecimal("3600000000")),
                    Map.entry("d", new BigDecimal("86400000000")));

    /** A line of {@code pg_settings}; {@code shown} is the value with its unit. */
    record Setting(
            String name,
            String setting,
            Optional<String> unit,
            String type,
            String shown,
            String bootValue,
            boolean pending) {}

    private PendingRestart() {}

    static List<Setting> read(Connection session) throws SQLException {
        List<Setting> settings = new ArrayList<>();
        try (Statement statement = session.createStatement();
                ResultSet row = statement.executeQuery(QUERY)) {
            while (row.next()) {
                settings.add(
                        new Setting(
                                row.getString(1),
                                orEmpty(row.getString(2)),
                                Optional.ofNullable(row.getString(3)),
                                row.getString(4),
                                orEmpty(row.getString(5)),
                                orEmpty(row.getString(6)),
                                row.getBoolean(7)));
            }
        }
        return settings;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** What differs, each as {@code old->new}. */
    static SortedMap<String, String> of(List<Setting> settings, Map<String, String> wanted) {
        SortedMap<String, String> pending = new TreeMap<>();
        for (Setting setting : settings) {
            String value = wanted.get(setting.name());
            if (value != null && !same(setting, value)) {
                pending.put(setting.name(), setting.shown() + "->" + value);
            } else if (value == null && setting.pending()) {
                pending.put(setting.name(), setting.shown() + "->" + setting.bootValue());
            }
        }
        return pending;
    }

    private static boolean same(Setting setting, String wanted) {
        return switch (setting.type()) {
            case "bool" -> truth(setting.setting()).equals(truth(wanted));
            case "enum" -> setting.setting().equalsIgnoreCase(wanted.strip());
            case "integer", "real" -> sameNumber(setting, wanted);
            default -> setting.setting().equals(wanted);
        };
    }

    /** PostgreSQL takes every unambiguous beginning of these words. */
    private static Optional<Boolean> truth(String text) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        if (word.isEmpty() || word.equals("o")) {
            return Optional.empty();
        }
        if (List.of("true", "yes", "on", "1").stream().anyMatch(each -> each.startsWith(word))) {
            return Optional.of(true);
        }
        return List.of("false", "no", "off", "0").stream().anyMatch(each -> each.startsWith(word))
                ? Optional.of(false)
                : Optional.empty();
    }

    private static boolean sameNumber(Setting setting, String wanted) {
        BigDecimal unit = setting.unit().map(PendingRestart::unit).orElse(BigDecimal.ONE);
        Optional<BigDecimal> value = number(wanted, unit);
        if (value.isEmpty()) {
            return setting.setting().equals(wanted.strip());
        }
        // The server rounds to its own unit; half of one is the same value.
        BigDecimal difference =
                value.get().subtract(new BigDecimal(setting.setting()).multiply(unit));
        return setting.type().equals("integer")
                ? difference.abs().multiply(BigDecimal.TWO).compareTo(unit) <= 0
                : difference.signum() == 0;
    }

    private static BigDecimal unit(String text) {
        Matcher counted = Pattern.compile("(\\d*)([A-Za-z]+)").matcher(text);
        if (!counted.matches()) {
            return BigDecimal.ONE;
        }
        BigDecimal count =
                counted.group(1).isEmpty() ? BigDecimal.ONE : new BigDecimal(counted.group(1));
        return count.multiply(UNITS.getOrDefault(counted.group(2), BigDecimal.ONE));
    }

    /** In bytes, microseconds, or as it is; a number without a unit is in the setting's own. */
    private static Optional<BigDecimal> number(String text, BigDecimal own) {
        Matcher number = NUMBER.matcher(text);
        if (!number.matches()) {
            return Optional.empty();
        }
        BigDecimal value = new BigDecimal(number.group(1));
        return number.group(2).isEmpty()
                ? Optional.of(value.multiply(own))
                : Optional.ofNullable(UNITS.get(number.group(2))).map(value::multiply);
    }
}
