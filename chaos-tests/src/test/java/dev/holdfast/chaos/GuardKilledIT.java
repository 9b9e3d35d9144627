package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The guard dies, PostgreSQL and its agent live. */
final class GuardKilledIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void anotherTakesItsPlaceAndPostgresqlIsNotTouched() {
        Member leader = live.primary();
        Optional<Long> postmaster = leader.postmasterPid();

        killGuardOf(leader);

        assertThat(live.cluster().awaitHealthy()).isEqualTo(leader);
        assertThat(leader.postmasterPid()).isEqualTo(postmaster);
        Await.until(
                "the new guard of " + leader + " is armed",
                () -> leader.patroni().path("holdfast").path("guard").asText().equals("armed"));
        live.writers().awaitProgress();
    }

    @Test
    void theOneThatTookItsPlaceFencesWhenTheAgentIsStoppedToo() {
        Member old = live.primary();

        killGuardOf(old);
        Await.until(old + " has a guard again", () -> old.guardPid().isPresent());
        old.signalAgent(Signal.STOP);

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        assertThat(old.serverPids()).as("processes of the old PostgreSQL").isEmpty();
        live.writers().awaitProgress();
        old.signalAgent(Signal.CONT);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
    }

    private static void killGuardOf(Member member) {
        long guard = member.guardPid().orElseThrow();
        Signal.KILL.send(guard);
        Await.until(
                "the guard of " + member + " is another process",
                () -> member.guardPid().filter(pid -> pid != guard).isPresent());
    }
}
