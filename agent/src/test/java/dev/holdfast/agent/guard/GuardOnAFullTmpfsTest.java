package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.agent.time.BootClock;
import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tmpfs without room never loses the fence: the guard fences earlier at worst. */
class GuardOnAFullTmpfsTest {
    @TempDir Path home;

    private final BootClock clock = new BootClock();
    private final Told told = new Told();
    private Path dataDir;

    /** The directory as the guard sees it, whose mounts are its own. */
    private Path guardDir;

    private GuardClient client;

    @BeforeEach
    void startGuard() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may mount a tmpfs");
        dataDir = Files.createDirectory(home.resolve("data"));
        Path dir =
                Files.createDirectory(
                        home.resolve("guard"),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        GuardUnderTest.run(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=64k,mode=0700 holdfast " + dir + " && exec \"$0\" \"$@\"",
                GuardUnderTest.binary().toString(),
                "--dir",
                dir.toString());
        guardDir = Path.of("/proc/" + guardOf(dir) + "/root" + dir);
        client = GuardClient.connect(guardDir, told);
    }

    @AfterEach
    void endGuard() {
        if (client == null) {
            return;
        }
        answer(client.kill());
        told.awaitState(state -> state.phase() == GuardState.Phase.NONE);
        answer(client.quit());
        client.close();
    }

    @Test
    void theStateFileHasItsRoomFromTheBeginning() throws IOException {
        fill();
        long pid = start();
        MonoTime soon = in(Duration.ofSeconds(1));
        answer(client.arm(soon));
        told.awaitEvent(new Told.Fenced(pid, "deadline"));
        told.awaitEvent(new Told.Gone(pid));
    }

    @Test
    void aDeadlineThatCannotBeWrittenDownIsRefusedAndTheOldOneFences() throws Exception {
        long pid = start();
        MonoTime first = in(Duration.ofSeconds(2));
        answer(client.arm(first));
        Files.delete(guardDir.resolve("guard.state"));
        fill();
        assertThat(failure(client.arm(first.plus(Duration.ofMinutes(10)))))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("No space left")
                .hasMessageContaining("nothing was changed");
        assertThat(failure(client.standby())).isInstanceOf(GuardRefusedException.class);
        assertThat(told.state().mode()).isEqualTo(new GuardState.Armed(first));
        told.awaitEvent(new Told.Fenced(pid, "deadline"));
        told.awaitEvent(new Told.Gone(pid));
        assertThat(in(Duration.ZERO)).isGreaterThanOrEqualTo(first);
    }

    @Test
    void aPostmasterThatCannotBeWrittenDownIsNotStarted() throws Exception {
        Files.delete(guardDir.resolve("guard.state"));
        fill();
        Path log = home.resolve("log");
        assertThat(
                        failure(
                                client.start(
                                        dataDir,
                                        log,
                                        Path.of("/bin/sh"),
                                        List.of("-c", "echo it ran"))))
                .isInstanceOf(GuardRefusedException.class)
                .hasMessageContaining("cannot be written down");
        await().atMost(Told.PATIENCE)
                .until(() -> told.events().stream().anyMatch(Told.Gone.class::isInstance));
        assertThat(log).doesNotExist();
        Files.delete(guardDir.resolve("fill"));
        long pid = start();
        assertThat(told.state().postmasterPid()).isEqualTo(pid);
    }

    private long start() {
        return answer(
                client.start(dataDir, home.resolve("log"), Path.of("/bin/sleep"), List.of("1000")));
    }

    private MonoTime in(Duration span) {
        return clock.now().plus(span);
    }

    /** Leaves no byte free. */
    private void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(guardDir.resolve("fill"))) {
            while (true) {
                out.write(0);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }

    private static long guardOf(Path dir) {
        return await().atMost(Told.PATIENCE)
                .until(
                        () -> {
                            try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
                                return processes
                                        .filter(p -> p.getFileName().toString().matches("\\d+"))
                                        .filter(p -> isGuardOf(p, dir))
                                        .map(p -> Long.parseLong(p.getFileName().toString()))
                                        .findFirst()
                                        .orElse(0L);
                            }
                        },
                        pid -> pid != 0);
    }

    private static boolean isGuardOf(Path process, Path dir) {
        try {
            return Files.readString(process.resolve("comm")).startsWith("holdfast-guard")
                    && Files.readString(process.resolve("cmdline")).contains(dir.toString());
        } catch (IOException ended) {
            return false;
        }
    }
}
