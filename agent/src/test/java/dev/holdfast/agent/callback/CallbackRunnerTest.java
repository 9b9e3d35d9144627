package dev.holdfast.agent.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.decide.Callbacks;
import dev.holdfast.core.decide.Callbacks.Call;
import dev.holdfast.core.decide.Callbacks.Event;
import dev.holdfast.core.decide.Callbacks.Role;
import dev.holdfast.core.decide.Callbacks.Told;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripts are called once, in order, one at a time, and none for longer than its time. */
class CallbackRunnerTest {
    private static final Callbacks.Step STARTED =
            step(new Told.Running(1, Role.PRIMARY, Optional.of(7)), Event.ON_START, Role.PRIMARY);
    private static final Callbacks.Step STOPPED =
            step(new Told.Stopped(Role.PRIMARY), Event.ON_STOP, Role.PRIMARY);
    private static final Callbacks.Step FOLLOWS =
            step(
                    new Told.Running(2, Role.REPLICA, Optional.empty()),
                    Event.ON_ROLE_CHANGE,
                    Role.REPLICA);

    @TempDir private Path home;
    private Path script = Path.of("");

    @BeforeEach
    void write() throws IOException {
        script = home.resolve("script");
        body("echo \"$*\" >> " + home + "/calls");
    }

    private void body(String text) throws IOException {
        Files.writeString(script, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private CallbackRunner runner(Duration timeout) {
        TreeMap<String, Script> callbacks = new TreeMap<>();
        for (Event event : Event.values()) {
            callbacks.put(
                    event.text(), new Script(List.of(script.toString(), "first arg"), timeout));
        }
        Scripts scripts =
                new Scripts(
                        callbacks,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Scripts.NONE.replicas(),
                        Scripts.NONE.named(),
                        List.of());
        return new CallbackRunner(home, "demo", () -> scripts);
    }

    private static Callbacks.Step step(Told told, Event event, Role role) {
        return new Callbacks.Step(told, Optional.of(new Call(event, role)));
    }

    private List<String> calls() throws IOException {
        Path calls = home.resolve("calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    private CallbackRecord record() throws IOException {
        return CallbackRecord.parse(Files.readString(home.resolve("callbacks"))).orElseThrow();
    }

    @Test
    void eachIsCalledInOrderWithActionRoleAndScope() throws Exception {
        body("sleep 0.1; echo \"$# $*\" >> " + home + "/calls");
        CallbackRunner runner = runner(Duration.ofSeconds(30));
        List.of(STARTED, STOPPED, FOLLOWS).forEach(runner::tell);

        runner.told().join();

        assertThat(calls())
                .containsExactly(
                        "4 first arg on_start primary demo",
                        "4 first arg on_stop primary demo",
                        "4 first arg on_role_change replica demo");
        assertThat(record()).isEqualTo(new CallbackRecord(FOLLOWS.told(), List.of()));
    }

    @Test
    void aScriptThatHangsIsEndedWithAllThatItStarted() throws Exception {
        body("sleep 300 & echo $! > " + home + "/child; echo \"$*\" >> " + home + "/calls; wait");
        CallbackRunner runner = runner(Duration.ofSeconds(1));
        long begun = System.nanoTime();
        runner.tell(STARTED);
        runner.tell(STOPPED);

        runner.told().join();

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
        assertThat(calls()).hasSize(2);
        long child = Long.parseLong(Files.readString(home.resolve("child")).strip());
        await().until(() -> ProcessHandle.of(child).isEmpty() || isZombie(child));
    }

    private static boolean isZombie(long pid) throws IOException {
        return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
    }

    @Test
    void oneThatFailsOrIsMissingDoesNotHoldUpTheNext() throws Exception {
        CallbackRunner runner = runner(Duration.ofSeconds(30));
        Files.delete(script);
        runner.tell(STARTED);
        runner.told().join();
        body("echo \"$*\" >> " + home + "/calls; exit 3");
        runner.tell(STOPPED);
        runner.tell(FOLLOWS);

        runner.told().join();

        assertThat(calls())
                .containsExactly(
                        "first arg on_stop primary demo", "first arg on_role_change replica demo");
    }

    /** The agent that follows neither repeats what was begun nor forgets what was not. */
    @Test
    void whatWaitsWhenTheAgentEndsIsCalledByTheNextOneAndNotBesideTheOther() throws Exception {
        body(
                "mkdir "
                        + home
                        + "/alone || echo together >> "
                        + home
                        + "/calls; while [ ! -e "
                        + home
                        + "/go ]; do sleep 0.05; done; echo \"$2 $3\" >> "
                        + home
                        + "/calls; rmdir "
                        + home
                        + "/alone");
        CallbackRunner first = runner(Duration.ofSeconds(30));
        first.tell(STARTED);
        first.tell(STOPPED);
        await().until(() ->
                Files.exists(home.resolve("alone"))
                        && record().equals(
                                        new CallbackRecord(
                                                STOPPED.told(),
                                                List.of(STOPPED.call().orElseThrow()))));
        first.leave();

        CallbackRunner next = runner(Duration.ofSeconds(30));
        Files.createFile(home.resolve("go"));
        next.told().join();

        assertThat(calls()).containsExactly("on_start primary", "on_stop primary");
        assertThat(record()).isEqualTo(new CallbackRecord(STOPPED.told(), List.of()));
    }

    @Test
    void aRecordThatIsNotOursBeginsAnew() throws Exception {
        Files.writeString(home.resolve("callbacks"), "on fire\n");
        assertThat(CallbackRecord.parse("on fire\n")).isEmpty();
        CallbackRunner runner = runner(Duration.ofSeconds(30));
        runner.tell(STARTED);
        runner.told().join();
        assertThat(calls()).hasSize(1);
    }
}
