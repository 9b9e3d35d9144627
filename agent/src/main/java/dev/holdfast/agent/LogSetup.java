package dev.holdfast.agent;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.holdfast.core.config.AgentConfig.Log;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Logging as the configuration asks for it: text or JSON lines, to standard error or to a
 * directory. Once the agent runs nobody waits for a line to be written: the disk or the pipe behind
 * it may hang, and the loop must go on.
 */
final class LogSetup {
    // Held, since java.util.logging forgets the level of a logger that nobody holds.
    private static final java.util.logging.Logger GRPC =
            java.util.logging.Logger.getLogger("io.grpc");

    private static final int LAST_LINES_MILLIS = 1000;

    private LogSetup() {}

    /** Until the configuration has been read. */
    static void begin() {
        Log log = Log.ofTheStart();
        LoggerContext context = context();
        context.reset();
        use(log, written(context, log, ""));
    }

    /** Why these files could not be written; nobody would hear of it later. */
    static Optional<String> problem(Log log) {
        return log.files()
                .map(files -> Path.of(files.dir()))
                .filter(dir -> !Files.isDirectory(dir) || !Files.isWritable(dir))
                .map(dir ->
                        "log.dir: found \""
                                + dir
                                + "\", expected a directory that exists and that this user may write.");
    }

    /** From here on, whatever held before. What comes while the queue is full is lost. */
    static void apply(Log log, String name) {
        LoggerContext context = context();
        context.reset();
        AsyncAppender aside = new AsyncAppender();
        aside.setContext(context);
        aside.setQueueSize(log.lines());
        aside.setDiscardingThreshold(0);
        aside.setNeverBlock(true);
        aside.setMaxFlushTime(LAST_LINES_MILLIS);
        aside.setIncludeCallerData(LogPattern.showsCaller(log));
        aside.addAppender(written(context, log, name));
        aside.start();
        use(log, aside);
    }

    /** Before the agent ends: the last lines are written, if that is possible within a second. */
    static void end() {
        context().reset();
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static Appender<ILoggingEvent> written(LoggerContext context, Log log, String name) {
        OutputStreamAppender<ILoggingEvent> appender =
                log.files()
                        .map(files -> file(context, files, name))
                        .orElseGet(() -> console(context));
        appender.setContext(context);
        appender.setEncoder(encoder(context, log));
        appender.start();
        return appender;
    }

    private static void use(Log log, Appender<ILoggingEvent> appender) {
        LoggerContext context = context();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        root.setLevel(Level.WARN);
        // What these say of a call that failed, they also say to its caller, who says it once, with
        // the address; gRPC writes through Java's own logging.
        context.getLogger("io.etcd").setLevel(Level.ERROR);
        java.util.logging.LogManager.getLogManager().reset();
        context.getLogger("dev.holdfast").setLevel(level(log.level()));
        context.getLogger("journal").setLevel(Level.INFO);
        // What fails is told by the store's adapter, in a sentence; these tell it again, at length.
        context.getLogger("io.etcd.jetcd").setLevel(Level.ERROR);
        GRPC.setLevel(java.util.logging.Level.OFF);
        log.loggers().forEach((logger, text) -> context.getLogger(logger).setLevel(level(text)));
    }

    private static Level level(String text) {
        return Level.toLevel(text, Level.INFO);
    }

    private static OutputStreamAppender<ILoggingEvent> console(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        return console;
    }

    private static OutputStreamAppender<ILoggingEvent> file(
            LoggerContext context, Log.Files files, String name) {
        RollingFileAppender<ILoggingEvent> file =
                new RollingFileAppender<>() {
                    @Override
                    public void openFile(String opened) throws IOException {
                        super.openFile(opened);
                        if (files.mode().isPresent()) {
                            Files.setPosixFilePermissions(
                                    Path.of(opened),
                                    PosixFilePermissions.fromString(files.mode().get()));
                        }
                    }
                };
        String stem = files.dir() + "/holdfast-" + name;
        file.setContext(context);
        file.setFile(stem + ".log");
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(file);
        rolling.setFileNamePattern(stem + ".%i.log");
        rolling.setMaxIndex(Math.max(1, files.count() - 1));
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(new FileSize(files.bytes()));
        trigger.start();
        file.setRollingPolicy(rolling);
        file.setTriggeringPolicy(trigger);
        return file;
    }

    private static Encoder<ILoggingEvent> encoder(LoggerContext context, Log log) {
        return switch (log.type()) {
            case PLAIN -> {
                PatternLayoutEncoder plain = new PatternLayoutEncoder();
                plain.setContext(context);
                plain.setPattern(LogPattern.of(log));
                plain.start();
                yield plain;
            }
            case JSON -> {
                LogJson layout = new LogJson(log);
                layout.setContext(context);
                layout.start();
                LayoutWrappingEncoder<ILoggingEvent> json = new LayoutWrappingEncoder<>();
                json.setContext(context);
                json.setLayout(layout);
                json.start();
                yield json;
            }
        };
    }
}
