package dev.holdfast.agent;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import dev.holdfast.core.config.AgentConfig.Log;
import dev.holdfast.dcs.json.Trees;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.event.KeyValuePair;

/**
 * A line of JSON for each event, with the fields that the configuration names. What an event says
 * of itself besides (a line of the journal its code and actions) follows.
 */
final class LogJson extends LayoutBase<ILoggingEvent> {
    private final Log log;
    private final DateTimeFormatter time;

    LogJson(Log log) {
        this.log = log;
        this.time =
                DateTimeFormatter.ofPattern(LogPattern.date(log.dateFormat()), Locale.ROOT)
                        .withZone(ZoneId.systemDefault());
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        Map<String, Object> line = new LinkedHashMap<>();
        for (Log.Field field : log.fields()) {
            line.put(field.key(), value(field.attribute(), event));
        }
        if (event.getThrowableProxy() != null) {
            line.put(
                    "exc_info",
                    LogPattern.showsTraces(log)
                            ? ThrowableProxyUtil.asString(event.getThrowableProxy())
                            : event.getThrowableProxy().getMessage());
        }
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair pair : event.getKeyValuePairs()) {
                line.putIfAbsent(pair.key, String.valueOf(pair.value));
            }
        }
        log.staticFields().forEach(line::putIfAbsent);
        return Trees.toJson(line) + "\n";
    }

    private Object value(String attribute, ILoggingEvent event) {
        return switch (attribute) {
            case "asctime" -> time.format(event.getInstant());
            case "created" -> event.getTimeStamp() / 1000.0;
            case "msecs" -> event.getTimeStamp() % 1000;
            case "levelname" ->
                    event.getLevel().levelStr.equals("WARN")
                            ? "WARNING"
                            : event.getLevel().levelStr;
            case "process" -> ProcessHandle.current().pid();
            case "thread", "threadName" -> event.getThreadName();
            case "message" -> event.getFormattedMessage();
            case "name" -> event.getLoggerName();
            case "filename", "module" ->
                    event.getLoggerName().substring(event.getLoggerName().lastIndexOf('.') + 1);
            case "funcName" -> event.getCallerData()[0].getMethodName();
            case "lineno" -> event.getCallerData()[0].getLineNumber();
            default -> "";
        };
    }
}
