package dev.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One history without chance in it, but for the delays and the configuration. */
class GuardAwayTest {
    /**
     * A primary that is stopped leaves a question about its door unanswered. It ends while there is
     * no guard: that the next guard holds nothing says so, and the member comes back (seed 8000736
     * of the search).
     */
    @ParameterizedTest
    @ValueSource(longs = {4, 7, 8, 9})
    void aServerThatEndsWhileTheGuardIsAwayIsForgotten(long seed) {
        Cluster cluster = new Cluster(seed, Trace.none());
        cluster.members().forEach(Member::startAgent);
        await(cluster, () -> cluster.members().stream().allMatch(GuardAwayTest::runs));
        Member primary =
                cluster.members().stream().filter(Member::acceptsWrites).findFirst().orElseThrow();

        primary.serverProgram().stop();
        long asked =
                cluster.events().nowNanos() + cluster.setup().firstConfig().ttl().toNanos() / 2;
        await(cluster, () -> cluster.events().nowNanos() >= asked);
        primary.agentProgram().stop();
        primary.killGuard();
        // Nobody has what it wrote last, so that it can come back only by pg_rewind or a copy.
        Lsn last = primary.server().orElseThrow().emit();
        primary.server().orElseThrow().kill();
        assertThat(primary.directory().orElseThrow().control().checkpoint()).isLessThan(last);
        await(cluster, () -> cluster.members().stream().anyMatch(Member::acceptsWrites));
        primary.agentProgram().resume();

        await(cluster, () -> cluster.members().stream().allMatch(GuardAwayTest::runs));
        assertThat(cluster.members()).filteredOn(Member::acceptsWrites).hasSize(1);
    }

    private static boolean runs(Member member) {
        return member.acceptsWrites()
                || member.server()
                        .filter(s -> s.state() == Postmaster.State.STANDBY && !s.isStopped())
                        .isPresent();
    }

    private static void await(Cluster cluster, BooleanSupplier condition) {
        long end = cluster.events().nowNanos() + 300 * Events.SECOND;
        while (!condition.getAsBoolean()) {
            cluster.events().next();
            cluster.promises().check();
            assertThat(cluster.events().nowNanos()).as("still waited for").isLessThan(end);
        }
    }
}
