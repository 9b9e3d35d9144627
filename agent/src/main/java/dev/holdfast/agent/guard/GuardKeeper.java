package dev.holdfast.agent.guard;

import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.core.decide.GuardFact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that there is a guard and a connection to it, and that it holds the server that runs.
 * When the connection breaks it looks for the guard again, starts a new one if there is none, and
 * lets that one adopt the server.
 */
public final class GuardKeeper implements GuardPort, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuardKeeper.class);
    private static final long RETRY_MILLIS = 200;

    private final Path program;
    private final Path directory;
    private final Path dataDirectory;
    private final Supplier<Optional<Long>> runningPostmaster;
    private final Consumer<GuardFact> onFact;
    private final Consumer<String> onReplaced;
    private final ScheduledExecutorService seeker =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("holdfast-guard-keeper").factory());

    private final Map<Long, CompletableFuture<Void>> gone = new HashMap<>();
    private @Nullable GuardClient client;
    private GuardState state = new GuardState(new GuardState.Standby(), 0, GuardState.Phase.NONE);
    private boolean ready;
    private boolean closed;

    /**
     * @param runningPostmaster the pid of the server that runs in the data directory, if one does
     * @param onFact is told each change, on any thread
     * @param onReplaced is told when another agent took this one's place: this one must end
     */
    public GuardKeeper(
            Path program,
            Path directory,
            Path dataDirectory,
            Supplier<Optional<Long>> runningPostmaster,
            Consumer<GuardFact> onFact,
            Consumer<String> onReplaced) {
        this.program = program;
        this.directory = directory;
        this.dataDirectory = dataDirectory;
        this.runningPostmaster = runningPostmaster;
        this.onFact = onFact;
        this.onReplaced = onReplaced;
    }

    public void start() {
        seeker.execute(this::seek);
    }

    private void seek() {
        GuardClient found = null;
        try {
            GuardLauncher.ensure(program, directory);
            Heard heard = new Heard();
            found = GuardClient.connect(directory, heard);
            // Before it has said what it holds, it would look as if it held nothing.
            heard.firstState.get(5, TimeUnit.SECONDS);
            Optional<Long> running = held() == 0 ? runningPostmaster.get() : Optional.empty();
            synchronized (this) {
                client = found;
            }
            if (running.isPresent()) {
                LOG.info("the guard takes over the server that runs with pid {}", running.get());
                found.adopt(dataDirectory, running.get()).get(5, TimeUnit.SECONDS);
            }
            synchronized (this) {
                ready = true;
            }
            tell();
        } catch (IOException
                | java.util.concurrent.ExecutionException
                | java.util.concurrent.TimeoutException e) {
            if (found != null) {
                // Else the next attempt would replace this connection, and look like another agent.
                found.close();
            }
            onFact.accept(new GuardFact.Away(String.valueOf(e.getMessage())));
            seekAgain();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void seekAgain() {
        if (!closed) {
            ready = false;
            var _ = seeker.schedule(this::seek, RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private synchronized long held() {
        return state.postmasterPid();
    }

    private void tell() {
        GuardState now;
        synchronized (this) {
            if (!ready) {
                return;
            }
            now = state;
        }
        GuardFact.Mode mode =
                switch (now.mode()) {
                    case GuardState.Standby _ -> new GuardFact.Mode.Standby();
                    case GuardState.Armed armed -> new GuardFact.Mode.Armed(armed.deadline());
                    case GuardState.Paused _ -> new GuardFact.Mode.Paused();
                };
        onFact.accept(
                new GuardFact.Present(
                        mode, now.postmasterPid(), now.phase() == GuardState.Phase.ENDING));
    }

    @Override
    public CompletableFuture<Void> set(GuardFact.Mode mode) {
        return with(guard ->
                switch (mode) {
                    case GuardFact.Mode.Standby _ -> guard.standby();
                    case GuardFact.Mode.Armed armed -> guard.arm(armed.deadline());
                    case GuardFact.Mode.Paused _ -> guard.pause();
                });
    }

    @Override
    public CompletableFuture<Void> kill() {
        return with(GuardClient::kill);
    }

    @Override
    public CompletableFuture<Long> start(Path log, Path program, List<String> arguments) {
        // The reply comes before anything that the guard says of this postmaster, on the same
        // thread.
        return with(guard -> guard.start(dataDirectory, log, program, arguments))
                .thenApply(pid -> {
                    synchronized (this) {
                        gone.putIfAbsent(pid, new CompletableFuture<>());
                    }
                    return pid;
                });
    }

    @Override
    public CompletableFuture<Void> signal(ServerSignal signal) {
        return with(guard ->
                guard.signal(
                        switch (signal) {
                            case REREAD_CONFIGURATION -> PostmasterSignal.HUP;
                            case FAST_SHUTDOWN -> PostmasterSignal.INT;
                            case IMMEDIATE_SHUTDOWN -> PostmasterSignal.QUIT;
                        }));
    }

    @Override
    public synchronized CompletableFuture<Void> gone(long pid) {
        CompletableFuture<Void> awaited = gone.get(pid);
        if (awaited != null) {
            return awaited;
        }
        boolean held =
                state.postmasterPid() == pid || state.phase() == GuardState.Phase.ENDING || !ready;
        return held
                ? gone.computeIfAbsent(pid, _ -> new CompletableFuture<>())
                : CompletableFuture.completedFuture(null);
    }

    @Override
    public synchronized long postmaster() {
        return state.postmasterPid();
    }

    /** Ends the guard itself, which it refuses while it holds a server. */
    public CompletableFuture<Void> quit() {
        return with(GuardClient::quit);
    }

    @Override
    public void close() {
        GuardClient last;
        synchronized (this) {
            closed = true;
            last = client;
        }
        seeker.shutdownNow();
        if (last != null) {
            last.close();
        }
    }

    private <T> CompletableFuture<T> with(
            java.util.function.Function<GuardClient, CompletableFuture<T>> call) {
        GuardClient now;
        synchronized (this) {
            now = client;
        }
        return now == null
                ? CompletableFuture.failedFuture(
                        new IOException("there is no connection to the guard in " + directory))
                : call.apply(now);
    }

    private final class Heard implements GuardClient.Listener {
        private final CompletableFuture<Void> firstState = new CompletableFuture<>();

        @Override
        public void onState(GuardState next) {
            synchronized (GuardKeeper.this) {
                state = next;
            }
            firstState.complete(null);
            tell();
        }

        @Override
        public void onExited(long pid, ExitCause cause) {
            LOG.info("the postmaster {} ended: {}", pid, describe(cause));
        }

        @Override
        public void onGone(long pid) {
            CompletableFuture<Void> awaited;
            synchronized (GuardKeeper.this) {
                awaited = gone.remove(pid);
            }
            if (awaited != null) {
                awaited.complete(null);
            }
        }

        @Override
        public void onFenced(long pid, String why) {
            LOG.warn("the guard ended PostgreSQL (pid {}) by itself: {}", pid, why);
        }

        @Override
        public void onReplaced() {
            onReplaced.accept(
                    "another agent has connected to the guard in "
                            + directory
                            + " and takes over; this one ends");
        }

        @Override
        public void onDisconnected(String why) {
            synchronized (GuardKeeper.this) {
                ready = false;
                client = null;
            }
            onFact.accept(new GuardFact.Away(why));
            seekAgain();
        }

        private static String describe(ExitCause cause) {
            return switch (cause) {
                case ExitCause.Status(int status) ->
                        status == 0 ? "shut down" : "exit status " + status;
                case ExitCause.Signalled(int number) -> "killed by signal " + number;
                case ExitCause.Unknown _ -> "its status is not known, since it was adopted";
            };
        }
    }
}
