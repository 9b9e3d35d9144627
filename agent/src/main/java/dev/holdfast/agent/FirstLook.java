package dev.holdfast.agent;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.dcs.Dcs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a member looks at before it touches anything, where its PostgreSQL does not run yet: a port
 * that is taken or an etcd that is not there is said at once, and not by a new cluster that cannot
 * start. Where PostgreSQL runs, the agent goes on without these: it has something to look after.
 */
final class FirstLook {
    private static final Duration STORE = Duration.ofSeconds(10);
    private static final long AGAIN_MILLIS = 500;

    private FirstLook() {}

    /** The first thing that is wrong; blocks for 10 s at most. */
    static Optional<String> problem(AgentConfig config, Dcs dcs) throws InterruptedException {
        Optional<String> port = takenPort(config.postgresql());
        return port.isPresent() ? port : silentStore(dcs);
    }

    private static Optional<String> takenPort(AgentConfig.Postgres postgres) {
        for (String host : List.of(postgres.listenHosts().split(",", -1))) {
            String name = host.strip();
            String where = "%s:%d (postgresql.listen)".formatted(name, postgres.port());
            try (ServerSocket probe = new ServerSocket()) {
                probe.bind(address(name, postgres.port()));
            } catch (UnknownHostException e) {
                return Optional.of("the name in " + where + " cannot be resolved: correct it.");
            } catch (IOException e) {
                return Optional.of(
                        "PostgreSQL could not listen on %s: %s; end what listens there, or name another address. Nothing was changed."
                                .formatted(where, e.getMessage()));
            }
        }
        return Optional.empty();
    }

    private static InetSocketAddress address(String host, int port) throws UnknownHostException {
        return host.isEmpty() || host.equals("*")
                ? new InetSocketAddress(port)
                : new InetSocketAddress(InetAddress.getByName(host), port);
    }

    private static Optional<String> silentStore(Dcs dcs) throws InterruptedException {
        long end = System.nanoTime() + STORE.toNanos();
        String why;
        do {
            try {
                Dcs.Snapshot _ =
                        dcs.read()
                                .toCompletableFuture()
                                .get(STORE.toMillis(), TimeUnit.MILLISECONDS);
                return Optional.empty();
            } catch (ExecutionException e) {
                Throwable cause = e.getCause();
                why = String.valueOf((cause == null ? e : cause).getMessage());
            } catch (TimeoutException e) {
                why = "etcd did not answer.";
            }
            TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
        } while (System.nanoTime() < end);
        return Optional.of(
                why
                        + " It was tried for "
                        + STORE.toSeconds()
                        + " s; nothing was started or changed.");
    }
}
