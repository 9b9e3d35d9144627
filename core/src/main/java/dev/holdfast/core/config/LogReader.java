package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.Log;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code log}. */
final class LogReader {
    /** The attributes of a line that Python's logging has, as far as they have a counterpart. */
    private static final List<String> ATTRIBUTES =
            List.of(
                    "asctime",
                    "created",
                    "filename",
                    "funcName",
                    "levelname",
                    "lineno",
                    "message",
                    "module",
                    "msecs",
                    "name",
                    "process",
                    "thread",
                    "threadName");

    private static final Pattern ATTRIBUTE =
            Pattern.compile("%\\((\\w+)\\)[-#0 +]*\\d*(\\.\\d+)?[a-z]");
    private static final Pattern OF_PATRONI =
            Pattern.compile("(patroni|urllib3|etcd|kazoo)(\\..*)?");
    private static final List<Log.Field> USUAL_FIELDS =
            List.of(
                    new Log.Field("asctime", "asctime"),
                    new Log.Field("levelname", "levelname"),
                    new Log.Field("name", "name"),
                    new Log.Field("message", "message"));
    private static final int MOST_FILES = 1_000;
    private static final int MOST_LINES = 1_000_000;
    private static final long LEAST_FILE_BYTES = 1L << 10;
    private static final long FILE_BYTES = 25_000_000;
    private static final String LEVELS = "one of ERROR, WARNING, INFO, DEBUG, TRACE";

    private LogReader() {}

    static Log read(ConfigTree log) {
        log.without("has no effect: no line is repeated", "deduplicate_heartbeat_logs");
        Optional<String> level = log.read("level", LEVELS, LogReader::level);
        Log.Type type = log.read("type", "plain or json", LogReader::type).orElse(Log.Type.PLAIN);
        return new Log(
                level.orElse("INFO"),
                loggers(log),
                log.read("traceback_level", LEVELS, LogReader::level).orElse("ERROR"),
                type,
                format(log, type),
                log.text("dateformat"),
                fields(log, type),
                pairs(log, "static_fields"),
                files(log),
                log.integer("max_queue_size", 1, MOST_LINES).orElse(Log.USUAL_LINES));
    }

    private static Optional<Log.Files> files(ConfigTree log) {
        int count = log.integer("file_num", 1, MOST_FILES).orElse(4);
        long bytes = log.size("file_size", LEAST_FILE_BYTES, Long.MAX_VALUE).orElse(FILE_BYTES);
        Optional<String> mode =
                log.read(
                        "mode",
                        "permissions in octal digits that let the agent write, such as \"0640\"",
                        LogReader::mode);
        return log.absolutePath("dir").map(dir -> new Log.Files(dir, count, bytes, mode));
    }

    private static SortedMap<String, String> loggers(ConfigTree log) {
        SortedMap<String, String> loggers = new TreeMap<>();
        pairs(log, "loggers")
                .forEach((name, text) -> {
                    Optional<String> level = level(text);
                    if (OF_PATRONI.matcher(name).matches()) {
                        log.warning(
                                "loggers." + name,
                                "a module of Patroni or of its libraries",
                                "has no counterpart and is ignored; packages begin with dev.holdfast");
                    } else if (level.isEmpty()) {
                        log.error("loggers." + name, Problem.show(text), LEVELS);
                    } else {
                        loggers.put(name, level.get());
                    }
                });
        return loggers;
    }

    /** A map, or the text of one, as a variable has it. */
    private static SortedMap<String, String> pairs(ConfigTree log, String key) {
        return log.read(key, "a map of names and values", Pairs::of).orElse(new TreeMap<>());
    }

    private static Optional<String> format(ConfigTree log, Log.Type type) {
        if (type == Log.Type.JSON) {
            return Optional.empty();
        }
        Optional<String> format =
                log.read("format", "text such as \"%(levelname)s: %(message)s\"", Scalars::text);
        format.ifPresent(text -> attributes(text).forEach(name -> isKnown(log, name)));
        return format;
    }

    private static List<String> attributes(String format) {
        List<String> names = new ArrayList<>();
        Matcher matcher = ATTRIBUTE.matcher(format);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }

    private static boolean isKnown(ConfigTree log, String attribute) {
        boolean known = ATTRIBUTES.contains(attribute);
        if (!known) {
            log.warning(
                    "format",
                    "the attribute " + Problem.show(attribute),
                    "has no counterpart and is left out");
        }
        return known;
    }

    /** A format of JSON is text too, of which only the attributes count, or a list of them. */
    private static List<Log.Field> fields(ConfigTree log, Log.Type type) {
        if (type == Log.Type.PLAIN || !log.has("format")) {
            return USUAL_FIELDS;
        }
        List<Log.Field> fields = new ArrayList<>();
        log
                .read(
                        "format",
                        "a list of attributes, such as [asctime, levelname: level, message]",
                        LogReader::fields)
                .orElse(List.of())
                .stream()
                .filter(field -> isKnown(log, field.attribute()))
                .forEach(fields::add);
        return fields.isEmpty() ? USUAL_FIELDS : fields;
    }

    private static Optional<List<Log.Field>> fields(Object value) {
        List<Log.Field> fields = new ArrayList<>();
        List<?> entries =
                value instanceof List<?> list ? list : attributes(Scalars.text(value).orElse(""));
        for (Object entry : entries) {
            if (entry instanceof Map<?, ?> map) {
                map.forEach((name, key) ->
                        fields.add(new Log.Field(String.valueOf(name), String.valueOf(key))));
            } else {
                fields.add(new Log.Field(String.valueOf(entry), String.valueOf(entry)));
            }
        }
        return fields.isEmpty() ? Optional.empty() : Optional.of(fields);
    }

    /** Octal digits, which YAML reads as a number where they are not quoted. */
    private static Optional<String> mode(Object value) {
        String digits =
                value instanceof Number number
                        ? Long.toOctalString(number.longValue())
                        : Scalars.text(value).orElse("").strip().replaceFirst("^0+", "");
        if (!digits.matches("[67][0-7]{2}")) {
            return Optional.empty();
        }
        StringBuilder letters = new StringBuilder();
        digits.chars()
                .map(digit -> digit - '0')
                .forEach(bits ->
                        letters.append((bits & 4) == 0 ? '-' : 'r')
                                .append((bits & 2) == 0 ? '-' : 'w')
                                .append((bits & 1) == 0 ? '-' : 'x'));
        return Optional.of(letters.toString());
    }

    /** Patroni's names of levels are Python's; ours are those of Java's loggers. */
    private static Optional<String> level(Object value) {
        return Scalars.text(value)
                .flatMap(text ->
                        switch (text.strip().toUpperCase(Locale.ROOT)) {
                            case "CRITICAL", "FATAL", "ERROR" -> Optional.of("ERROR");
                            case "WARNING", "WARN" -> Optional.of("WARN");
                            case "INFO" -> Optional.of("INFO");
                            case "DEBUG" -> Optional.of("DEBUG");
                            case "TRACE", "NOTSET" -> Optional.of("TRACE");
                            default -> Optional.empty();
                        });
    }

    private static Optional<Log.Type> type(Object value) {
        return Scalars.text(value)
                .flatMap(text ->
                        switch (text.strip().toLowerCase(Locale.ROOT)) {
                            case "plain" -> Optional.of(Log.Type.PLAIN);
                            case "json" -> Optional.of(Log.Type.JSON);
                            default -> Optional.empty();
                        });
    }
}
