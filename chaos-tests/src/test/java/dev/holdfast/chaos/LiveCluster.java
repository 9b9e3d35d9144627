package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/**
 * A healthy cluster with clients that write through the balancer, before each test; after it the
 * cluster is healed, and every acknowledged row must be there, once, on every member.
 *
 * <p>To make a cluster takes longer than to break it, so tests with the same plan share one, as
 * long as none fails.
 */
final class LiveCluster implements BeforeEachCallback, AfterEachCallback {
    private final ClusterPlan plan;
    private Optional<TestCluster> cluster = Optional.empty();
    private Optional<Member> primary = Optional.empty();
    private Optional<Writers> writers = Optional.empty();

    LiveCluster(ClusterPlan plan) {
        this.plan = plan;
    }

    TestCluster cluster() {
        return cluster.orElseThrow();
    }

    /** Who was the primary when the test began. */
    Member primary() {
        return primary.orElseThrow();
    }

    Writers writers() {
        return writers.orElseThrow();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        TestCluster running =
                store(context).computeIfAbsent(plan, TestCluster::start, TestCluster.class);
        cluster = Optional.of(running);
        running.attach();
        try {
            primary = Optional.of(running.awaitHealthy());
            writers = Optional.of(Writers.start(running.writer()));
        } catch (RuntimeException | Error e) {
            giveUp(context);
            throw e;
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        try {
            if (context.getExecutionException().isEmpty()) {
                checkRows();
            }
        } catch (RuntimeException | Error e) {
            giveUp(context);
            throw e;
        } finally {
            writers.ifPresent(Writers::stop);
        }
        if (context.getExecutionException().isPresent()) {
            giveUp(context);
        } else {
            // The next test may be one of another cluster, on other hosts.
            cluster().detach();
        }
    }

    private void checkRows() {
        Member now = cluster().heal();
        writers().awaitProgress();
        writers().stop();
        Writers.Verdict verdict = writers().check(now);
        assertThat(verdict.acknowledged()).as("acknowledged rows").isPositive();
        assertThat(verdict.lost()).as("acknowledged rows that are not on " + now).isEmpty();
        assertThat(verdict.doubled()).as("rows that are twice on " + now).isEmpty();
        List<Member> standbys = cluster().others(now);
        writers().awaitSameRows(now, standbys);
    }

    /** What failed may have left anything behind: the next test gets a new cluster. */
    private void giveUp(ExtensionContext context) {
        store(context).remove(plan);
        cluster.ifPresent(broken -> {
            System.err.println(context.getDisplayName() + " failed; the ends of the logs:");
            System.err.println(broken.logs());
            broken.close();
        });
    }

    private static Store store(ExtensionContext context) {
        return context.getRoot().getStore(Namespace.create(LiveCluster.class));
    }
}
