package dev.holdfast.agent;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.holdfast.core.config.AgentConfig;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Logging as the configuration asks for it: text or JSON lines, to standard error or to a
 * directory.
 */
final class LogSetup {
    private static final String PLAIN =
            "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0}: %msg%n%ex{short}";
    private static final FileSize FILE_SIZE = new FileSize(25L << 20);

    // Held, since java.util.logging forgets the level of a logger that nobody holds.
    private static final java.util.logging.Logger GRPC =
            java.util.logging.Logger.getLogger("io.grpc");

    private LogSetup() {}

    /** Until the configuration has been read: warnings only, to standard error. */
    static void begin() {
        apply(new AgentConfig.Log("WARN", AgentConfig.Log.Type.PLAIN, Optional.empty()), "");
    }

    static void apply(AgentConfig.Log log, String name) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        OutputStreamAppender<ILoggingEvent> appender =
                log.dir().isPresent() ? file(context, log.dir().get(), name) : console(context);
        appender.setContext(context);
        appender.setEncoder(encoder(context, log.type()));
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        root.setLevel(Level.WARN);
        // What these say of a call that failed, they also say to its caller, who says it once, with
        // the address; gRPC writes through Java's own logging.
        context.getLogger("io.etcd").setLevel(Level.ERROR);
        java.util.logging.LogManager.getLogManager().reset();
        Level level = Level.toLevel(log.level(), Level.INFO);
        context.getLogger("dev.holdfast").setLevel(level);
        context.getLogger("journal").setLevel(Level.INFO);
        // What fails is told by the store's adapter, in a sentence; these tell it again, at length.
        context.getLogger("io.etcd.jetcd").setLevel(Level.ERROR);
        GRPC.setLevel(java.util.logging.Level.OFF);
    }

    private static OutputStreamAppender<ILoggingEvent> console(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        return console;
    }

    private static OutputStreamAppender<ILoggingEvent> file(
            LoggerContext context, String dir, String name) {
        RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
        file.setContext(context);
        file.setFile(dir + "/holdfast-" + name + ".log");
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(file);
        rolling.setFileNamePattern(dir + "/holdfast-" + name + ".%i.log");
        rolling.setMaxIndex(4);
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FILE_SIZE);
        trigger.start();
        file.setRollingPolicy(rolling);
        file.setTriggeringPolicy(trigger);
        return file;
    }

    private static Encoder<ILoggingEvent> encoder(
            LoggerContext context, AgentConfig.Log.Type type) {
        return switch (type) {
            case PLAIN -> {
                PatternLayoutEncoder plain = new PatternLayoutEncoder();
                plain.setContext(context);
                plain.setPattern(PLAIN);
                plain.start();
                yield plain;
            }
            case JSON -> {
                JsonEncoder json = new JsonEncoder();
                json.setContext(context);
                json.setWithSequenceNumber(false);
                json.setWithContext(false);
                json.setWithMessage(false);
                json.setWithFormattedMessage(true);
                json.start();
                yield json;
            }
        };
    }
}
