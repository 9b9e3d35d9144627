package dev.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.Log;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log looks as Patroni's keys ask for it, and does from the moment they are read. */
final class LogSetupTest {
    private static final Logger LOG = LoggerFactory.getLogger("dev.holdfast.test.Here");

    @TempDir Path directory;

    @AfterEach
    void likeAtTheStart() {
        LogSetup.begin();
    }

    private Log log(String level, Log.Type type, String format, SortedMap<String, String> loggers) {
        return new Log(
                level,
                loggers,
                "ERROR",
                type,
                Optional.of(format).filter(text -> !text.isEmpty()),
                Optional.of("%Y"),
                List.of(
                        new Log.Field("levelname", "severity"),
                        new Log.Field("message", "message"),
                        new Log.Field("module", "module")),
                new TreeMap<>(java.util.Map.of("app", "hf")),
                Optional.of(
                        new Log.Files(directory.toString(), 3, 2_000, Optional.of("rw-r-----"))),
                5_000);
    }

    private Path file() {
        return directory.resolve("holdfast-pg1.log");
    }

    @Test
    void aLineHasPythonsFormat() throws IOException {
        LogSetup.apply(
                log(
                        "INFO",
                        Log.Type.PLAIN,
                        "%(asctime)s (100%%) [%(levelname)-8s] %(name)s: %(message)s",
                        new TreeMap<>()),
                "pg1");

        LOG.warn("something of {}", "note");
        LogSetup.end();

        assertThat(Files.readString(file()))
                .matches(
                        "\\d{4} \\(100%\\) \\[WARNING ] dev\\.holdfast\\.test\\.Here: something of note\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-r-----");
    }

    @Test
    void aLineOfJsonHasTheFieldsThatAreNamed() throws IOException {
        LogSetup.apply(log("INFO", Log.Type.JSON, "", new TreeMap<>()), "pg1");

        LOG.atInfo().addKeyValue("code", "lead.idle").log("a \"quote\"");
        LOG.error("a bug", new IllegalStateException("here"));
        LogSetup.end();

        List<String> lines = Files.readAllLines(file());
        assertThat(lines.getFirst())
                .isEqualTo(
                        "{\"severity\":\"INFO\",\"message\":\"a \\\"quote\\\"\",\"module\":\"Here\",\"code\":\"lead.idle\",\"app\":\"hf\"}");
        assertThat(lines.get(1)).contains("\"exc_info\":\"java.lang.IllegalStateException: here");
        assertThat(lines).hasSize(2);
    }

    @Test
    void levelsHoldByPackageAndChangeWhileTheAgentRuns() throws IOException {
        SortedMap<String, String> loud = new TreeMap<>();
        loud.put("dev.holdfast.test", "DEBUG");
        LogSetup.apply(log("ERROR", Log.Type.PLAIN, "%(message)s", loud), "pg1");
        LOG.debug("one");
        LoggerFactory.getLogger("dev.holdfast.other").warn("two");

        LogSetup.apply(log("WARN", Log.Type.PLAIN, "%(message)s", new TreeMap<>()), "pg1");
        LOG.info("three");
        LoggerFactory.getLogger("dev.holdfast.other").warn("four");
        LogSetup.end();

        assertThat(Files.readAllLines(file())).containsExactly("one", "four");
    }

    @Test
    void noMoreFilesAreKeptThanWereAskedFor() throws IOException {
        LogSetup.apply(log("INFO", Log.Type.PLAIN, "%(message)s", new TreeMap<>()), "pg1");

        for (int i = 0; i < 3_000; i++) {
            LOG.info("a line of about forty characters, number {}", i);
        }
        LogSetup.end();

        try (var files = Files.list(directory)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .contains("holdfast-pg1.log")
                    .hasSizeLessThanOrEqualTo(3);
        }
    }

    @Test
    void whereALineComesFromIsKnownThoughAnotherThreadWritesIt() throws IOException {
        LogSetup.apply(
                log("INFO", Log.Type.PLAIN, "%(funcName)s: %(message)s", new TreeMap<>()), "pg1");

        LOG.info("here");
        LogSetup.end();

        assertThat(Files.readString(file()))
                .isEqualTo("whereALineComesFromIsKnownThoughAnotherThreadWritesIt: here\n");
    }

    /** A pipe that nobody empties is full after 64 KiB, and then a write waits for ever. */
    @Test
    @Timeout(60)
    void nobodyWaitsForALogThatHangs() throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", file().toString()).start().waitFor()).isZero();
        try (var neverRead = new RandomAccessFile(file().toFile(), "rw")) {
            LogSetup.apply(log("INFO", Log.Type.PLAIN, "%(message)s", new TreeMap<>()), "pg1");
            for (int i = 0; i < 20_000; i++) {
                LOG.info("a line of about forty characters, number {}", i);
            }
            LogSetup.end();
            assertThat(neverRead.readLine())
                    .isEqualTo("a line of about forty characters, number 0");
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsSaid() {
        Log log = log("INFO", Log.Type.PLAIN, "", new TreeMap<>());
        assertThat(LogSetup.problem(log)).isEmpty();
        Log.Files gone = new Log.Files(directory + "/gone", 4, 1, Optional.empty());
        assertThat(
                        LogSetup.problem(
                                new Log(
                                        log.level(),
                                        log.loggers(),
                                        log.tracebackLevel(),
                                        log.type(),
                                        log.format(),
                                        log.dateFormat(),
                                        log.fields(),
                                        log.staticFields(),
                                        Optional.of(gone),
                                        log.lines())))
                .hasValueSatisfying(sentence -> assertThat(sentence).startsWith("log.dir: found"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    %Y-%m-%d %H:%M:%S      | yyyy-MM-dd HH:mm:ss
                    %Y-%m-%dT%H:%M:%S%z    | yyyy-MM-dd'T'HH:mm:ssxx
                    at %H o                | 'at' HH 'o'
                    """)
    void datesHaveTheFormOfStrftime(String strftime, String java) {
        assertThat(LogPattern.date(Optional.of(strftime))).isEqualTo(java);
    }
}
