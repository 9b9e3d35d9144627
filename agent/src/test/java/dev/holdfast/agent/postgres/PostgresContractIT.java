package dev.holdfast.agent.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The contract on the real PostgreSQL of this machine, under real guards. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
final class PostgresContractIT extends PostgresContract {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(10);

    private final AtomicInteger commits = new AtomicInteger();
    private final Map<String, GuardedServer> hosts = new TreeMap<>();
    private Path home = Path.of("/nonexistent");
    private Path members = Path.of("/nonexistent");
    private int tests;

    @BeforeAll
    void makeTemplate() throws IOException {
        home = TestServer.newHome();
        try (GuardedServer first = new GuardedServer(home, "template", home, commits)) {
            first.makeTemplate();
        }
    }

    @AfterEach
    void endServers() {
        hosts.values().forEach(GuardedServer::close);
        hosts.clear();
    }

    @AfterAll
    void removeAll() throws IOException {
        DurableFiles.deleteTree(home);
    }

    @Override
    protected TestHost host(String name) {
        if (hosts.isEmpty()) {
            members = home.resolve(Integer.toString(++tests));
            try {
                Files.setOwner(Files.createDirectory(members), Files.getOwner(home));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return hosts.computeIfAbsent(
                name, n -> new GuardedServer(members, n, home.resolve("template"), commits));
    }

    @Override
    protected <T> T answer(CompletableFuture<T> future) {
        return future.orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
    }

    @Override
    protected void await(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(BOUND)
                .pollDelay(Duration.ZERO)
                .pollInterval(LOOK)
                .until(condition::getAsBoolean);
    }

    @Override
    protected void stays(Duration span, BooleanSupplier condition) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(LOOK)
                .during(span)
                .atMost(span.plusSeconds(2))
                .until(condition::getAsBoolean);
    }
}
