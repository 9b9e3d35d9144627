package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program of the operator can fail or hang, and holds the agent up only for its time. */
class OperatorProgramsTest {
    private static final Optional<Duration> LONG = Optional.of(Duration.ofSeconds(60));

    @TempDir private Path home;
    private final OperatorPrograms programs = new OperatorPrograms(ProcessRunner.direct());

    private void run(Optional<Duration> timeout, String script) {
        programs.run(
                "pre_promote",
                List.of("sh", "-c", script),
                timeout,
                Map.of("PGPASSFILE", "/srv/pass"),
                _ -> {},
                _ -> {});
    }

    @Test
    void whatItPrintsAndItsEnvironmentAreItsOwn() {
        List<String> lines = new ArrayList<>();
        programs.run(
                "pre_promote",
                List.of("sh", "-c", "echo $PGPASSFILE; echo two >&2"),
                LONG,
                Map.of("PGPASSFILE", "/srv/pass"),
                _ -> {},
                lines::add);
        assertThat(lines).containsExactly("/srv/pass", "two");
    }

    @Test
    void anotherStatusThanZeroIsAFailureThatSaysWhatWasPrinted() {
        assertThatThrownBy(() -> run(LONG, "echo the fence is broken; exit 7"))
                .isInstanceOf(PostgresException.class)
                .hasMessage("pre_promote (sh) ended with status 7: the fence is broken");
        assertThatThrownBy(() ->
                        programs.run(
                                "pre_promote",
                                List.of(home + "/missing"),
                                LONG,
                                Map.of(),
                                _ -> {},
                                _ -> {}))
                .hasMessageContaining("status 127");
    }

    @Test
    void oneThatHangsIsEndedWithAllThatItStarted() throws Exception {
        assertThatThrownBy(() ->
                        run(
                                Optional.of(Duration.ofSeconds(1)),
                                "sleep 300 & echo $! > " + home + "/child; wait"))
                .hasMessageContaining("did not end within 1 s");
        assertGone();
    }

    @Test
    void oneThatIsCancelledIsEndedWithAllThatItStarted() throws Exception {
        for (Optional<Duration> timeout : List.of(LONG, Optional.<Duration>empty())) {
            Files.deleteIfExists(home.resolve("child"));
            CompletableFuture<RuntimeException> ended = new CompletableFuture<>();
            Thread worker =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    run(
                                            timeout,
                                            "(sleep 300 & echo $! > "
                                                    + home
                                                    + "/child.new; mv "
                                                    + home
                                                    + "/child.new "
                                                    + home
                                                    + "/child); sleep 300");
                                } catch (RuntimeException e) {
                                    ended.complete(e);
                                }
                            });
            await().until(() -> Files.exists(home.resolve("child")));
            worker.interrupt();
            assertThat(ended.get(30, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
            assertGone();
        }
    }

    @Test
    void whatItLeavesInTheBackgroundIsNotWaitedFor() {
        run(LONG, "sleep 5 & exit 0");
    }

    private void assertGone() throws Exception {
        long child = Long.parseLong(Files.readString(home.resolve("child")).strip());
        await().until(() ->
                !Files.exists(Path.of("/proc/" + child))
                        || Files.readString(Path.of("/proc/" + child + "/stat")).contains(") Z "));
    }
}
