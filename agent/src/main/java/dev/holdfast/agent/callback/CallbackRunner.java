package dev.holdfast.agent.callback;

import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.decide.Callbacks;
import dev.holdfast.core.decide.Callbacks.Call;
import dev.holdfast.core.decide.Callbacks.Told;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.Observation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the scripts, in order, one at a time, each within its time.
 *
 * <p>What was told is a file, and the script's own process moves it into its place right before it
 * becomes the script: an agent that ends at any instant leaves a file that says whether the call
 * was made. {@code flock} keeps the calls of two agents apart, {@code timeout} ends a script and
 * its process group even when no agent is left.
 */
public final class CallbackRunner {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackRunner.class);

    /** A server that ends again and again while its scripts hang must not fill the memory. */
    private static final int MOST_WAITING = 100;

    private static final int LINES_SHOWN = 8;
    private static final int BYTES_READ = 16 * 1024;
    private static final long POLL_MILLIS = 5;

    /** As a shell tells of a program that a SIGKILL ended, which is how {@code timeout} ends it. */
    private static final int KILLED = 128 + 9;

    private static final String BEGIN = "mv -f -- \"$1\" \"$2\" && shift 2 && exec \"$@\"";

    private final String scope;
    private final Supplier<Scripts> scripts;
    private final Path record;
    private final Path begun;
    private final Path lock;
    private final Path output;
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("holdfast-callback").factory());
    private final AtomicReference<Callbacks.Reload> reload =
            new AtomicReference<>(Callbacks.Reload.NOT_ORDERED);

    /** Of the thread that runs the turns. */
    private Told told;

    /** Of the own thread: what the file says. */
    private Told recorded;

    private final Deque<Call> waiting = new ArrayDeque<>();
    private final List<CompletableFuture<Void>> idle = new ArrayList<>();
    private boolean running;

    /**
     * Reads what an agent before this one told.
     *
     * @param directory where the own files lie
     * @param scripts as the member's file names them now
     */
    public CallbackRunner(Path directory, String scope, Supplier<Scripts> scripts) {
        this.scope = scope;
        this.scripts = scripts;
        this.record = directory.resolve("callbacks");
        this.begun = directory.resolve("callbacks.begun");
        this.lock = directory.resolve("callbacks.lock");
        this.output = directory.resolve("callback.log");
        CallbackRecord before = read();
        this.told = before.told();
        this.recorded = before.told();
        this.waiting.addAll(before.waiting());
        if (!waiting.isEmpty()) {
            thread.execute(this::next);
        }
    }

    /** What a turn saw; on the thread of the turns, and quick. */
    public void onTurn(Observation seen, Decision decided) {
        if (scripts.get().callbacks().isEmpty()) {
            return;
        }
        Callbacks.Step step = Callbacks.follow(told, seen, decided, reload.get());
        if (step.told().equals(told) && step.call().isEmpty()) {
            return;
        }
        if (step.call().filter(c -> c.event() == Callbacks.Event.ON_RELOAD).isPresent()) {
            reload.set(Callbacks.Reload.NOT_ORDERED);
        }
        told = step.told();
        tell(step);
    }

    void tell(Callbacks.Step step) {
        thread.execute(() -> add(step));
    }

    /** An operator ordered that the configuration be read anew. Any thread. */
    public void onReload() {
        reload.set(Callbacks.Reload.ORDERED);
    }

    /** Completes when all that was to be told has been. Any thread. */
    public CompletableFuture<Void> told() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        thread.execute(() -> {
            idle.add(done);
            next();
        });
        return done;
    }

    /** Calls no script any more; one that runs goes on. */
    public void leave() {
        thread.shutdownNow();
    }

    // --- on the own thread

    private void add(Callbacks.Step step) {
        recorded = step.told();
        step.call().filter(call -> script(call).isPresent()).ifPresent(waiting::addLast);
        if (waiting.size() > MOST_WAITING) {
            LOG.warn("the callback {} is left out, so many wait", shown(waiting.removeFirst()));
        }
        write(record);
        next();
    }

    private Optional<Script> script(Call call) {
        return Optional.ofNullable(scripts.get().callbacks().get(call.event().text()));
    }

    private void next() {
        if (running) {
            return;
        }
        Call call = waiting.pollFirst();
        if (call == null) {
            idle.forEach(done -> done.complete(null));
            idle.clear();
            return;
        }
        Optional<Script> script = script(call);
        if (script.isEmpty()) {
            write(record);
            next();
            return;
        }
        try {
            start(call, script.get());
        } catch (IOException e) {
            LOG.warn("the callback {} could not be called: {}", shown(call), e.getMessage());
            write(record);
            next();
        }
    }

    private void start(Call call, Script script) throws IOException {
        write(begun);
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "flock",
                                "-o",
                                lock.toString(),
                                "timeout",
                                "-s",
                                "KILL",
                                Long.toString(script.timeout().toSeconds()),
                                "sh",
                                "-c",
                                BEGIN,
                                "callback",
                                begun.toString(),
                                record.toString()));
        command.addAll(script.command());
        command.add(call.event().text());
        command.add(call.role().text());
        command.add(scope);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(true);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        // A file, since a pipe would break under the script when the agent ends.
        builder.redirectOutput(output.toFile());
        long since = System.nanoTime();
        Process process = builder.start();
        running = true;
        awaitBegin(process);
        var _ =
                process.onExit()
                        .thenAcceptAsync(
                                ended ->
                                        ended(
                                                call,
                                                script,
                                                ended.exitValue(),
                                                Duration.ofNanos(System.nanoTime() - since)),
                                thread);
    }

    /** Until then nothing else may write the record; a script of an agent before may still run. */
    private void awaitBegin(Process process) {
        try {
            while (Files.exists(begun) && process.isAlive()) {
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ended(Call call, Script script, int status, Duration took) {
        running = false;
        String said = said();
        if (status == 0) {
            LOG.info("callback {} ({}) took {} ms{}", shown(call), script, took.toMillis(), said);
        } else if (status == KILLED && took.compareTo(script.timeout()) >= 0) {
            LOG.warn(
                    "callback {} ({}) was ended after {} s (postgresql.callback_timeout){}",
                    shown(call),
                    script,
                    script.timeout().toSeconds(),
                    said);
        } else {
            LOG.warn("callback {} ({}) ended with status {}{}", shown(call), script, status, said);
        }
        next();
    }

    private static String shown(Call call) {
        return call.event().text() + " " + call.role().text();
    }

    private String said() {
        try {
            byte[] bytes;
            try (var in = Files.newInputStream(output)) {
                in.skip(Math.max(0, Files.size(output) - BYTES_READ));
                bytes = in.readNBytes(BYTES_READ);
            }
            List<String> lines =
                    new String(bytes, StandardCharsets.UTF_8)
                            .lines()
                            .map(String::strip)
                            .filter(line -> !line.isEmpty())
                            .toList();
            return lines.isEmpty()
                    ? ""
                    : ": "
                            + String.join(
                                    " | ",
                                    lines.subList(
                                            Math.max(0, lines.size() - LINES_SHOWN), lines.size()));
        } catch (IOException e) {
            return "; what it printed cannot be read: " + e.getMessage();
        }
    }

    private CallbackRecord read() {
        try {
            return CallbackRecord.parse(Files.readString(record))
                    .orElseGet(() -> {
                        LOG.warn("{} is not what Holdfast wrote; callbacks begin anew", record);
                        return CallbackRecord.empty();
                    });
        } catch (NoSuchFileException e) {
            return CallbackRecord.empty();
        } catch (IOException e) {
            LOG.warn("{} cannot be read, so callbacks begin anew: {}", record, e.getMessage());
            return CallbackRecord.empty();
        }
    }

    /** A failure costs at most a call that is made twice: scripts must bear that anyhow. */
    private void write(Path file) {
        RecordFile.write(file, new CallbackRecord(recorded, List.copyOf(waiting)).text());
    }
}
