package dev.holdfast.api.server;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.HttpServerConnection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
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

    private boolean timerRuns;

    Connections(Vertx vertx, Limits limits) {
        this.vertx = vertx;
        this.limits = limits;
    }

    void opened(HttpConnection connection) {
        open.add(connection);
        connection.closeHandler(_ -> closed(connection));
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
