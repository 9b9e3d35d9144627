package dev.holdfast.dcs;

import dev.holdfast.core.LeaseId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletionStage;

/**
 * The store that holds the cluster's state: keys with revisions, transactions, leases and a watch.
 * Keys are relative to {@code /<namespace>/<scope>/}. Every call returns at once; a stage that
 * fails means <em>unknown</em>: the call may or may not have been executed, and may still be. What
 * the store refuses is a normal result.
 *
 * <p>Every call is bounded by the deadline the adapter was built with. Stages complete on any
 * thread.
 */
public interface Dcs extends AutoCloseable {

    /** A key's value and the revisions that etcd keeps for it. */
    record Entry(String value, long createRevision, long modRevision, Optional<LeaseId> lease) {}

    /** All keys as they stood together at {@code revision}. */
    record Snapshot(long revision, SortedMap<String, Entry> entries) {}

    /** What must hold for a transaction to be applied. */
    sealed interface Compare {
        /** The key does not exist. */
        record Absent(String key) implements Compare {}

        /** The key exists and was last written at {@code modRevision}. */
        record AtRevision(String key, long modRevision) implements Compare {}

        /** Holds for a key that is absent ({@code modRevision} 0) or at that revision. */
        static Compare unchanged(String key, long modRevision) {
            return modRevision == 0 ? new Absent(key) : new AtRevision(key, modRevision);
        }
    }

    /** One write of a transaction. */
    sealed interface Op {
        String key();

        record Put(String key, String value, Optional<LeaseId> lease) implements Op {}

        record Delete(String key) implements Op {}

        static Op put(String key, String value) {
            return new Put(key, value, Optional.empty());
        }

        static Op put(String key, String value, LeaseId lease) {
            return new Put(key, value, Optional.of(lease));
        }

        static Op delete(String key) {
            return new Delete(key);
        }
    }

    /** What became of a transaction. */
    sealed interface TxnResult {
        /** All its writes stand, at this revision. */
        record Applied(long revision) implements TxnResult {}

        /** A comparison did not hold; nothing was written. */
        record Refused(long revision) implements TxnResult {}

        /** A lease named by a write does not exist (any more); nothing was written. */
        record LeaseGone() implements TxnResult {}
    }

    /**
     * A new lease, with the TTL that the store granted, which may differ from the one asked for.
     */
    record Granted(LeaseId lease, Duration ttl) {}

    /** What the store says of a lease. */
    sealed interface LeaseState {
        /**
         * It lives, and without renewal for this long yet (whole seconds, rounded down by etcd).
         */
        record Alive(Duration remaining, Duration granted) implements LeaseState {}

        /** The store answered that it does not exist. */
        record Gone() implements LeaseState {}
    }

    /** What became of a renewal. */
    sealed interface Renewal {
        /**
         * Renewed; it now lives for {@code ttl} counted from some instant after the request was
         * sent.
         */
        record Renewed(Duration ttl) implements Renewal {}

        /** The store answered that it does not exist. */
        record Gone() implements Renewal {}
    }

    /** A change that the watch reports. */
    sealed interface Event {
        String key();

        record Written(String key, Entry entry) implements Event {}

        record Deleted(String key, long modRevision) implements Event {}
    }

    /** Told by a watch, from one thread at a time. */
    interface WatchListener {
        /** All changes of one revision, in order. */
        void onEvents(long revision, List<Event> events);

        /**
         * The watch has ended (error, compaction); read again and watch anew. Told at most once,
         * and nothing after it.
         */
        void onEnd(String why);
    }

    /** A running watch. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    /** Reads all keys, linearizably. */
    CompletionStage<Snapshot> read();

    /** Reads one key, linearizably. */
    CompletionStage<Optional<Entry>> get(String key);

    CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops);

    /** Reports every change with a revision of {@code fromRevision} or later. */
    Watch watch(long fromRevision, WatchListener listener);

    CompletionStage<Granted> grant(Duration ttl);

    CompletionStage<Renewal> keepAlive(LeaseId lease);

    CompletionStage<LeaseState> leaseState(LeaseId lease);

    CompletionStage<Void> revoke(LeaseId lease);

    @Override
    void close();
}
