package dev.holdfast.agent;

import dev.holdfast.agent.file.ListenPorts;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.dcs.Dcs;
import java.time.Duration;
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

    /** What is made of an etcd that does not answer. */
    enum Store {
        MUST_ANSWER,
        /**
         * The member has data and knows its cluster's configuration: it waits, and touches nothing
         * before etcd has said who leads.
         */
        MAY_BE_AWAY
    }

    /** The first thing that is wrong; blocks for 10 s at most. */
    static Optional<String> problem(AgentConfig config, Dcs dcs, Store store)
            throws InterruptedException {
        Optional<String> port = takenPort(config.postgresql());
        return port.isPresent() || store == Store.MAY_BE_AWAY ? port : silentStore(dcs);
    }

    private static Optional<String> takenPort(AgentConfig.Postgres postgres) {
        for (HostPort where : ListenPorts.of(postgres)) {
            Optional<String> refusal = ListenPorts.refusal(where);
            if (refusal.isPresent()) {
                return Optional.of(
                        "PostgreSQL could not listen on %s (postgresql.listen): %s; end what listens there, or name another address. Nothing was changed."
                                .formatted(where, refusal.get()));
            }
        }
        return Optional.empty();
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
