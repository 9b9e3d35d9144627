package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A postmaster that someone else started is held, told and fenced like the guard's own. */
class GuardAdoptsTest {
    /**
     * A postmaster with two backends, each in a session of its own; the orphans of this one go to
     * init.
     */
    private static final String FAMILY =
            "for i in 1 2; do setsid sh -c 'trap : TERM; while :; do sleep 0.1; done' & done; echo up; wait";

    @TempDir Path home;
    private GuardUnderTest guard;
    private Process foreign;

    @BeforeEach
    void startBoth() throws IOException {
        guard = new GuardUnderTest(home);
        foreign =
                new ProcessBuilder("/usr/bin/env", guard.mark(), "sh", "-c", FAMILY)
                        .directory(guard.dataDir().toFile())
                        .redirectOutput(guard.log().toFile())
                        .start();
        guard.awaitLogged("up");
    }

    @AfterEach
    void endBoth() throws IOException {
        foreign.destroyForcibly();
        guard.close();
        for (long pid : guard.marked()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void tellsItsEndAndEndsItsOrphans() throws IOException {
        answer(guard.client().adopt(guard.dataDir(), foreign.pid()));
        assertThat(guard.told().state().postmasterPid()).isEqualTo(foreign.pid());
        GuardUnderTest.kill("KILL", foreign.pid());
        guard.told().awaitEvent(new Told.Gone(foreign.pid()));
        assertThat(guard.told().events())
                .contains(new Told.Exited(foreign.pid(), new ExitCause.Unknown()));
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void fencesItAtTheDeadline() {
        answer(guard.client().adopt(guard.dataDir(), foreign.pid()));
        answer(guard.client().arm(guard.in(Duration.ofSeconds(1))));
        guard.told().awaitEvent(new Told.Gone(foreign.pid()));
        assertThat(guard.told().events()).contains(new Told.Fenced(foreign.pid(), "deadline"));
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
    }

    @Test
    void leavesOthersInTheDataDirectoryAlone() throws IOException {
        Process operator =
                new ProcessBuilder("sleep", "1000").directory(guard.dataDir().toFile()).start();
        try {
            answer(guard.client().adopt(guard.dataDir(), foreign.pid()));
            answer(guard.client().kill());
            guard.told().awaitEvent(new Told.Gone(foreign.pid()));
            assertThat(operator.isAlive()).isTrue();
        } finally {
            operator.destroyForcibly();
        }
    }

    @Test
    void refusesAProcessThatIsNotThePostmasterOfTheDirectory() throws Exception {
        assertThat(failure(guard.client().adopt(guard.guardDir(), foreign.pid())))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("working directory is not the data directory");
        Files.writeString(guard.dataDir().resolve("postmaster.pid"), "1\n");
        assertThat(failure(guard.client().adopt(guard.dataDir(), foreign.pid())))
                .hasMessageContaining("postmaster.pid names another process");
        assertThat(failure(guard.client().adopt(guard.dataDir(), Integer.MAX_VALUE)))
                .hasMessageContaining("No such process");
        assertThat(guard.told().state().phase()).isEqualTo(GuardState.Phase.NONE);
    }
}
