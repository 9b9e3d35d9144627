package dev.holdfast.ctl;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Lets the command under test and the members it talks to share one store in memory, one call at a
 * time.
 */
record LockedDcs(Dcs dcs, Object lock) implements Dcs {
    @Override
    public CompletionStage<Snapshot> read() {
        return locked(dcs::read);
    }

    @Override
    public CompletionStage<Optional<Entry>> get(String key) {
        return locked(() -> dcs.get(key));
    }

    @Override
    public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
        return locked(() -> dcs.commit(compares, ops));
    }

    @Override
    public Watch watch(long fromRevision, WatchListener listener) {
        Watch watch = locked(() -> dcs.watch(fromRevision, listener));
        return () -> {
            synchronized (lock) {
                watch.close();
            }
        };
    }

    @Override
    public CompletionStage<Granted> grant(Duration ttl) {
        return locked(() -> dcs.grant(ttl));
    }

    @Override
    public CompletionStage<Renewal> keepAlive(LeaseId lease) {
        return locked(() -> dcs.keepAlive(lease));
    }

    @Override
    public CompletionStage<LeaseState> leaseState(LeaseId lease) {
        return locked(() -> dcs.leaseState(lease));
    }

    @Override
    public CompletionStage<Void> revoke(LeaseId lease) {
        return locked(() -> dcs.revoke(lease));
    }

    @Override
    public void close() {
        synchronized (lock) {
            dcs.close();
        }
    }

    private <T> T locked(Supplier<T> call) {
        synchronized (lock) {
            return call.get();
        }
    }
}
