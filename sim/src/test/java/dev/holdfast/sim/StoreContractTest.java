package dev.holdfast.sim;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsContract;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The simulator's store, behind its network, keeps the contract that etcd keeps. */
class StoreContractTest extends DcsContract {
    private static final Duration SETTLES = Duration.ofMillis(100);

    private final Cluster cluster = new Cluster(1, Trace.none());
    private final Program caller = cluster.program("caller");
    private final Dcs dcs = new Driven(cluster.storeClient(0, caller));

    StoreContractTest() {
        caller.start();
    }

    @Override
    protected Dcs dcs() {
        return dcs;
    }

    @Override
    protected void compact(long revision) {
        cluster.store().memory().compact(revision);
    }

    @Override
    protected void pass(Duration span) {
        // A lease may outlive its time by a little, as it does in etcd.
        let(span.plusSeconds(1));
    }

    private void let(Duration span) {
        boolean[] over = {false};
        cluster.events().after(span.toNanos(), "test", "time passes", () -> over[0] = true);
        while (!over[0]) {
            cluster.events().next();
        }
    }

    /** Lets virtual time pass after each call, since nobody else does. */
    private final class Driven implements Dcs {
        private final Dcs behind;

        Driven(Dcs behind) {
            this.behind = behind;
        }

        private <T> T then(Supplier<T> call) {
            T result = call.get();
            let(SETTLES);
            return result;
        }

        @Override
        public CompletionStage<Snapshot> read() {
            return then(behind::read);
        }

        @Override
        public CompletionStage<Optional<Entry>> get(String key) {
            return then(() -> behind.get(key));
        }

        @Override
        public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
            return then(() -> behind.commit(compares, ops));
        }

        @Override
        public Watch watch(long fromRevision, WatchListener listener) {
            return then(() -> behind.watch(fromRevision, listener));
        }

        @Override
        public CompletionStage<Granted> grant(Duration ttl) {
            return then(() -> behind.grant(ttl));
        }

        @Override
        public CompletionStage<Renewal> keepAlive(LeaseId lease) {
            return then(() -> behind.keepAlive(lease));
        }

        @Override
        public CompletionStage<LeaseState> leaseState(LeaseId lease) {
            return then(() -> behind.leaseState(lease));
        }

        @Override
        public CompletionStage<Void> revoke(LeaseId lease) {
            return then(() -> behind.revoke(lease));
        }

        @Override
        public void close() {
            behind.close();
        }
    }
}
