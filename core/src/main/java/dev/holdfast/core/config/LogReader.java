package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.Log;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code log}. */
final class LogReader {
    private LogReader() {}

    static Log read(ConfigTree log) {
        log.unsupported(
                "traceback_level",
                "format",
                "dateformat",
                "static_fields",
                "max_queue_size",
                "mode",
                "file_num",
                "file_size",
                "loggers",
                "deduplicate_heartbeat_logs");
        return new Log(
                log.read("level", "one of ERROR, WARNING, INFO, DEBUG, TRACE", LogReader::level)
                        .orElse("INFO"),
                log.read("type", "plain or json", LogReader::type).orElse(Log.Type.PLAIN),
                log.absolutePath("dir"));
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
