package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** restart, reload and reinit: whom they go to, in which order, and what a refusal does. */
class MemberCommandsTest {
    private final ClusterFixture cluster = new ClusterFixture();

    @TempDir Path directory;

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void standbysRestartBeforeTheLeader() {
        FakeMember members = cluster.three(_ -> new Reply(200, "restarted successfully"));

        Result result = cluster.run("restart", "demo", "--force");

        assertThat(result.status()).isZero();
        assertThat(result.out().lines().filter(line -> line.startsWith("Success")))
                .containsExactly(
                        "Success: restart on member pg2",
                        "Success: restart on member pg3",
                        "Success: restart on member pg1");
        assertThat(members.requests()).hasSize(3).allMatch("POST /restart {}"::equals);
    }

    @Test
    void conditionsGoWithTheRequest() {
        FakeMember members = cluster.three(_ -> new Reply(202, "restart scheduled"));

        Result result =
                cluster.run(
                        "restart",
                        "demo",
                        "pg2",
                        "--role",
                        "replica",
                        "--pg-version",
                        "15.5",
                        "--timeout",
                        "30",
                        "--scheduled",
                        "2026-11-21T10:00Z",
                        "--force");

        assertThat(result.out()).contains("Success: restart scheduled on member pg2");
        assertThat(members.requests())
                .containsExactly(
                        "POST /restart {\"role\":\"replica\",\"postgres_version\":\"15.5\",\"timeout\":30,"
                                + "\"schedule\":\"2026-11-21T10:00:00Z\"}");
    }

    @Test
    void aFailedRestartSparesTheOthers() {
        FakeMember members = cluster.three(_ -> new Reply(503, "restart failed"));

        Result result = cluster.run("restart", "demo", "--force");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo(
                        "Error: restart of member pg2 failed: restart failed. Not restarted because of that: pg3, pg1.\n");
        assertThat(members.requests()).hasSize(1);
    }

    @Test
    void aMemberThatIsNotMeantIsSkipped() {
        cluster.three(_ -> new Reply(503, "restart conditions are not satisfied"));

        Result result = cluster.run("restart", "demo", "pg3", "--force");

        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("Skipped: member pg3");
    }

    @Test
    void withNothingPendingNothingIsRestarted() {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        assertThat(cluster.run("restart", "demo", "--pending", "--force").out())
                .endsWith("There is nothing to restart.\n");
        assertThat(members.requests()).isEmpty();
    }

    @Test
    void anyIsOne() {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        assertThat(cluster.run("restart", "demo", "--any", "--role", "replica", "--force").status())
                .isZero();
        assertThat(members.requests()).containsExactly("POST /restart {\"role\":\"replica\"}");
    }

    @Test
    void anUnknownMemberIsNamedWithTheKnownOnes() {
        cluster.three(_ -> new Reply(200, ""));

        assertThat(cluster.run("restart", "demo", "pg2", "pg9", "--force").err())
                .isEqualTo(
                        "Error: cluster \"demo\" has no member \"pg9\"; its members are: pg1, pg2, pg3.\n");
    }

    @Test
    void theClusterNeedNotBeNamedWhereTheFileNamesIt() throws IOException {
        FakeMember members = cluster.three(_ -> new Reply(202, "reload scheduled"));
        Path file =
                Files.writeString(
                        directory.resolve("ctl.yml"),
                        "scope: demo\netcd3:\n  hosts: store.example:2379\n");

        Result result =
                cluster.runWith(
                        Map.of(), directory, "-c", file.toString(), "reload", "pg3", "--force");

        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .endsWith(
                        "Reload request received for member pg3 and will be processed within 10 seconds\n");
        assertThat(members.requests()).containsExactly("POST /reload {}");
    }

    @Test
    void aReloadThatIsRefusedGoesOnWithTheNextAndExitsWithOne() {
        cluster.three(_ -> new Reply(500, "no"));

        Result result = cluster.run("reload", "demo", "--force");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err().lines())
                .hasSize(3)
                .allMatch(line -> line.startsWith("Failed: reload for member pg"));
    }

    @Test
    void aReinitializationIsWaitedFor() {
        FakeMember[] members = new FakeMember[1];
        members[0] =
                cluster.three(_ -> {
                    String api = members[0].apiUrl();
                    cluster.state("pg3", api, "creating replica");
                    Thread.ofVirtual().start(() -> cluster.standby("pg3", api, "streaming", 3));
                    return new Reply(200, "reinitialize started");
                });

        Result result = cluster.run("reinit", "demo", "pg3", "--wait", "--from-leader", "--force");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains(
                        "Success: reinitialize for member pg3\nWaiting for reinitialize to complete on: pg3\n")
                .contains("pg3: replica, creating replica")
                .endsWith("Reinitialize is completed on: pg3\n");
        assertThat(members[0].requests())
                .containsExactly("POST /reinitialize {\"force\":true,\"from-leader\":true}");
    }

    @Test
    void theLeaderIsNotReinitializedAndNobodyByDefault() {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        assertThat(cluster.run("reinit", "demo", "pg1", "--force").err())
                .contains("only standbys can be reinitialized");
        assertThat(cluster.run("reinit", "demo", "--force").err())
                .contains("no member was named")
                .contains("pg2, pg3");
        assertThat(members.requests()).isEmpty();
    }
}
