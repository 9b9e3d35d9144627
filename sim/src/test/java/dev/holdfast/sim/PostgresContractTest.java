package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.agent.postgres.PostgresContract;
import dev.holdfast.agent.postgres.TestHost;
import dev.holdfast.core.MemberName;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The simulator's PostgreSQL keeps the contract that the real one keeps, with whatever delays a
 * seed gives it.
 */
@ParameterizedClass
@MethodSource("seeds")
class PostgresContractTest extends PostgresContract {
    private static final long BOUND = 60 * Events.SECOND;
    private static final long LOOK = 5 * Events.MILLI;

    private final Cluster cluster;
    private final Job.Current current = new Job.Current();
    private final Job job;
    private final Map<String, ModelHost> hosts = new TreeMap<>();

    /** A test is a job: where it waits, the events go on. */
    @RegisterExtension
    final InvocationInterceptor inVirtualTime =
            new InvocationInterceptor() {
                @Override
                public void interceptTestMethod(
                        Invocation<@Nullable Void> test,
                        ReflectiveInvocationContext<Method> method,
                        ExtensionContext context)
                        throws Throwable {
                    run(test);
                }
            };

    PostgresContractTest(long seed) {
        cluster = new Cluster(seed, Trace.none());
        Program test = cluster.program("test");
        test.start();
        job = new Job(test, cluster.chance(), current, "test");
    }

    /** Some whose clusters have three members. */
    static LongStream seeds() {
        return LongStream.iterate(1, seed -> seed + 1)
                .filter(seed -> new Cluster(seed, Trace.none()).members().size() >= 3)
                .limit(8);
    }

    private void run(InvocationInterceptor.Invocation<@Nullable Void> test) throws Throwable {
        CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
        job.execute(() -> {
            try {
                test.proceed();
                over.complete(null);
            } catch (Throwable failure) {
                over.completeExceptionally(failure);
            }
        });
        while (!over.isDone()) {
            cluster.events().next();
        }
        if (over.isCompletedExceptionally()) {
            throw over.exceptionNow();
        }
    }

    @Override
    protected TestHost host(String name) {
        ModelHost host =
                hosts.computeIfAbsent(
                        name,
                        n -> new ModelHost(cluster, cluster.member(new MemberName(n)), current));
        await("the guard of " + name, host::hasGuard);
        return host;
    }

    @Override
    protected <T> T answer(CompletableFuture<T> future) {
        try {
            return current.job().await(future, BOUND);
        } catch (ExecutionException | TimeoutException e) {
            throw new CompletionException(e);
        }
    }

    @Override
    protected void await(String what, BooleanSupplier condition) {
        long end = cluster.events().nowNanos() + BOUND;
        while (!condition.getAsBoolean()) {
            assertThat(cluster.events().nowNanos()).as(what).isLessThan(end);
            current.job().sleep(LOOK);
        }
    }

    @Override
    protected void stays(Duration span, BooleanSupplier condition) {
        long end = cluster.events().nowNanos() + span.toNanos();
        while (cluster.events().nowNanos() < end) {
            assertThat(condition.getAsBoolean()).isTrue();
            current.job().sleep(LOOK);
        }
    }
}
