package dev.holdfast.agent.show;

import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to the loop and keeps what is to be shown: the newest status, journal, metrics, and who
 * waits for a change.
 */
public final class Shown implements AgentLoop.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Shown.class);

    private final String scope;
    private final String version;
    private final Supplier<MonoTime> clock;
    private final Supplier<List<ServiceStatus>> services;
    private final Supplier<HostStatus> host;
    private final Journal journal = new Journal();
    private final AgentMetrics metrics;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final List<Wait<?>> waits = new CopyOnWriteArrayList<>();
    private List<String> problems = List.of();
    private long storeRevision = -1;
    private long storeSeenEpochSeconds;

    private volatile MonoTime ranAt;
    private volatile @Nullable Observation seen;
    private volatile @Nullable MemberStatus status;
    private volatile @Nullable Publisher publisher;
    private volatile @Nullable Operations operations;

    private record Wait<T>(Function<Observation, Optional<T>> until, CompletableFuture<T> answer) {
        boolean check(Observation o) {
            until.apply(o).ifPresent(answer::complete);
            return answer.isDone();
        }
    }

    /**
     * @param services how those stand that follow the leader
     * @param host what there is to say of the host
     */
    public Shown(
            String scope,
            String name,
            String version,
            Supplier<MonoTime> clock,
            Supplier<List<ServiceStatus>> services,
            Supplier<HostStatus> host) {
        this.scope = scope;
        this.services = services;
        this.host = host;
        this.version = version;
        this.clock = clock;
        this.ranAt = clock.get();
        this.metrics = new AgentMetrics(scope, name, () -> status, clock);
    }

    void publishThrough(Publisher next, Operations settledBy) {
        publisher = next;
        operations = settledBy;
    }

    @Override
    public void onTurn(Observation now, Decision decided) {
        ranAt = clock.get();
        long revision = now.cluster().map(c -> c.revision()).orElse(-1L);
        if (revision != storeRevision || now.lease().isGood(clock.get())) {
            storeRevision = revision;
            storeSeenEpochSeconds = Instant.now().getEpochSecond();
        }
        MemberStatus before = status;
        MemberStatus next =
                StatusView.of(
                        now,
                        decided,
                        scope,
                        version,
                        storeSeenEpochSeconds,
                        services.get(),
                        host.get());
        seen = now;
        status = next;
        journal.onDecision(decided);
        metrics.onDecision(now, decided, clock.get().since(now.now()));
        Publisher to = publisher;
        if (to != null) {
            to.onTurn(now, next);
        }
        Operations toSettle = operations;
        if (toSettle != null) {
            toSettle.onTurn(now);
        }
        for (Wait<?> wait : List.copyOf(waits)) {
            if (wait.check(now)) {
                waits.remove(wait);
            }
        }
        if (!next.equals(before)) {
            listeners.forEach(Runnable::run);
        }
    }

    @Override
    public void onNote(String sentence) {
        journal.onNote(sentence);
    }

    @Override
    public void onStoreProblems(List<String> found) {
        if (!found.equals(problems)) {
            problems = List.copyOf(found);
            found.forEach(p -> LOG.warn("the store holds something that cannot be read: {}", p));
        }
    }

    /** A timer of the loop has fired. */
    public void onTimer(Duration late) {
        ranAt = clock.get();
        metrics.onTimer(late);
    }

    /** A request to the store has been answered, or not; any thread. */
    public void onStoreRequest(String request, String outcome, Duration took) {
        metrics.onStoreRequest(request, outcome, took);
    }

    /** When the loop did something last; there are timers on it that never rest, for the lease. */
    MonoTime ranAt() {
        return ranAt;
    }

    Optional<Observation> seen() {
        return Optional.ofNullable(seen);
    }

    Optional<MemberStatus> status() {
        return Optional.ofNullable(status);
    }

    AutoCloseable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /**
     * Completes once {@code until} has an answer to an observation; by {@code late} after the
     * time-out.
     */
    <T> CompletableFuture<T> await(
            Function<Observation, Optional<T>> until, Duration timeout, Supplier<T> late) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Wait<T> wait = new Wait<>(until, answer);
        waits.add(wait);
        return answer.completeOnTimeout(
                        null, timeout.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS)
                .thenApply(found -> {
                    waits.remove(wait);
                    return found == null ? late.get() : found;
                });
    }

    List<JournalLine> journal() {
        return journal.lines();
    }

    String metrics() {
        return metrics.scrape();
    }
}
