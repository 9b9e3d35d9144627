package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that outlived its agent goes on writing until the next agent ends it. */
final class UnfinishedWorkTest {
    @TempDir Path home;
    private final Process program = startProgram();

    private static Process startProgram() {
        try {
            return new ProcessBuilder("sleep", "600").start();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterEach
    void end() {
        program.destroyForcibly();
    }

    @Test
    void whatAnEarlierAgentLeftRunningIsEndedAndStaysUnfinished() throws Exception {
        UnfinishedWork earlier = new UnfinishedWork(home.resolve("guard"));
        earlier.begin("pg_rewind");
        earlier.changing("pg_rewind", program.toHandle());
        UnfinishedWork later = new UnfinishedWork(home.resolve("guard"));
        later.endLeftover();
        assertThat(program.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(later.what()).contains("pg_rewind");
        later.finish();
        assertThat(earlier.what()).isEmpty();
    }

    @Test
    void aPidThatWasGivenAwayAgainIsLeftAlone() throws IOException {
        Path guard = home.resolve("guard");
        DurableFiles.createDirectory(guard);
        DurableFiles.write(
                guard.resolve("unfinished"),
                "changes\npg_rewind\n" + program.pid() + "\n2001-01-01T00:00:00Z\n");
        new UnfinishedWork(guard).endLeftover();
        assertThat(program.isAlive()).isTrue();
    }

    @Test
    void aRecoveryDoesNoHarmToTheDirectory() {
        UnfinishedWork work = new UnfinishedWork(home);
        work.recovering("crash recovery", program.toHandle());
        assertThat(work.what()).isEmpty();
        work.endLeftover();
        assertThat(program.onExit()).succeedsWithin(java.time.Duration.ofSeconds(10));
    }
}
