package dev.holdfast.api.server;

import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Bounds how many connections are open and how long one may wait for its client. Vert.x's own idle
 * time-out is no use here: it would also end a connection whose client waits, silently and rightly,
 * for a command that takes a minute, and it lets one live that sends a byte a second.
 *
 * <p>Used on one event loop only.
 */
final class Connections {
    /**
     * So many are closed at a time, since their clients may all come back at once, and whoever asks
     * meanwhile would wait behind them.
     */
    private static final int AT_A_TIME = 32;

    private static final long BREATH_MILLIS = 20;

    private final Vertx vertx;
    private final Limits limits;
    private final Set<HttpConnection> open = new HashSet<>();

    /**
     * Since when each connection has been waiting for its client, by {@code System.nanoTime()}; the
     * longest first.
     */
    private final LinkedHashMap<HttpConnection, Long> waitingSince = new LinkedHashMap<>();

    /** What was written and not taken, in bytes, when it was last looked at; the longest first. */
    private final LinkedHashMap<HttpConnection, Long> untaken = new LinkedHashMap<>();

    private long untakenBytes;
    private boolean timerRuns;

    Connections(Vertx vertx, Limits limits) {
        this.vertx = vertx;
        this.limits = limits;
    }

    void opened(HttpConnection connection) {
        open.add(connection);
        connection.closeHandler(_ -> closed(connection));
        if (connection instanceof HttpServerConnection server) {
            ChannelHandlerContext last = server.channelHandlerContext();
            last.pipeline()
                    .addBefore(
                            last.name(),
                            "bounds",
                            new ClientBounds(
                                    limits.maxPipelined(),
                                    () -> close(connection),
                                    bytes -> untaken(connection, bytes)));
        }
        waiting(connection);
        if (open.size() > limits.maxConnections()) {
            close(waitingSince.firstEntry().getKey());
        }
    }

    /**
     * The client is to send a request, or the rest of one, or to take an answer: its time begins
     * anew.
     */
    void waiting(HttpConnection connection) {
        if (open.contains(connection)) {
            waitingSince.remove(connection);
            waitingSince.put(connection, System.nanoTime());
            startTimer(limits.waiting().toMillis());
        }
    }

    /** The client waits for us. */
    void answering(HttpConnection connection) {
        waitingSince.remove(connection);
    }

    private void closed(HttpConnection connection) {
        open.remove(connection);
        waitingSince.remove(connection);
        forget(connection);
    }

    private void forget(HttpConnection connection) {
        Long bytes = untaken.remove(connection);
        untakenBytes -= bytes == null ? 0 : bytes;
    }

    private void untaken(HttpConnection connection, long bytes) {
        if (bytes == 0 && untaken.isEmpty()) {
            return;
        }
        noteUntaken(connection, bytes);
        if (untakenBytes <= limits.maxUntakenBytes()) {
            return;
        }
        // Who has taken it meanwhile has not said so.
        for (HttpConnection each : List.copyOf(untaken.keySet())) {
            if (each instanceof HttpServerConnection server) {
                noteUntaken(each, ClientBounds.untaken(server.channelHandlerContext().channel()));
            }
        }
        while (untakenBytes > limits.maxUntakenBytes()) {
            close(untaken.firstEntry().getKey());
        }
    }

    private void noteUntaken(HttpConnection connection, long bytes) {
        if (bytes == 0 || !open.contains(connection)) {
            forget(connection);
            return;
        }
        Long before = untaken.put(connection, bytes);
        untakenBytes += bytes - (before == null ? 0 : before);
    }

    /**
     * Gives one up. Vert.x would first deliver what was written, and so never close that of a
     * client which does not read.
     */
    void close(HttpConnection connection) {
        closed(connection);
        if (connection instanceof HttpServerConnection server) {
            var _ = server.channelHandlerContext().close();
        } else {
            connection.close();
        }
    }

    private void startTimer(long millis) {
        if (!timerRuns) {
            timerRuns = true;
            vertx.setTimer(Math.max(1, millis), _ -> closeThoseThatWaitedTooLong());
        }
    }

    private void closeThoseThatWaitedTooLong() {
        timerRuns = false;
        long now = System.nanoTime();
        Iterator<Map.Entry<HttpConnection, Long>> longestFirst =
                new LinkedHashMap<>(waitingSince).entrySet().iterator();
        for (int closed = 0; longestFirst.hasNext(); closed++) {
            Map.Entry<HttpConnection, Long> next = longestFirst.next();
            long leftNanos = limits.waiting().toNanos() - (now - next.getValue());
            if (leftNanos > 0 || closed == AT_A_TIME) {
                startTimer(Math.max(BREATH_MILLIS, TimeUnit.NANOSECONDS.toMillis(leftNanos) + 1));
                return;
            }
            close(next.getKey());
        }
    }
}
