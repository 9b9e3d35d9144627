package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static dev.holdfast.agent.guard.GuardUnderTest.failure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One guard for a directory, one agent for a guard, and neither depends on how the other ended. */
class GuardOutlivesItsClientTest {
    @TempDir Path home;
    private GuardUnderTest guard;

    @BeforeEach
    void startGuard() throws IOException {
        guard = new GuardUnderTest(home);
    }

    @AfterEach
    void endGuard() throws IOException {
        guard.close();
    }

    @Test
    void aNewClientFindsThePostmasterOfTheLast() throws IOException {
        long pid = guard.start("sleep 1000");
        guard.client().close();
        guard.reconnect();
        guard.told().awaitState(state -> state.postmasterPid() == pid);
        assertThat(guard.told().state().phase()).isEqualTo(GuardState.Phase.RUNNING);
        guard.assertMarked(pid);
    }

    @Test
    void aReplacedClientCannotWriteAnyMore() throws Exception {
        GuardClient old = guard.client();
        Told oldTold = guard.told();
        long pid = guard.start("sleep 1000");
        guard.reconnect();
        oldTold.awaitDisconnected();
        assertThat(oldTold.events()).contains(new Told.Replaced());
        assertThat(failure(old.kill())).isInstanceOf(GuardSilentException.class);
        answer(guard.client().standby());
        guard.assertMarked(pid);
    }

    @Test
    void aSecondGuardIsNotStarted() throws IOException {
        long pid = guard.start("sleep 1000");
        assertThat(
                        GuardLauncher.ensure(
                                GuardUnderTest.binary(), guard.guardDir(), Optional.empty()))
                .isEqualTo(GuardLauncher.Outcome.RAN_ALREADY);
        answer(guard.client().standby());
        assertThat(guard.told().events()).doesNotContain(new Told.Replaced());
        guard.assertMarked(pid);
    }

    @Test
    void aStaleSocketIsTakenOver() throws IOException {
        Told last = guard.told();
        GuardUnderTest.kill("KILL", guard.client().guardPid());
        last.awaitDisconnected();
        assertThat(guard.guardDir().resolve("guard.sock")).exists();
        assertThat(
                        GuardLauncher.ensure(
                                GuardUnderTest.binary(), guard.guardDir(), Optional.empty()))
                .isEqualTo(GuardLauncher.Outcome.STARTED);
        guard.reconnect();
        answer(guard.client().standby());
    }

    @Test
    void aClientThatNeverReadsIsDroppedAndBlocksNothing() throws IOException {
        guard.start("sleep 1000");
        answer(guard.client().arm(guard.in(Duration.ofSeconds(2))));
        try (SocketChannel deaf = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            deaf.connect(UnixDomainSocketAddress.of(guard.guardDir().resolve("guard.sock")));
            ByteBuffer request =
                    ByteBuffer.wrap("1\tno such verb\n".getBytes(StandardCharsets.UTF_8));
            deaf.write(ByteBuffer.wrap("0\tclaim\t0\n".getBytes(StandardCharsets.UTF_8)));
            // The answers fill the socket and the guard's queue; then the guard closes, and writing
            // fails.
            assertThatThrownBy(
                            () -> {
                                while (true) {
                                    deaf.write(request.rewind());
                                }
                            })
                    .isInstanceOf(IOException.class);
        }
        await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
        guard.reconnect();
        guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
    }

    @Test
    void aRequestToAStoppedGuardFailsAsUnknown() throws Exception {
        long guardPid = guard.client().guardPid();
        GuardUnderTest.kill("STOP", guardPid);
        try {
            assertThat(failure(guard.client().standby()))
                    .isInstanceOf(GuardSilentException.class)
                    .hasMessageContaining("guard did not answer standby");
            assertThatThrownBy(() -> GuardClient.connect(guard.guardDir(), new Told()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("did not greet");
        } finally {
            GuardUnderTest.kill("CONT", guardPid);
        }
    }

    @Test
    void connectingWhereNoGuardIsSaysHowToStartOne() {
        assertThatThrownBy(() -> GuardClient.connect(home, new Told()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no guard answers on")
                .hasMessageContaining("--dir " + home);
    }

    @Test
    void aPathTooLongForASocketNamesTheKeyToChange() throws IOException {
        Path deep = home.resolve("d".repeat(110));
        assertThatThrownBy(
                        () -> GuardLauncher.ensure(GuardUnderTest.binary(), deep, Optional.empty()))
                .hasMessageContaining(deep.toString())
                .hasMessageContaining("guard.dir");
        assertThat(deep).doesNotExist();
        assertThatThrownBy(() -> GuardClient.connect(deep, new Told()))
                .hasMessageContaining("guard.dir");
    }

    @Test
    void aDirectoryThatOthersMayEnterIsRefused() throws IOException {
        Path open = Files.createDirectory(home.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatThrownBy(
                        () -> GuardLauncher.ensure(GuardUnderTest.binary(), open, Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exit status 1")
                .hasMessageContaining("0700");
    }
}
