package dev.holdfast.sim;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.memory.MemoryDcs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * One program's connection to etcd over the network. A request may be lost, be executed after its
 * caller has given it up, or be executed and its answer lost: to the caller all three are the same.
 */
final class StoreClient implements Dcs {
    private static final long REQUEST_NANOS = 3 * Events.SECOND;
    private static final long LEASE_NANOS = 3 * Events.SECOND / 2;

    private final Events events;
    private final Chance chance;
    private final Network network;
    private final int node;
    private final int storeNode;
    private final Program caller;
    private final Store store;
    private final MemoryDcs memory;
    private final List<Watching> watches = new ArrayList<>();
    private long giftHeld;

    StoreClient(
            Events events,
            Chance chance,
            Network network,
            int node,
            int storeNode,
            Program caller,
            Store store) {
        this.events = events;
        this.chance = chance;
        this.network = network;
        this.node = node;
        this.storeNode = storeNode;
        this.caller = caller;
        this.store = store;
        this.memory = store.memory().connect(MemoryDcs.Faults.none());
    }

    /** What may be done twice without harm, and what may not. */
    private enum Kind {
        REPEATABLE,
        ONCE
    }

    @Override
    public CompletionStage<Snapshot> read() {
        return call("read", Kind.REPEATABLE, REQUEST_NANOS, MemoryDcs::read);
    }

    @Override
    public CompletionStage<Optional<Entry>> get(String key) {
        return call("get", Kind.REPEATABLE, REQUEST_NANOS, dcs -> dcs.get(key));
    }

    @Override
    public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
        // Who hands the leader key over removes the request for it with it.
        boolean gift =
                giftHeld > 0
                        && ops.stream().anyMatch(op -> op.key().equals(Keys.LEADER))
                        && (ops.contains(Op.delete(Keys.LEADER))
                                || ops.contains(Op.delete(Keys.FAILOVER)));
        long held = gift ? giftHeld : store.hold();
        giftHeld = gift ? 0 : giftHeld;
        return call("commit", Kind.ONCE, REQUEST_NANOS, held, dcs -> dcs.commit(compares, ops));
    }

    @Override
    public CompletionStage<Granted> grant(Duration ttl) {
        return call("grant", Kind.REPEATABLE, REQUEST_NANOS, dcs -> dcs.grant(ttl));
    }

    @Override
    public CompletionStage<Renewal> keepAlive(LeaseId lease) {
        return call(
                "keep alive",
                Kind.ONCE,
                LEASE_NANOS,
                dcs -> {
                    // A lease that has run out is not renewed any more, though it was not ended
                    // yet.
                    store.memory().tick();
                    return dcs.keepAlive(lease);
                });
    }

    @Override
    public CompletionStage<LeaseState> leaseState(LeaseId lease) {
        return call("lease state", Kind.REPEATABLE, REQUEST_NANOS, dcs -> dcs.leaseState(lease));
    }

    @Override
    public CompletionStage<Void> revoke(LeaseId lease) {
        return call("revoke", Kind.REPEATABLE, REQUEST_NANOS, dcs -> dcs.revoke(lease));
    }

    private <T> CompletionStage<T> call(
            String what,
            Kind kind,
            long patienceNanos,
            Function<MemoryDcs, CompletionStage<T>> execution) {
        return call(what, kind, patienceNanos, store.hold(), execution);
    }

    private <T> CompletionStage<T> call(
            String what,
            Kind kind,
            long patienceNanos,
            long held,
            Function<MemoryDcs, CompletionStage<T>> execution) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        long deadline = events.nowNanos() + patienceNanos;
        if (network.loses(node, storeNode)) {
            giveUp(what, answer, deadline);
            return answer;
        }
        arrive(what, held + network.delay(node, storeNode), answer, deadline, execution);
        if (kind == Kind.REPEATABLE && network.repeats(node, storeNode)) {
            arrive(what, held + network.delay(node, storeNode), answer, deadline, execution);
        }
        return answer;
    }

    private <T> void arrive(
            String what,
            long delayNanos,
            CompletableFuture<T> answer,
            long deadline,
            Function<MemoryDcs, CompletionStage<T>> execution) {
        store.program()
                .after(
                        delayNanos,
                        what,
                        () -> {
                            if (!store.isAway()) {
                                execute(what, answer, deadline, execution);
                            } else if (chance.oneIn(2)) {
                                giveUp(what, answer, deadline);
                            } else {
                                store.program()
                                        .at(
                                                store.readyNanos(),
                                                what,
                                                () -> execute(what, answer, deadline, execution));
                            }
                        });
    }

    private <T> void execute(
            String what,
            CompletableFuture<T> answer,
            long deadline,
            Function<MemoryDcs, CompletionStage<T>> execution) {
        CompletionStage<T> result = execution.apply(memory);
        store.scheduleExpiry();
        long arrival = events.nowNanos() + store.hold() + network.delay(storeNode, node);
        if (arrival >= deadline || network.loses(storeNode, node)) {
            giveUp(what, answer, deadline);
        } else {
            caller.at(
                    arrival, what, () -> result.whenComplete((value, _) -> answer.complete(value)));
        }
    }

    private void giveUp(String what, CompletableFuture<?> answer, long deadline) {
        caller.at(
                deadline,
                "times out",
                () ->
                        answer.completeExceptionally(
                                new DcsException("no answer of etcd to " + what)));
    }

    @Override
    public Watch watch(long fromRevision, WatchListener listener) {
        Watching watching = new Watching(listener);
        watches.add(watching);
        watching.begin(fromRevision);
        return watching;
    }

    /** Breaks every watch: half of them say so, the other half say nothing any more. */
    void breakWatches() {
        for (Watching watching : List.copyOf(watches)) {
            if (chance.oneIn(2)) {
                watching.end("the connection broke");
            } else {
                watching.silent = true;
            }
        }
    }

    /** No watch says anything any more. */
    void silenceWatches() {
        watches.forEach(w -> w.silent = true);
    }

    /** The next transaction that gives the leader key away is held up for so long. */
    void holdNextGift(long nanos) {
        giftHeld = nanos;
    }

    @Override
    public void close() {
        List.copyOf(watches).forEach(Watching::close);
    }

    private final class Watching implements Watch, WatchListener {
        private final WatchListener listener;
        private final Network.Stream stream = network.new Stream(storeNode, node, caller);
        private Watch behind = () -> {};
        private boolean over;
        private boolean silent;

        Watching(WatchListener listener) {
            this.listener = listener;
        }

        void begin(long fromRevision) {
            store.program()
                    .after(
                            network.delay(node, storeNode),
                            "watch",
                            () -> {
                                if (network.isCut(node, storeNode) || store.isAway()) {
                                    end("etcd is not reached");
                                } else if (!over) {
                                    behind = memory.watch(fromRevision, this);
                                }
                            });
        }

        @Override
        public void onEvents(long revision, List<Dcs.Event> changes) {
            if (!silent) {
                stream.send("watch", () -> tell(() -> listener.onEvents(revision, changes)));
            }
        }

        @Override
        public void onEnd(String why) {
            end(why);
        }

        private void end(String why) {
            behind.close();
            watches.remove(this);
            stream.send(
                    "watch ends",
                    () ->
                            tell(() -> {
                                over = true;
                                listener.onEnd(why);
                            }));
        }

        private void tell(Runnable what) {
            if (!over) {
                what.run();
            }
        }

        @Override
        public void close() {
            over = true;
            behind.close();
            watches.remove(this);
        }
    }
}
