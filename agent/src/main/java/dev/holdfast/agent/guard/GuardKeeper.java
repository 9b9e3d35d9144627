package dev.holdfast.agent.guard;

import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.GuardFact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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

    /**
     * Where the guard is and what it is told.
     *
     * @param program the one that this agent was shipped with
     * @param cgroup the control group that PostgreSQL is to be in, if any
     */
    public record Setup(
            Path program,
            Path directory,
            Path dataDirectory,
            Optional<String> cgroup,
            AgentConfig.Watchdog watchdog) {}

    /** Who is told. Called on any thread. */
    public interface Listener {
        void onFact(GuardFact fact);

        /** Another agent took this one's place: this one must end. */
        void onReplaced(String why);

        /** What became of an address of clients. */
        void onAddress(String address, String state, String why);

        /** Why this member may not lead, as far as the guard knows; empty when it may. */
        void onBarred(Optional<String> why);

        /** Why the watchdog that the file asks for is not used; empty when it is. */
        void onUnwatched(Optional<String> why);
    }

    private final Setup setup;
    private final Supplier<Optional<Long>> runningPostmaster;
    private final Listener listener;
    private final GuardUpgrade upgrade;
    private final ScheduledExecutorService seeker =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("holdfast-guard-keeper").factory());

    private final Map<Long, CompletableFuture<Void>> gone = new HashMap<>();
    private @Nullable GuardClient client;
    private GuardState state = new GuardState(new GuardState.Standby(), 0, GuardState.Phase.NONE);
    private boolean ready;
    private boolean closed;

    /** The connection that counts; those before it may still speak their last words. */
    private @Nullable Heard current;

    private boolean scheduled;

    /** Only the seeker's thread touches it. */
    private long generation;

    /**
     * @param runningPostmaster the pid of the server that runs in the data directory, if one does
     */
    public GuardKeeper(Setup setup, Supplier<Optional<Long>> runningPostmaster, Listener listener) {
        this.setup = setup;
        this.runningPostmaster = runningPostmaster;
        this.listener = listener;
        this.upgrade = new GuardUpgrade(setup.program());
    }

    public void start() {
        seeker.execute(this::seek);
    }

    private void seek() {
        GuardClient found = null;
        synchronized (this) {
            scheduled = false;
            current = null;
        }
        try {
            GuardLauncher.ensure(setup.program(), setup.directory(), setup.cgroup());
            Heard heard = new Heard();
            synchronized (this) {
                current = closed ? null : heard;
            }
            found = GuardClient.connect(setup.directory(), heard, generation);
            generation = found.generation();
            if (upgrade.bring(found) == GuardUpgrade.Outcome.UNDER_WAY) {
                found.close();
                seekAgain();
                return;
            }
            if (!found.isOfOurProtocol()) {
                throw new IOException(
                        "the guard in %s speaks another protocol than this agent; use agent and guard of one version"
                                .formatted(setup.directory()));
            }
            // Before it has said what it holds, it would look as if it held nothing.
            heard.firstState.get(5, TimeUnit.SECONDS);
            Optional<Long> running = held() == 0 ? runningPostmaster.get() : Optional.empty();
            synchronized (this) {
                if (closed) {
                    found.close();
                    return;
                }
                client = found;
            }
            found.watchdog(setup.watchdog().mode(), setup.watchdog().device())
                    .get(5, TimeUnit.SECONDS);
            if (running.isPresent()) {
                LOG.info("the guard takes over the server that runs with pid {}", running.get());
                found.adopt(setup.dataDirectory(), running.get()).get(5, TimeUnit.SECONDS);
            }
            synchronized (this) {
                ready = true;
            }
            tell();
        } catch (GuardReplacedException e) {
            listener.onReplaced(e.getMessage() + "; this one ends");
        } catch (IOException
                | java.util.concurrent.ExecutionException
                | java.util.concurrent.TimeoutException e) {
            if (found != null) {
                // Else the next attempt would replace this connection, and look like another agent.
                found.close();
            }
            listener.onFact(new GuardFact.Away(String.valueOf(e.getMessage())));
            seekAgain();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Two attempts side by side would replace each other, and look like two agents. */
    private synchronized void seekAgain() {
        ready = false;
        if (!closed && !scheduled) {
            scheduled = true;
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
        listener.onFact(
                new GuardFact.Present(
                        mode, now.postmasterPid(), now.phase() == GuardState.Phase.ENDING));
    }

    @Override
    public CompletableFuture<Void> set(GuardFact.Mode mode, Deadlines deadlines) {
        return with(guard ->
                switch (mode) {
                    case GuardFact.Mode.Standby _ -> guard.standby();
                    case GuardFact.Mode.Armed armed ->
                            guard.arm(
                                    armed.deadline(),
                                    deadlines.leaseEnd(armed.deadline()),
                                    setup.watchdog().timeoutSeconds(deadlines.ttl()));
                    case GuardFact.Mode.Paused _ -> guard.pause();
                });
    }

    /** Which addresses of clients this host is to hold, until when. */
    public CompletableFuture<Void> addresses(MonoTime until, String list) {
        return with(guard -> guard.addresses(until, list));
    }

    @Override
    public CompletableFuture<Void> kill() {
        return with(GuardClient::kill);
    }

    @Override
    public CompletableFuture<Long> start(
            Postgres.Role role, Path log, Path program, List<String> arguments) {
        // The reply comes before anything that the guard says of this postmaster, on the same
        // thread.
        Path data = setup.dataDirectory();
        return with(guard ->
                        switch (role) {
                            case PRIMARY -> guard.startPrimary(data, log, program, arguments);
                            case STANDBY -> guard.start(data, log, program, arguments);
                        })
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

    /** Looks at the watchdog anew, after an operator has mended it. */
    public void lookAtWatchdog() {
        var _ =
                with(guard -> guard.watchdog(setup.watchdog().mode(), setup.watchdog().device()))
                        .exceptionally(failure -> {
                            LOG.warn("the watchdog was not looked at: {}", failure.getMessage());
                            return null;
                        });
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
            // Whoever comes next replaces a connection that nobody listens to any more.
            current = null;
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
                        new IOException(
                                "there is no connection to the guard in " + setup.directory()))
                : call.apply(now);
    }

    private final class Heard implements GuardClient.Listener {
        private final CompletableFuture<Void> firstState = new CompletableFuture<>();

        @Override
        public void onState(GuardState next) {
            List<CompletableFuture<Void>> ended;
            synchronized (GuardKeeper.this) {
                state = next;
                ended = notHeldAnyMore(next);
            }
            ended.forEach(awaited -> awaited.complete(null));
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
        public void onWatchdog(WatchdogState watchdog) {
            boolean failed = !watchdog.failure().isEmpty();
            switch (watchdog.mode()) {
                case OFF -> {}
                case AUTOMATIC -> {
                    if (failed) {
                        LOG.info("no watchdog is used: {}", watchdog.failure());
                    }
                }
                case REQUIRED -> {
                    if (failed) {
                        LOG.warn("watchdog.mode is required: {}", watchdog.failure());
                    }
                }
            }
            if (watchdog.seconds() > 0) {
                LOG.info(
                        "the watchdog resets this host if it is not fed for {} s",
                        watchdog.seconds());
            }
            listener.onUnwatched(
                    failed && setup.watchdog().asked().isPresent()
                            ? Optional.of(watchdog.failure())
                            : Optional.empty());
            listener.onBarred(
                    failed && watchdog.mode() == AgentConfig.Watchdog.Mode.REQUIRED
                            ? Optional.of(
                                    "watchdog.mode is required, and this host has none that works: "
                                            + watchdog.failure())
                            : Optional.empty());
        }

        @Override
        public void onAddress(String address, String addressState, String why) {
            listener.onAddress(address, addressState, why);
        }

        @Override
        public void onNotice(String sentence) {
            LOG.warn("The guard says: {}", sentence);
        }

        @Override
        public void onReplaced() {
            if (!counts()) {
                return;
            }
            listener.onReplaced(
                    "another agent has connected to the guard in "
                            + setup.directory()
                            + " and takes over; this one ends");
        }

        @Override
        public void onDisconnected(String why) {
            synchronized (GuardKeeper.this) {
                if (!counts()) {
                    return;
                }
                ready = false;
                client = null;
            }
            listener.onFact(new GuardFact.Away(why));
            seekAgain();
        }

        /**
         * A guard that was killed may have been followed by one that ended the rest before it was
         * connected to: then nobody says that a postmaster is gone.
         */
        private List<CompletableFuture<Void>> notHeldAnyMore(GuardState next) {
            if (next.phase() == GuardState.Phase.ENDING) {
                return List.of();
            }
            List<CompletableFuture<Void>> ended = new ArrayList<>();
            gone.entrySet()
                    .removeIf(entry ->
                            entry.getKey() != next.postmasterPid() && ended.add(entry.getValue()));
            return ended;
        }

        private boolean counts() {
            synchronized (GuardKeeper.this) {
                return current == this;
            }
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
