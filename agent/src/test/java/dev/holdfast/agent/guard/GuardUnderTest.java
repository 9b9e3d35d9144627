package dev.holdfast.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.time.BootClock;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.GuardFact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * A real guard in a directory of its own, with a client, and shell scripts for it to hold. The
 * scripts and all that they start carry a mark in their environment, by which the test finds them
 * wherever they went.
 */
public final class GuardUnderTest implements AutoCloseable {
    private final Path home;
    private final List<String> before;
    private final List<String> options;
    private final BootClock clock = new BootClock();
    private Told told = new Told();
    private GuardClient client;

    /** Runs a guard, as this process's user, in a directory that is empty so far. */
    GuardUnderTest(Path home) throws IOException {
        this(home, List.of(), List.of());
    }

    /**
     * The same.
     *
     * @param before a command and its options that start the guard, such as {@code unshare -m}
     * @param options of the guard itself, beside the directory
     */
    GuardUnderTest(Path home, List<String> before, List<String> options) throws IOException {
        this.home = home;
        this.before = before;
        this.options = options;
        Files.createDirectory(dataDir());
        Files.createDirectory(
                guardDir(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        client = launch(0);
    }

    private GuardClient launch(long generation) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(binary().toString(), "--dir", guardDir().toString()));
        command.addAll(options);
        run(command.toArray(String[]::new));
        told = new Told();
        return GuardClient.connect(guardDir(), told, generation);
    }

    /** SIGKILL to the guard; returns once it is gone, and nothing else has ended. */
    void killGuard() throws IOException {
        long pid = client.guardPid();
        kill("KILL", pid);
        Path process = Path.of("/proc/" + pid);
        await().atMost(Told.PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .until(() ->
                        !Files.exists(process)
                                || Files.readString(process.resolve("stat")).contains(") Z "));
        client.close();
    }

    /** Starts another guard in the place of one that was killed, and connects to it. */
    void startAgain() throws IOException {
        client = launch(0);
    }

    /** The same, and nobody speaks to it any more, after the agent of a generation has come. */
    void startAgainAlone(long generation) throws IOException {
        launch(generation).close();
    }

    /** The file in which the guard writes down what it holds. */
    Path stateFile() throws IOException {
        String device = Long.toHexString((long) Files.getAttribute(guardDir(), "unix:dev"));
        String inode = Long.toHexString((long) Files.getAttribute(guardDir(), "unix:ino"));
        String uid = String.valueOf(Files.getAttribute(guardDir(), "unix:uid"));
        return Path.of("/dev/shm/holdfast-guard." + uid + "." + device + "-" + inode);
    }

    boolean isSanitized() throws IOException {
        return binary().toString().endsWith("-asan");
    }

    /** The program under test, which is built where it is missing. */
    public static synchronized Path binary() throws IOException {
        String named = System.getProperty("holdfast.guard");
        if (named != null && Files.isExecutable(Path.of(named))) {
            return Path.of(named);
        }
        Path source = Path.of("../guard").toAbsolutePath().normalize();
        boolean sanitized = named != null && named.endsWith("-asan");
        Path built =
                source.resolve(sanitized ? "build/holdfast-guard-asan" : "build/holdfast-guard");
        if (!Files.isExecutable(built)) {
            run("make", "-C", source.toString(), sanitized ? "sanitize" : "all");
        }
        return built;
    }

    /** Runs a command to its end, which must be a good one, and returns what it printed. */
    static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.onExit().join().exitValue()).as(output).isZero();
        return output;
    }

    GuardClient client() {
        return client;
    }

    Told told() {
        return told;
    }

    Path guardDir() {
        return home.resolve("guard");
    }

    Path dataDir() {
        return home.resolve("data");
    }

    Path log() {
        return home.resolve("log");
    }

    MonoTime in(Duration span) {
        return clock.now().plus(span);
    }

    /** Connects a second time, which replaces the first client, and goes on with the new one. */
    void reconnect() throws IOException {
        told = new Told();
        client = GuardClient.connect(guardDir(), told);
    }

    private void reconnectOrStart() throws IOException {
        try {
            reconnect();
        } catch (IOException nobodyListens) {
            startAgain();
        }
    }

    /** Whether the guard that was spoken to last is there. */
    boolean isRunning() {
        return Files.exists(Path.of("/proc/" + client.guardPid()));
    }

    /** Lets the guard hold a shell script. */
    long start(String script) {
        long pid =
                answer(
                        client.start(
                                dataDir(),
                                log(),
                                Path.of("/usr/bin/env"),
                                List.of(mark(), "sh", "-c", script)));
        awaitMark(pid);
        return pid;
    }

    /** The guard answers as soon as the first program runs; the mark is there with the second. */
    private void awaitMark(long pid) {
        Path process = Path.of("/proc/" + pid);
        await().atMost(Told.PATIENCE)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> environment(process).contains(mark()) || hasEnded(process));
    }

    /** The same, by the shell itself, so that the guard knows its program from the beginning. */
    long startDirectly(String script) {
        long pid =
                answer(
                        client.start(
                                dataDir(),
                                log(),
                                Path.of("/bin/sh"),
                                List.of(
                                        "-c",
                                        "export " + mark() + "; exec sh -c '" + script + "'")));
        awaitMark(pid);
        return pid;
    }

    String mark() {
        return "HOLDFAST_GUARD_TEST=" + home;
    }

    static <T> T answer(CompletableFuture<T> future) {
        return future.orTimeout(Told.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    static Throwable failure(CompletableFuture<?> future) throws InterruptedException {
        try {
            Object value = future.get(Told.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            throw new AssertionError("the guard did it, and answered " + value);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("the request is still open", e);
        }
    }

    /** Waits until a script has written a line of the given text into its log. */
    void awaitLogged(String line) {
        await().atMost(Told.PATIENCE)
                .until(() -> Files.exists(log()) && Files.readAllLines(log()).contains(line));
    }

    void awaitMarked(int atLeast) {
        await().atMost(Told.PATIENCE).until(() -> marked().size() >= atLeast);
    }

    /** The living processes that carry the mark. One that died has no environment any more. */
    List<Long> marked() throws IOException {
        List<Path> processes;
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            processes = entries.filter(p -> p.getFileName().toString().matches("\\d+")).toList();
        }
        List<Long> found = new ArrayList<>();
        for (Path process : processes) {
            if (environment(process).contains(mark())) {
                found.add(Long.valueOf(process.getFileName().toString()));
            }
        }
        return found;
    }

    /** Its state says so: an empty environment has also who goes from one program to the next. */
    private static boolean hasEnded(Path process) {
        try {
            String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
            return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
        } catch (IOException gone) {
            return true;
        }
    }

    /**
     * It lives and carries the mark, which cannot be read for the instant in which it goes from one
     * program to the next.
     */
    void assertMarked(long pid) {
        await().atMost(Told.PATIENCE).untilAsserted(() -> assertThat(marked()).contains(pid));
    }

    private static List<String> environment(Path process) {
        try {
            // Bytes in a program's environment need not be text, so they are not decoded as
            // strictly as text is.
            byte[] bytes = Files.readAllBytes(process.resolve("environ"));
            return List.of(new String(bytes, StandardCharsets.ISO_8859_1).split("\0", -1));
        } catch (IOException endedOrNotOurs) {
            return List.of();
        }
    }

    static void kill(String signal, long pid) throws IOException {
        run("kill", "-" + signal, Long.toString(pid));
    }

    /** The agent's side whole, which replaces the client. */
    GuardKeeper keeper(Path program, List<GuardFact> facts) {
        return new GuardKeeper(
                new GuardKeeper.Setup(
                        program,
                        guardDir(),
                        dataDir(),
                        Optional.empty(),
                        new AgentConfig.Watchdog(
                                Optional.of(AgentConfig.Watchdog.Mode.OFF),
                                "/dev/watchdog",
                                Optional.empty())),
                Optional::empty,
                new GuardKeeper.Listener() {
                    @Override
                    public void onAddress(String address, String state, String why) {}

                    @Override
                    public void onFact(GuardFact fact) {
                        facts.add(fact);
                    }

                    @Override
                    public void onReplaced(String why) {
                        throw new AssertionError(why);
                    }

                    @Override
                    public void onBarred(Optional<String> why) {}

                    @Override
                    public void onUnwatched(Optional<String> why) {}
                });
    }

    /** Ends what the guard holds, and the guard. */
    @Override
    public void close() throws IOException {
        reconnectOrStart();
        answer(client.kill());
        told.awaitState(state -> state.phase() == GuardState.Phase.NONE);
        answer(client.quit());
        client.close();
    }
}
