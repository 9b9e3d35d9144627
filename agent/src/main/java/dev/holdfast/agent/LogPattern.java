package dev.holdfast.agent;

import dev.holdfast.core.config.AgentConfig.Log;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The formats of Python's logging and of {@code strftime}, as logback and Java have them. */
final class LogPattern {
    private static final String OURS = "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0}: %msg%n";
    private static final String USUAL_DATE = "yyyy-MM-dd HH:mm:ss,SSS";
    private static final Pattern ATTRIBUTE =
            Pattern.compile("%\\((\\w+)\\)([-#0 +]*)(\\d*)(?:\\.\\d+)?[a-z]");

    private static final Map<String, String> WORDS =
            Map.ofEntries(
                    Map.entry("filename", "logger{0}"),
                    Map.entry("funcName", "method"),
                    Map.entry("lineno", "line"),
                    Map.entry("message", "msg"),
                    Map.entry("module", "logger{0}"),
                    Map.entry("name", "logger"),
                    Map.entry("thread", "thread"),
                    Map.entry("threadName", "thread"));

    private static final Set<String> CALLER = Set.of("funcName", "lineno");

    private static final Map<Character, String> DATES =
            Map.ofEntries(
                    Map.entry('Y', "yyyy"),
                    Map.entry('y', "yy"),
                    Map.entry('m', "MM"),
                    Map.entry('d', "dd"),
                    Map.entry('e', "d"),
                    Map.entry('H', "HH"),
                    Map.entry('I', "hh"),
                    Map.entry('M', "mm"),
                    Map.entry('S', "ss"),
                    Map.entry('p', "a"),
                    Map.entry('a', "EEE"),
                    Map.entry('A', "EEEE"),
                    Map.entry('b', "MMM"),
                    Map.entry('B', "MMMM"),
                    Map.entry('j', "DDD"),
                    Map.entry('z', "xx"),
                    Map.entry('Z', "zzz"),
                    Map.entry('F', "yyyy-MM-dd"),
                    Map.entry('T', "HH:mm:ss"));

    private LogPattern() {}

    /** The whole pattern of a plain line. */
    static String of(Log log) {
        return log.format().map(format -> converted(format, log) + "%n").orElse(OURS)
                + exception(log);
    }

    /** All of a stack trace, or its first line. */
    private static String exception(Log log) {
        return showsTraces(log) ? "%ex" : "%ex{short}";
    }

    static boolean showsTraces(Log log) {
        return ch.qos.logback.classic.Level.toLevel(log.tracebackLevel())
                .isGreaterOrEqual(ch.qos.logback.classic.Level.toLevel(log.level()));
    }

    /** Whether a line says where in the code it comes from, which costs a stack trace each. */
    static boolean showsCaller(Log log) {
        Predicate<String> asks = text -> CALLER.stream().anyMatch(text::contains);
        return log.format().filter(asks).isPresent()
                || log.fields().stream().map(Log.Field::attribute).anyMatch(asks);
    }

    private static String converted(String format, Log log) {
        StringBuilder pattern = new StringBuilder();
        Matcher attribute = ATTRIBUTE.matcher(format);
        int end = 0;
        while (attribute.find()) {
            pattern.append(literal(format.substring(end, attribute.start())));
            String width = (attribute.group(2).contains("-") ? "-" : "") + attribute.group(3);
            pattern.append(word(attribute.group(1), width.equals("-") ? "" : width, log));
            end = attribute.end();
        }
        return pattern.append(literal(format.substring(end))).toString();
    }

    private static String word(String attribute, String width, Log log) {
        return switch (attribute) {
            case "asctime" -> "%" + width + "date{\"" + date(log.dateFormat()) + "\"}";
            case "created" -> "%" + width + "epoch{seconds}";
            case "msecs" -> "%" + width + "date{SSS}";
            case "process" -> String.valueOf(ProcessHandle.current().pid());
            // Python's word for it.
            case "levelname" -> "%" + width + "replace(%level){'^WARN$','WARNING'}";
            default ->
                    Optional.ofNullable(WORDS.get(attribute))
                            .map(word -> "%" + width + word)
                            .orElse("");
        };
    }

    /** Without a meaning of its own in a pattern. */
    private static String literal(String text) {
        return text.replace("%%", "%").replaceAll("[\\\\%()]", "\\\\$0");
    }

    /** A pattern of Java's for one of {@code strftime}. */
    static String date(Optional<String> strftime) {
        if (strftime.isEmpty()) {
            return USUAL_DATE;
        }
        String text = strftime.get();
        StringBuilder pattern = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%' && i + 1 < text.length()) {
                i++;
                pattern.append(DATES.getOrDefault(text.charAt(i), "'" + text.charAt(i) + "'"));
            } else {
                pattern.append(Character.isLetter(c) ? "'" + c + "'" : String.valueOf(c));
            }
        }
        // Letters that follow each other are one text.
        return pattern.toString().replace("''", "");
    }
}
