package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The standby that commits wait for is gone. */
final class SyncStandbyKilledIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void anotherIsChosenAndWritesGoOn() {
        Member sync = live.cluster().syncStandby();
        Member other = live.cluster().others(live.primary(), sync).getFirst();

        sync.killAll();

        live.writers().awaitProgress();
        Await.until("/sync names " + other, () -> live.cluster().syncStandby().equals(other));
        Await.until(
                "PostgreSQL waits for " + other,
                () -> "sync".equals(live.primary().streaming().get(other.name())));
        assertThat(live.cluster().awaitPrimary()).isEqualTo(live.primary());
        Await.until(
                "doctor misses " + sync, () -> doctor().contains("from the slot " + sync.name()));
        sync.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();
    }

    /** What is wrong; a cluster that is well ends it with status 0. */
    private String doctor() {
        Finished doctor = live.cluster().ctl("doctor", MemberFile.SCOPE);
        return doctor.status() == 1 ? doctor.out() : "";
    }

    @Test
    void aloneThePrimaryGoesOnAndWaitsForAStandbyAgainWhenOneIsBack() {
        List<Member> standbys = live.cluster().others(live.primary());

        standbys.forEach(Member::killAll);

        live.writers().awaitProgress();
        Await.until(
                "/sync says that there is none",
                () ->
                        live.cluster()
                                .key("sync")
                                .filter(text ->
                                        standbys.stream().noneMatch(s -> text.contains(s.name())))
                                .isPresent());
        standbys.forEach(Member::startAgent);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }
}
