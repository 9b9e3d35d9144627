package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** demote-cluster and promote-cluster: one section is changed, and they end when it is so. */
class ClusterRoleTest {
    private final ClusterFixture cluster = new ClusterFixture();

    @AfterEach
    void close() {
        cluster.close();
    }

    /** Three members, of which pg1 becomes this as soon as the configuration is changed. */
    private FakeMember becoming(String role) {
        FakeMember[] all = new FakeMember[1];
        all[0] =
                cluster.three(_ -> {
                    cluster.leading("pg1", all[0].apiUrl(), role);
                    return new Reply(200, "{}");
                });
        return all[0];
    }

    @Test
    void aDemotionWritesTheSectionAndEndsWhenTheLeaderFollows() {
        FakeMember members = becoming("standby_leader");

        Result result =
                cluster.run(
                        "demote-cluster",
                        "demo",
                        "--host",
                        "10.0.0.1,10.0.0.2",
                        "--port",
                        "5433",
                        "--restore-command",
                        "fetch %f %p",
                        "--primary-slot-name",
                        "west",
                        "--force");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .startsWith("Current cluster topology\n")
                .contains("cluster is successfully demoted\n")
                .contains("Standby Leader");
        assertThat(members.requests())
                .containsExactly(
                        "PATCH /config {\"standby_cluster\":{\"host\":\"10.0.0.1,10.0.0.2\",\"port\":5433,"
                                + "\"restore_command\":\"fetch %f %p\",\"primary_slot_name\":\"west\"}}");
    }

    @Test
    void aPromotionRemovesTheSectionOnceTheOperatorAgrees() {
        FakeMember members = becoming("primary");
        cluster.leading("pg1", members.apiUrl(), "standby_leader");
        cluster.put("config", "{\"ttl\":10,\"standby_cluster\":{\"host\":\"10.0.0.1\"}}");

        Result refused = cluster.typing("n\n").run("promote-cluster", "demo");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(members.requests()).isEmpty();

        Result result = cluster.typing("y\n").run("promote-cluster", "demo");

        assertThat(result.status()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("Are you sure you want to promote demo cluster?")
                .contains("cluster is successfully promoted\n");
        assertThat(members.requests()).containsExactly("PATCH /config {\"standby_cluster\":null}");
    }

    @Test
    void whatCannotBeDoneIsRefusedBeforeAnythingIsChanged() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));

        assertThat(cluster.run("promote-cluster", "demo", "--force").err())
                .isEqualTo("Error: Cluster is already in the required state\n");
        assertThat(cluster.run("demote-cluster", "demo", "--primary-slot-name", "x").err())
                .isEqualTo(
                        "Error: At least --host, --port or --restore-command should be specified\n");
        assertThat(cluster.run("demote-cluster", "demo", "--host", "a b", "--force").err())
                .contains("nothing was changed: standby_cluster.host");

        cluster.put("config", "{\"pause\":true}");
        assertThat(cluster.run("demote-cluster", "demo", "--host", "h", "--force").err())
                .contains("paused");

        cluster.delete("leader");
        assertThat(cluster.run("demote-cluster", "demo", "--host", "h", "--force").err())
                .isEqualTo("Error: Cluster has no leader, demotion is not possible\n");
        assertThat(members.requests()).isEmpty();
    }
}
