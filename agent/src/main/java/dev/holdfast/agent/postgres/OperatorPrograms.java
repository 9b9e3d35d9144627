package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.PostgresPrograms.Outcome;
import dev.holdfast.agent.postgres.PostgresPrograms.Started;
import dev.holdfast.core.config.AgentConfig.HostPort;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs programs that an operator named. Each gets a process group of its own, which is ended as a
 * whole when its time is over or the agent has no use for it any more.
 */
final class OperatorPrograms {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorPrograms.class);

    /** As a shell tells of a program that a SIGKILL ended, which is how {@code timeout} ends it. */
    private static final int KILLED = 128 + 9;

    private final ProcessRunner runner;

    OperatorPrograms(ProcessRunner runner) {
        this.runner = runner;
    }

    /** {@code post_bootstrap}, with the address of the server and who may do everything there. */
    void afterBootstrap(
            List<String> command,
            HostPort local,
            String superuser,
            Path passwordFile,
            Consumer<String> lines) {
        List<String> words = new ArrayList<>(command);
        words.add(
                "postgres://"
                        + URLEncoder.encode(superuser, StandardCharsets.UTF_8)
                        + "@"
                        + local
                        + "/postgres");
        run(
                "post_bootstrap",
                words,
                Optional.empty(),
                Map.of("PGPASSFILE", passwordFile.toString()),
                _ -> {},
                lines);
    }

    /**
     * Runs a program to its end.
     *
     * @param key under which the configuration names it
     * @param timeout empty where it may take any time
     * @param environment added to the agent's own
     * @throws PostgresException when it cannot be started, or ends with another status than 0
     */
    void run(
            String key,
            List<String> command,
            Optional<Duration> timeout,
            Map<String, String> environment,
            Started started,
            Consumer<String> lines) {
        List<String> group = new ArrayList<>();
        // Either makes the program the first of a new process group; timeout also ends it should
        // the agent be gone by then.
        timeout.ifPresentOrElse(
                span -> group.addAll(List.of("timeout", "-s", "KILL", seconds(span))),
                () -> group.add("setsid"));
        group.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(group);
        builder.redirectErrorStream(true);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().putAll(environment);
        long begun = System.nanoTime();
        Process process;
        try {
            process = runner.start(builder);
        } catch (IOException e) {
            throw new PostgresException(key + " could not be started: " + e.getMessage(), e);
        }
        started.process(process.toHandle());
        Outcome outcome = PostgresPrograms.await(key, process, lines, this::endGroup);
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        LOG.info(
                "{} ({}) ended with status {} after {} ms: {}",
                key,
                command.getFirst(),
                outcome.status(),
                took.toMillis(),
                outcome.lastWords());
        if (!outcome.succeeded()) {
            throw new PostgresException(
                    key
                            + " ("
                            + command.getFirst()
                            + ") "
                            + (outcome.status() == KILLED
                                            && timeout.filter(t -> took.compareTo(t) >= 0)
                                                    .isPresent()
                                    ? "did not end within " + seconds(timeout.get()) + " s"
                                    : "ended with status " + outcome.status())
                            + ": "
                            + outcome.lastWords());
        }
    }

    private static String seconds(Duration span) {
        return Long.toString(span.toSeconds());
    }

    private void endGroup(ProcessHandle process) {
        ProcessBuilder kill =
                new ProcessBuilder(
                        "sh",
                        "-c",
                        "kill -s KILL -- \"-$1\"",
                        "kill",
                        Long.toString(process.pid()));
        kill.redirectErrorStream(true);
        kill.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        boolean interrupted = Thread.interrupted();
        try {
            boolean _ = runner.start(kill).waitFor(5, TimeUnit.SECONDS);
        } catch (IOException e) {
            LOG.warn(
                    "the process group of {} could not be ended: {}",
                    process.pid(),
                    e.getMessage());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        PostgresPrograms.endTree(process);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
