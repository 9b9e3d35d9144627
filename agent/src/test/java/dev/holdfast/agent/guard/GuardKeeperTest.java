package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.GuardFact;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent's side starts a guard in the place of one that was killed, and misses nothing. */
class GuardKeeperTest {
    @TempDir Path home;

    private final List<GuardFact> facts = new CopyOnWriteArrayList<>();
    private GuardUnderTest guard;
    private GuardKeeper keeper;

    @BeforeEach
    void startBoth() throws IOException {
        guard = new GuardUnderTest(home);
        guard.client().close();
        keeper = guard.keeper(GuardUnderTest.binary(), facts);
        keeper.start();
        awaitPresent(0);
    }

    @AfterEach
    void endBoth() throws IOException {
        keeper.close();
        guard.close();
    }

    @Test
    void aGuardThatWasKilledIsReplacedAndStillArmed() throws IOException {
        long pid = start();
        Deadlines deadlines = new Deadlines(Duration.ofSeconds(10));
        GuardFact.Mode armed = new GuardFact.Mode.Armed(guard.in(Duration.ofMinutes(10)));
        answer(keeper.set(armed, deadlines));
        GuardUnderTest.kill("KILL", guard.client().guardPid());
        await().atMost(Told.PATIENCE)
                .until(() -> facts.stream().anyMatch(GuardFact.Away.class::isInstance));
        await().atMost(Told.PATIENCE)
                .until(() -> facts.getLast().equals(new GuardFact.Present(armed, pid, false)));
    }

    @Test
    void whoWaitsForAPostmastersEndHearsOfItThoughTheGuardDiedToo() throws IOException {
        long pid = start();
        CompletableFuture<Void> gone = keeper.gone(pid);
        GuardUnderTest.kill("KILL", guard.client().guardPid());
        GuardUnderTest.kill("KILL", pid);
        answer(gone);
        awaitPresent(0);
        assertThat(keeper.gone(pid)).isCompleted();
    }

    private long start() {
        long pid =
                answer(
                        keeper.start(
                                Postgres.Role.STANDBY,
                                guard.log(),
                                Path.of("/bin/sleep"),
                                List.of("1000")));
        awaitPresent(pid);
        return pid;
    }

    private void awaitPresent(long postmaster) {
        await().atMost(Told.PATIENCE)
                .until(() ->
                        !facts.isEmpty()
                                && facts.getLast()
                                        instanceof
                                        GuardFact.Present(
                                                GuardFact.Mode _,
                                                long pid,
                                                boolean ending)
                                && pid == postmaster
                                && !ending);
    }
}
