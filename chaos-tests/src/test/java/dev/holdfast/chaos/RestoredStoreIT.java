package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A backup of etcd from before the last switchover is restored. Its leader key hangs on a lease
 * that the former leader, a standby by now, still renews.
 */
final class RestoredStoreIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void nobodyIsElectedByTheOlderStateAndNothingIsLostOnceTheKeysAreRemoved() {
        TestCluster cluster = live.cluster();
        EtcdServer etcd = cluster.etcd();
        etcd.kill();
        etcd.backUp();
        etcd.start();
        live.writers().awaitProgress();
        Member former = cluster.awaitHealthy();
        Finished ctl = cluster.ctl("switchover", "--force");
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        live.writers().awaitProgress();
        Member next = cluster.awaitHealthy();
        assertThat(next).isNotEqualTo(former);

        etcd.kill();
        etcd.restore();
        etcd.start();

        awaitOlder(cluster.members());
        next.signalAgent(Signal.KILL);
        int _ = next.awaitAgentExit();
        next.startAgent();
        awaitOlder(List.of(next));
        assertThat(cluster.members()).noneMatch(Member::isPrimary);
        assertThat(cluster.key("leader")).contains(former.name());

        for (String key : List.of("leader", "epoch", "timeline", "sync")) {
            etcd.delete(cluster.prefix() + key);
        }

        cluster.awaitHealthy();
        live.writers().awaitProgress();
    }

    private static void awaitOlder(List<Member> members) {
        for (Member member : members) {
            Await.until(
                    member + " says that the store is older than what it has seen",
                    () ->
                            member.patroni()
                                    .path("holdfast")
                                    .path("reason_code")
                                    .asText()
                                    .equals("store.older"));
        }
    }
}
