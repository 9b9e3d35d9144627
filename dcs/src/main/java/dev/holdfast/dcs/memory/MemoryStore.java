package dev.holdfast.dcs.memory;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Entry;
import dev.holdfast.dcs.Dcs.Event;
import dev.holdfast.dcs.Dcs.Granted;
import dev.holdfast.dcs.Dcs.LeaseState;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Renewal;
import dev.holdfast.dcs.Dcs.Snapshot;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.Dcs.WatchListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An etcd in memory, the server's side: one history of revisions for all who connect to it. Time
 * passes only through the clock, and leases run out only in {@link #tick()}. Not thread-safe: a
 * simulation has one thread.
 */
public final class MemoryStore {

    /** All changes of one revision. */
    record Revision(long revision, List<Event> events) {}

    private record Lease(Duration ttl, MonoTime end) {}

    /** A watcher that was begun and has not ended. */
    static final class Subscription {
        private final long fromRevision;
        private final WatchListener listener;
        private final Deque<Revision> undelivered = new ArrayDeque<>();
        private @Nullable String end;

        Subscription(long fromRevision, WatchListener listener) {
            this.fromRevision = fromRevision;
            this.listener = listener;
        }
    }

    private final Supplier<MonoTime> clock;
    private final SortedMap<String, Entry> entries = new TreeMap<>();
    private final SortedMap<Long, Lease> leases = new TreeMap<>();
    private final List<Revision> history = new ArrayList<>();
    private final List<Subscription> subscriptions = new ArrayList<>();
    private long revision = 1;
    private long compactedTo;
    private long lastLease = 0x1000;
    private boolean delivering;

    /** What was read last: without a change in between it is the same for whoever reads next. */
    private Snapshot latest = new Snapshot(revision, FrozenMap.copyOf(entries));

    public MemoryStore(Supplier<MonoTime> clock) {
        this.clock = clock;
    }

    /** Connects a client; each has faults of its own. */
    public MemoryDcs connect(MemoryDcs.Faults faults) {
        return new MemoryDcs(this, faults);
    }

    /**
     * Ends every lease whose time has come, with its keys, oldest end first; to be called whenever
     * the clock has moved.
     */
    public void tick() {
        MonoTime now = clock.get();
        Optional<Map.Entry<Long, Lease>> next = soonest();
        while (next.isPresent() && !next.get().getValue().end().isAfter(now)) {
            revoke(new LeaseId(next.get().getKey()));
            next = soonest();
        }
    }

    private Optional<Map.Entry<Long, Lease>> soonest() {
        Map.Entry<Long, Lease> soonest = null;
        for (Map.Entry<Long, Lease> lease : leases.entrySet()) {
            if (soonest == null || lease.getValue().end().isBefore(soonest.getValue().end())) {
                soonest = lease;
            }
        }
        return Optional.ofNullable(soonest);
    }

    /** When the next lease runs out, if nobody renews it. */
    public Optional<MonoTime> nextExpiry() {
        return soonest().map(lease -> lease.getValue().end());
    }

    /**
     * Begins every lease anew, as a new leader of etcd does, which does not know how much of each
     * had passed.
     */
    public void extendLeases() {
        leases.replaceAll((_, lease) -> new Lease(lease.ttl(), clock.get().plus(lease.ttl())));
    }

    /** All keys as they stand, for whoever looks on from outside. */
    public Snapshot current() {
        return read();
    }

    /** The newest revision. */
    public long revision() {
        return revision;
    }

    /**
     * Forgets what happened before {@code toRevision}, as etcd's compaction does: no watch can
     * begin there any more.
     */
    public void compact(long toRevision) {
        compactedTo = Math.max(compactedTo, Math.min(toRevision, revision));
        history.removeIf(change -> change.revision() < compactedTo);
    }

    Snapshot read() {
        if (latest.revision() != revision) {
            latest = new Snapshot(revision, FrozenMap.copyOf(entries));
        }
        return latest;
    }

    TxnResult commit(List<Compare> compares, List<Op> ops) {
        if (ops.stream().map(Op::key).distinct().count() < ops.size()) {
            throw new IllegalArgumentException("a transaction writes a key once, found " + ops);
        }
        if (!compares.stream().allMatch(this::holds)) {
            return new TxnResult.Refused(revision);
        }
        if (ops.stream().anyMatch(this::namesLeaseThatIsGone)) {
            return new TxnResult.LeaseGone();
        }
        long next = revision + 1;
        List<Event> events = new ArrayList<>();
        for (Op op : ops) {
            switch (op) {
                case Op.Put(String key, String value, Optional<LeaseId> lease) -> {
                    Entry before = entries.get(key);
                    Entry entry =
                            new Entry(
                                    value,
                                    before == null ? next : before.createRevision(),
                                    next,
                                    lease);
                    entries.put(key, entry);
                    events.add(new Event.Written(key, entry));
                }
                case Op.Delete(String key) -> {
                    if (entries.remove(key) != null) {
                        events.add(new Event.Deleted(key, next));
                    }
                }
            }
        }
        record(events);
        return new TxnResult.Applied(revision);
    }

    Subscription watch(long fromRevision, WatchListener listener) {
        Subscription subscription = new Subscription(fromRevision, listener);
        if (fromRevision < compactedTo) {
            subscription.end =
                    "The watch asked for revision "
                            + fromRevision
                            + ", and the store has forgotten everything before "
                            + compactedTo
                            + "; read all keys and watch from there.";
        }
        history.stream()
                .filter(change -> change.revision() >= fromRevision)
                .forEach(subscription.undelivered::add);
        subscriptions.add(subscription);
        deliver();
        return subscription;
    }

    /** Ends a watch silently. */
    void cancel(Subscription subscription) {
        subscription.undelivered.clear();
        subscription.end = null;
        subscriptions.remove(subscription);
    }

    /** Ends a watch, and tells it. */
    void end(Subscription subscription, String why) {
        subscription.undelivered.clear();
        subscription.end = why;
        deliver();
    }

    Granted grant(Duration ttl) {
        Duration granted = Duration.ofSeconds(Math.max(1, ttl.plusNanos(999_999_999).toSeconds()));
        LeaseId lease = new LeaseId(++lastLease);
        leases.put(lease.value(), new Lease(granted, clock.get().plus(granted)));
        return new Granted(lease, granted);
    }

    Renewal keepAlive(LeaseId id) {
        Lease lease = leases.get(id.value());
        if (lease == null) {
            return new Renewal.Gone();
        }
        leases.put(id.value(), new Lease(lease.ttl(), clock.get().plus(lease.ttl())));
        return new Renewal.Renewed(lease.ttl());
    }

    LeaseState leaseState(LeaseId id) {
        Lease lease = leases.get(id.value());
        if (lease == null) {
            return new LeaseState.Gone();
        }
        long left = Math.max(0, lease.end().since(clock.get()).toSeconds());
        return new LeaseState.Alive(Duration.ofSeconds(left), lease.ttl());
    }

    void revoke(LeaseId id) {
        if (leases.remove(id.value()) == null) {
            return;
        }
        List<Event> events = new ArrayList<>();
        entries.entrySet()
                .removeIf(entry -> {
                    boolean attached = entry.getValue().lease().filter(id::equals).isPresent();
                    if (attached) {
                        events.add(new Event.Deleted(entry.getKey(), revision + 1));
                    }
                    return attached;
                });
        record(events);
    }

    private boolean holds(Compare compare) {
        return switch (compare) {
            case Compare.Absent(String key) -> !entries.containsKey(key);
            case Compare.AtRevision(String key, long modRevision) -> {
                Entry entry = entries.get(key);
                yield entry != null && entry.modRevision() == modRevision;
            }
        };
    }

    private boolean namesLeaseThatIsGone(Op op) {
        return op instanceof Op.Put(String key, String value, Optional<LeaseId> lease)
                && lease.filter(id -> !leases.containsKey(id.value())).isPresent();
    }

    private void record(List<Event> events) {
        if (events.isEmpty()) {
            return;
        }
        revision++;
        Revision change = new Revision(revision, List.copyOf(events));
        history.add(change);
        for (Subscription subscription : subscriptions) {
            if (revision >= subscription.fromRevision) {
                subscription.undelivered.add(change);
            }
        }
        deliver();
    }

    /**
     * Tells every watch what it has not been told. What a listener does in turn is told afterwards,
     * so that order holds.
     */
    private void deliver() {
        if (delivering) {
            return;
        }
        delivering = true;
        try {
            Optional<Subscription> next = nextToTell();
            while (next.isPresent()) {
                tell(next.get());
                next = nextToTell();
            }
        } finally {
            delivering = false;
        }
    }

    private Optional<Subscription> nextToTell() {
        for (Subscription subscription : subscriptions) {
            if (subscription.end != null || !subscription.undelivered.isEmpty()) {
                return Optional.of(subscription);
            }
        }
        return Optional.empty();
    }

    private void tell(Subscription subscription) {
        String end = subscription.end;
        if (end != null) {
            subscriptions.remove(subscription);
            subscription.listener.onEnd(end);
            return;
        }
        Revision change = subscription.undelivered.remove();
        subscription.listener.onEvents(change.revision(), change.events());
    }
}
