package dev.holdfast.ctl;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Every state that a cluster goes through from one snapshot on, in order and as it happens, so that
 * a state that lasts for a moment is not missed. Where the watch ends, the keys are read again:
 * then states may be missing.
 */
final class ClusterFeed implements AutoCloseable {
    private static final Duration WATCH_AGAIN = Duration.ofSeconds(1);

    private final Dcs dcs;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private SortedMap<String, Dcs.Entry> entries;
    private Optional<Dcs.Watch> watch;

    private sealed interface Signal {
        record Changes(long revision, List<Dcs.Event> events) implements Signal {}

        record Ended() implements Signal {}

        record Woken() implements Signal {}
    }

    ClusterFeed(Dcs dcs, Dcs.Snapshot from) {
        this.dcs = dcs;
        this.entries = new TreeMap<>(from.entries());
        this.watch = Optional.of(watchFrom(from.revision() + 1));
    }

    /** Makes {@link #next} return early. */
    void wake() {
        signals.add(new Signal.Woken());
    }

    /**
     * The next state; empty when there was none within {@code patience}, or {@link #wake} was
     * called.
     */
    Optional<ClusterView> next(Duration patience) {
        Optional<Signal> signal = poll(watch.isPresent() ? patience : min(patience, WATCH_AGAIN));
        if (signal.isEmpty()) {
            return watch.isPresent() ? Optional.empty() : readAgain();
        }
        return switch (signal.get()) {
            case Signal.Changes(long revision, List<Dcs.Event> events) -> {
                events.forEach(this::apply);
                yield Optional.of(KeyCodec.toView(new Dcs.Snapshot(revision, entries)).view());
            }
            case Signal.Ended() -> {
                watch.ifPresent(Dcs.Watch::close);
                watch = Optional.empty();
                yield Optional.empty();
            }
            case Signal.Woken() -> Optional.empty();
        };
    }

    @Override
    public void close() {
        watch.ifPresent(Dcs.Watch::close);
    }

    private Optional<ClusterView> readAgain() {
        try {
            Dcs.Snapshot snapshot = ClusterStore.await(dcs.read());
            entries = new TreeMap<>(snapshot.entries());
            watch = Optional.of(watchFrom(snapshot.revision() + 1));
            return Optional.of(KeyCodec.toView(snapshot).view());
        } catch (CtlException e) {
            // The store is away for now; who waits has a limit of its own.
            return Optional.empty();
        }
    }

    private Dcs.Watch watchFrom(long revision) {
        return dcs.watch(
                revision,
                new Dcs.WatchListener() {
                    @Override
                    public void onEvents(long at, List<Dcs.Event> events) {
                        signals.add(new Signal.Changes(at, events));
                    }

                    @Override
                    public void onEnd(String why) {
                        signals.add(new Signal.Ended());
                    }
                });
    }

    private void apply(Dcs.Event event) {
        switch (event) {
            case Dcs.Event.Written(String key, Dcs.Entry entry) -> entries.put(key, entry);
            case Dcs.Event.Deleted(String key, long _) -> entries.remove(key);
        }
    }

    private Optional<Signal> poll(Duration patience) {
        try {
            return Optional.ofNullable(signals.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CtlException(
                    "interrupted; what was asked for goes on without being watched.", e);
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
