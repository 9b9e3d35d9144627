package dev.holdfast.agent.callback;

import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.config.Scripts.Service;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.FollowLeader;
import dev.holdfast.core.decide.FollowLeader.Wish;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.status.ServiceStatus;
import dev.holdfast.core.status.ServiceStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the services that follow the leader when this member has become primary, in their order,
 * and stops them in the reverse order before it is none any more, or as soon as it is none.
 *
 * <p>Which of them were started is a file that is written before the first command of each: an
 * agent that ends at any instant leaves one that stops no less than was started. One that was being
 * started then is started again. Nothing of PostgreSQL waits for a start. A planned stop of it
 * waits for {@link #ready}, within the services' time-outs; a fence waits for nothing here.
 */
public final class LeaderServices implements AgentLoop.BeforeStop {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderServices.class);

    private static final Duration TRY_AGAIN = Duration.ofSeconds(10);

    /** Calls a program of the operator and waits for its end; throws when it fails. */
    public interface Programs {
        void call(String key, Script script);
    }

    private final Path record;
    private final Supplier<List<Service>> services;
    private final Programs programs;
    private final Runnable changed;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("holdfast-services").factory());

    private final AtomicBoolean reread = new AtomicBoolean();

    /** What starts services, now or later. */
    private final AtomicReference<Future<?>> start =
            new AtomicReference<>(CompletableFuture.completedFuture(null));

    private volatile Wish wish = Wish.LEAVE;
    private volatile CompletableFuture<Void> stopped = CompletableFuture.completedFuture(null);
    private volatile List<ServiceStatus> shown = List.of();

    /** Of the own thread: what was started, in order, with what came of it. */
    private final Map<String, ServiceStatus> begun = new LinkedHashMap<>();

    /**
     * Reads what an agent before this one started.
     *
     * @param directory where the own files lie
     * @param services as the member's file names them now
     * @param changed runs when {@link #states} is another; on any thread
     */
    public LeaderServices(
            Path directory, Supplier<List<Service>> services, Programs programs, Runnable changed) {
        this.record = directory.resolve("follow_leader");
        this.services = services;
        this.programs = programs;
        this.changed = changed;
        for (String line : read()) {
            String name = line.substring(0, Math.max(0, line.indexOf(' ')));
            begun.put(
                    name,
                    line.endsWith(" " + State.STARTED.text())
                            ? new ServiceStatus(name, State.STARTED, "")
                            : new ServiceStatus(
                                    name,
                                    State.FAILED,
                                    "an agent ended while it was "
                                            + line.substring(name.length()).strip()));
        }
        shown = List.copyOf(begun.values());
    }

    /** What a turn saw; on the thread of the turns, and quick. */
    public void onTurn(Observation seen, Decision decided) {
        follow(FollowLeader.of(seen, decided));
    }

    /** The member's file was read anew: what it names more is started. Any thread. */
    public void onReload() {
        reread.set(true);
    }

    void follow(Wish next) {
        boolean more = reread.getAndSet(false) && next == Wish.RUN;
        if (next == Wish.LEAVE || (next == wish && !more)) {
            return;
        }
        wish = next;
        if (next == Wish.STOP) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            stopped = done;
            // No start is waited for.
            start.get().cancel(true);
            thread.execute(() -> stop(done));
        } else {
            start.set(thread.submit(this::start));
        }
    }

    /** Completes when each of those that are to be stopped was told to. */
    @Override
    public CompletableFuture<Void> ready() {
        return stopped;
    }

    @Override
    public Duration patience() {
        return services.get().stream()
                .map(service -> service.stop().timeout())
                .reduce(Duration.ofSeconds(1), Duration::plus);
    }

    /** In their order; those that neither run nor are to run are not among them. */
    public List<ServiceStatus> states() {
        return shown;
    }

    /** Calls nothing any more; what runs goes on. */
    public void leave() {
        thread.shutdown();
    }

    // --- on the own thread

    private void start() {
        for (Service service : services.get()) {
            if (wish != Wish.RUN) {
                return;
            }
            ServiceStatus before = begun.get(service.name());
            if (before != null && before.state() == State.STARTED) {
                continue;
            }
            begun.put(service.name(), new ServiceStatus(service.name(), State.STARTING, ""));
            write();
            show();
            Optional<String> failure = call(service, service.start());
            begun.put(
                    service.name(),
                    failure.map(why -> new ServiceStatus(service.name(), State.FAILED, why))
                            .orElseGet(() -> new ServiceStatus(service.name(), State.STARTED, "")));
            write();
            show();
            if (failure.isPresent()) {
                // Those after it may need it.
                again(Wish.RUN, this::start).ifPresent(start::set);
                return;
            }
        }
    }

    /** Each is tried once; what fails is tried again, but nobody waits for that. */
    private void stop(CompletableFuture<Void> done) {
        boolean failed = false;
        for (String name : List.copyOf(begun.keySet()).reversed()) {
            if (wish != Wish.STOP) {
                break;
            }
            Optional<Service> service =
                    services.get().stream().filter(s -> s.name().equals(name)).findFirst();
            Optional<String> failure = Optional.empty();
            if (service.isPresent()) {
                begun.put(name, new ServiceStatus(name, State.STOPPING, ""));
                show();
                failure = call(service.get(), service.get().stop());
            } else {
                LOG.warn(
                        "the service {} was started, and follow_leader names it no more: stop it by hand",
                        name);
            }
            if (failure.isPresent()) {
                begun.put(name, new ServiceStatus(name, State.STOP_FAILED, failure.get()));
                failed = true;
            } else {
                begun.remove(name);
            }
            write();
            show();
        }
        done.complete(null);
        if (failed) {
            var _ = again(Wish.STOP, () -> stop(new CompletableFuture<>()));
        }
    }

    private Optional<Future<?>> again(Wish only, Runnable what) {
        return thread.isShutdown()
                ? Optional.empty()
                : Optional.of(
                        thread.schedule(
                                () -> {
                                    if (wish == only) {
                                        what.run();
                                    }
                                },
                                TRY_AGAIN.toMillis(),
                                TimeUnit.MILLISECONDS));
    }

    /** Why it failed, as one sentence. */
    private Optional<String> call(Service service, Script script) {
        try {
            programs.call("follow_leader." + service.name(), script);
            return Optional.empty();
        } catch (CancellationException e) {
            // It was meant for the program; what is left to do is to write that down.
            boolean _ = Thread.interrupted();
            return Optional.of("given up, since this member does not lead any more");
        } catch (RuntimeException e) {
            LOG.warn("{}", e.getMessage());
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private void show() {
        shown = List.copyOf(begun.values());
        changed.run();
    }

    private List<String> read() {
        try {
            return Files.readAllLines(record).stream().filter(line -> line.contains(" ")).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            LOG.warn(
                    "{} cannot be read, so it is not known which services run: {}",
                    record,
                    e.getMessage());
            return List.of();
        }
    }

    private void write() {
        RecordFile.write(
                record,
                begun.values().stream()
                        .map(each -> each.name() + " " + each.state().text() + "\n")
                        .collect(Collectors.joining()));
    }
}
