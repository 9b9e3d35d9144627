package dev.holdfast.dcs.etcd;

import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One address of etcd and the connection to it. After a silence the connection is not trusted any
 * more and the next call gets a new one: gRPC would wait up to two minutes before it tries a dead
 * address again, and would go on for seconds on a connection that leads nowhere.
 */
final class Endpoint {
    /** The shortest life of a connection, so that a dead address is not knocked at without end. */
    private static final Duration SHORTEST_LIFE = Duration.ofMillis(500);

    private final String url;
    private final Supplier<Client> connecting;

    /** How long calls on a connection that was given up may yet be answered. */
    private final Duration grace;

    private final Set<EtcdWatch> watches = ConcurrentHashMap.newKeySet();
    private Client client;
    private long connectedNanos;
    private boolean doubted;
    private volatile long answeredNanos;

    Endpoint(String url, Supplier<Client> connecting, Duration grace) {
        this.url = url;
        this.connecting = connecting;
        this.grace = grace;
        this.client = connecting.get();
        this.connectedNanos = System.nanoTime();
        this.answeredNanos = connectedNanos;
    }

    String url() {
        return url;
    }

    synchronized Client client() {
        if (doubted && System.nanoTime() - connectedNanos >= SHORTEST_LIFE.toNanos()) {
            Client old = client;
            var _ =
                    ForkJoinPool.commonPool()
                            .schedule(old::close, grace.toMillis(), TimeUnit.MILLISECONDS);
            client = connecting.get();
            connectedNanos = System.nanoTime();
            doubted = false;
        }
        return client;
    }

    void answered() {
        answeredNanos = System.nanoTime();
    }

    /** Whether anything was answered here since {@code nanos}. */
    boolean answeredSince(long nanos) {
        return answeredNanos - nanos >= 0;
    }

    synchronized void doubt() {
        doubted = true;
    }

    void register(EtcdWatch watch) {
        watches.add(watch);
    }

    void forget(EtcdWatch watch) {
        watches.remove(watch);
    }

    /** Ends all watches that run here, so that their owners begin anew elsewhere. */
    void endWatches(String why) {
        List.copyOf(watches).forEach(watch -> watch.end(why));
    }

    synchronized void close() {
        List.copyOf(watches).forEach(EtcdWatch::close);
        client.close();
    }
}
