package dev.holdfast.agent.guard;

import static dev.holdfast.agent.guard.GuardUnderTest.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where it may, the guard gives PostgreSQL a control group of its own, and ends it as a whole. */
class GuardControlGroupTest {
    @TempDir Path home;
    private Path parent;

    @BeforeEach
    void makeGroup() throws IOException {
        Optional<Path> root =
                StreamSupport.stream(FileSystems.getDefault().getFileStores().spliterator(), false)
                        .filter(store -> store.type().equals("cgroup2"))
                        .map(store -> Path.of(store.toString().replaceFirst(" \\(.*", "")))
                        .findFirst();
        assumeTrue(root.isPresent(), "there are no unified control groups here");
        parent = root.get().resolve("holdfast-test-" + home.getFileName());
        try {
            Files.createDirectory(parent);
        } catch (IOException notAllowed) {
            assumeTrue(false, "no control group may be made here: " + notAllowed);
        }
    }

    @AfterEach
    void removeGroups() throws IOException {
        if (parent == null || !Files.exists(parent)) {
            return;
        }
        try (Stream<Path> groups = Files.list(parent)) {
            for (Path group : groups.filter(Files::isDirectory).toList()) {
                removed(group);
            }
        }
        removed(parent);
    }

    private static void removed(Path group) {
        // A group can be removed a moment after its last process ended.
        await().atMost(Told.PATIENCE).ignoreExceptions().until(() -> Files.deleteIfExists(group));
    }

    @Test
    void aFenceEndsTheGroupWithWhateverIsInIt() throws IOException {
        Path group = parent.resolve("postgres");
        try (GuardUnderTest guard = guardWith(group)) {
            long pid = guard.start("setsid sleep 1000 & wait");
            guard.awaitMarked(2);
            assertThat(members(group)).containsAll(guard.marked());
            Process other = new ProcessBuilder("sleep", "1000").start();
            Files.writeString(group.resolve("cgroup.procs"), Long.toString(other.pid()));
            answer(guard.client().kill());
            guard.told().awaitEvent(new Told.Gone(pid));
            assertThat(guard.marked()).isEmpty();
            await("only the group's own end reaches a process that is no descendant")
                    .atMost(Told.PATIENCE)
                    .until(() -> !other.isAlive());
            long again = guard.start("sleep 1000");
            assertThat(members(group)).as("the group can be used again").contains(again);
        }
    }

    @Test
    void aGuardThatIsStartedAgainEndsTheSameGroup() throws IOException {
        Path group = parent.resolve("postgres");
        try (GuardUnderTest guard = guardWith(group)) {
            long pid = guard.start("setsid sleep 1000 & wait");
            guard.awaitMarked(2);
            guard.killGuard();
            GuardUnderTest.kill("KILL", pid);
            assertThat(guard.marked()).isNotEmpty();
            guard.startAgain();
            guard.told().awaitState(state -> state.phase() == GuardState.Phase.NONE);
            await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
        }
    }

    @Test
    void aPostmasterOfAForeignGroupIsEndedToo() throws IOException {
        Path foreign = Files.createDirectory(parent.resolve("foreign"));
        try (GuardUnderTest guard = guardWith(parent.resolve("postgres"))) {
            Process postmaster =
                    new ProcessBuilder(
                                    "/bin/sh",
                                    "-c",
                                    "echo $$ > "
                                            + foreign.resolve("cgroup.procs")
                                            + "; export "
                                            + guard.mark()
                                            + "; exec sh -c 'for i in 1 2 3; do"
                                            + " setsid sh -c \"while :; do sleep 0.1; done\" & done; echo up; wait'")
                            .directory(guard.dataDir().toFile())
                            .redirectOutput(guard.log().toFile())
                            .start();
            guard.awaitLogged("up");
            answer(guard.client().adopt(guard.dataDir(), postmaster.pid()));
            answer(guard.client().arm(guard.in(java.time.Duration.ofSeconds(1))));
            guard.told().awaitEvent(new Told.Gone(postmaster.pid()));
            await().atMost(Told.PATIENCE).until(() -> guard.marked().isEmpty());
            await().atMost(Told.PATIENCE).until(() -> members(foreign).isEmpty());
        }
    }

    @Test
    void aGroupThatHoldsTheGuardItselfIsRefused() {
        assertThatThrownBy(() ->
                        new GuardUnderTest(
                                home,
                                List.of(
                                        "sh",
                                        "-c",
                                        "echo $$ > "
                                                + parent.resolve("cgroup.procs")
                                                + "; exec \"$0\" \"$@\""),
                                List.of("--cgroup", parent.toString())))
                .hasMessageContaining("holds the guard itself");
    }

    private GuardUnderTest guardWith(Path group) throws IOException {
        return new GuardUnderTest(home, List.of(), List.of("--cgroup", group.toString()));
    }

    private static List<Long> members(Path group) throws IOException {
        return Files.readAllLines(group.resolve("cgroup.procs")).stream()
                .map(Long::valueOf)
                .toList();
    }
}
