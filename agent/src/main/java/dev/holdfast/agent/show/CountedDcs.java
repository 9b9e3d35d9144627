package dev.holdfast.agent.show;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The store, with every request to it counted and timed. */
public final class CountedDcs implements Dcs {
    private final Dcs store;
    private final Told told;

    /** Who hears of each request once its answer, or none, is there; on any thread. */
    @FunctionalInterface
    public interface Told {
        /**
         * One request.
         *
         * @param request what it was, in one word
         * @param outcome {@code answered}, or {@code failed} where what became of it is unknown
         */
        void onRequest(String request, String outcome, Duration took);
    }

    public CountedDcs(Dcs store, Told told) {
        this.store = store;
        this.told = told;
    }

    private <T> CompletionStage<T> counted(String request, Supplier<CompletionStage<T>> call) {
        long began = System.nanoTime();
        return call.get()
                .whenComplete((_, failure) ->
                        told.onRequest(
                                request,
                                failure == null ? "answered" : "failed",
                                Duration.ofNanos(System.nanoTime() - began)));
    }

    @Override
    public CompletionStage<Snapshot> read() {
        return counted("read", store::read);
    }

    @Override
    public CompletionStage<Optional<Entry>> get(String key) {
        return counted("get", () -> store.get(key));
    }

    @Override
    public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
        return counted("commit", () -> store.commit(compares, ops));
    }

    @Override
    public Watch watch(long fromRevision, WatchListener listener) {
        return store.watch(fromRevision, listener);
    }

    @Override
    public CompletionStage<Granted> grant(Duration ttl) {
        return counted("grant", () -> store.grant(ttl));
    }

    @Override
    public CompletionStage<Renewal> keepAlive(LeaseId lease) {
        return counted("keepalive", () -> store.keepAlive(lease));
    }

    @Override
    public CompletionStage<LeaseState> leaseState(LeaseId lease) {
        return counted("lease_state", () -> store.leaseState(lease));
    }

    @Override
    public CompletionStage<Void> revoke(LeaseId lease) {
        return counted("revoke", () -> store.revoke(lease));
    }

    @Override
    public void close() {
        store.close();
    }
}
