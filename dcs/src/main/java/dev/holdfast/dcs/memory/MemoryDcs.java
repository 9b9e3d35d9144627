package dev.holdfast.dcs.memory;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * One client's connection to a {@link MemoryStore}. Calls are executed and their stages complete
 * before they return; a simulation that wants delays puts them around it. Not thread-safe.
 */
public final class MemoryDcs implements Dcs {

    /** The calls, as a fault can tell them apart. */
    public enum Call {
        READ,
        GET,
        COMMIT,
        GRANT,
        KEEP_ALIVE,
        LEASE_STATE,
        REVOKE
    }

    /** What the network does to a call. */
    public enum Fate {
        /** It is executed and answered. */
        ANSWERED,
        /** It fails without having been executed. */
        REQUEST_LOST,
        /** It is executed, and fails all the same. */
        ANSWER_LOST
    }

    /** Decides the fate of each call of a client. */
    public interface Faults {
        Fate of(Call call);

        /** A network that never fails. */
        static Faults none() {
            return call -> Fate.ANSWERED;
        }
    }

    private final MemoryStore store;
    private final Faults faults;
    private final List<MemoryStore.Subscription> watches = new ArrayList<>();

    MemoryDcs(MemoryStore store, Faults faults) {
        this.store = store;
        this.faults = faults;
    }

    /** A store of its own with one client on it. */
    public static MemoryDcs alone(Supplier<MonoTime> clock) {
        return new MemoryStore(clock).connect(Faults.none());
    }

    /** The store behind this connection. */
    public MemoryStore store() {
        return store;
    }

    /** Ends every watch of this client as a broken connection does. */
    public void breakWatches() {
        List<MemoryStore.Subscription> broken = List.copyOf(watches);
        watches.clear();
        broken.forEach(watch ->
                store.end(watch, "The watch on the store in memory ended: its connection broke."));
    }

    @Override
    public CompletionStage<Snapshot> read() {
        return call(Call.READ, store::read);
    }

    @Override
    public CompletionStage<Optional<Entry>> get(String key) {
        return call(Call.GET, () -> Optional.ofNullable(store.read().entries().get(key)));
    }

    @Override
    public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
        return call(Call.COMMIT, () -> store.commit(compares, ops));
    }

    @Override
    public Watch watch(long fromRevision, WatchListener listener) {
        MemoryStore.Subscription subscription = store.watch(fromRevision, listener);
        watches.add(subscription);
        return () -> {
            watches.remove(subscription);
            store.cancel(subscription);
        };
    }

    @Override
    public CompletionStage<Granted> grant(Duration ttl) {
        return call(Call.GRANT, () -> store.grant(ttl));
    }

    @Override
    public CompletionStage<Renewal> keepAlive(LeaseId lease) {
        return call(Call.KEEP_ALIVE, () -> store.keepAlive(lease));
    }

    @Override
    public CompletionStage<LeaseState> leaseState(LeaseId lease) {
        return call(Call.LEASE_STATE, () -> store.leaseState(lease));
    }

    @Override
    public CompletionStage<Void> revoke(LeaseId lease) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        call(
                        Call.REVOKE,
                        () -> {
                            store.revoke(lease);
                            return true;
                        })
                .whenComplete((revoked, failure) -> {
                    if (failure == null) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(failure);
                    }
                });
        return done;
    }

    /** Ends this client's watches silently; the store lives on. */
    @Override
    public void close() {
        watches.forEach(store::cancel);
        watches.clear();
    }

    private <T> CompletionStage<T> call(Call call, Supplier<T> execution) {
        return switch (faults.of(call)) {
            case ANSWERED -> CompletableFuture.completedStage(execution.get());
            case REQUEST_LOST -> CompletableFuture.failedStage(lost(call));
            case ANSWER_LOST -> {
                T _ = execution.get();
                yield CompletableFuture.failedStage(lost(call));
            }
        };
    }

    private static DcsException lost(Call call) {
        return new DcsException(
                "The call "
                        + call
                        + " to the store in memory failed: no answer came, as its faults wished.");
    }
}
