package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code flush}, {@code remove}, {@code dsn}, and how {@code query} refuses. */
final class ForgetAndFindTest {
    private static final String SCHEDULED =
            "{\"leader\":\"pg1\",\"member\":\"pg2\",\"scheduled_at\":\"2026-11-21T10:00:00+01:00\"}";

    private final ClusterFixture cluster = new ClusterFixture();

    @AfterEach
    void close() {
        cluster.close();
    }

    private void restartScheduled(String name, FakeMember member) {
        cluster.put(
                "members/" + name,
                "{\"conn_url\":\"postgres://%s.example:5432/postgres\",\"api_url\":\"%s\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"0.1.0\",\"scheduled_restart\":{\"schedule\":\"2026-11-21T10:00:00+00:00\",\"postgres_version\":\"15.9\",\"start_micros\":1}}"
                        .formatted(name, member.apiUrl()));
    }

    @Test
    void scheduledRestartsAreShownAndFlushedWhereThereAreSome() {
        FakeMember members = cluster.three(_ -> new Reply(200, "scheduled restart deleted"));
        restartScheduled("pg3", members);

        assertThat(cluster.run("list", "demo").out())
                .contains("| Scheduled restart ")
                .contains("| 2026-11-21T10:00:00+00:00 if version < 15.9 |");
        Result result = cluster.run("flush", "demo", "pg2", "pg3", "restart", "--force");

        assertThat(result.status()).isZero();
        assertThat(result.out())
                .endsWith(
                        "No scheduled restart for member pg2\nSuccess: flush scheduled restart for member pg3\n");
        assertThat(members.requests()).containsExactly("DELETE /restart ");
    }

    @Test
    void whatIsScheduledGivesWayToAForcedScheduleOnly() {
        FakeMember members =
                cluster.three(request ->
                        request.startsWith("DELETE")
                                ? new Reply(200, "scheduled restart deleted")
                                : new Reply(409, "Another restart is already scheduled"));
        restartScheduled("pg3", members);
        String[] restart = {"restart", "demo", "pg3", "--scheduled", "2026-11-21T10:00Z"};

        Result asked = cluster.typing("y\n").run(restart);

        assertThat(asked.status()).isEqualTo(1);
        assertThat(asked.err())
                .isEqualTo("Failed: another restart is already scheduled on member pg3\n");
        assertThat(members.requests()).hasSize(1).allMatch(r -> r.startsWith("POST"));
        cluster.run("restart", "demo", "pg3", "--scheduled", "2026-11-21T10:00Z", "--force");
        assertThat(members.requests().get(1)).isEqualTo("DELETE /restart ");
    }

    @Test
    void aScheduledSwitchoverIsFlushedByTheLeader() {
        FakeMember members = cluster.three(_ -> new Reply(200, "scheduled switchover deleted"));
        assertThat(cluster.run("flush", "demo", "switchover").out())
                .isEqualTo("No pending scheduled switchover\n");
        cluster.put("failover", SCHEDULED);

        assertThat(cluster.run("flush", "demo", "switchover", "--force").out())
                .isEqualTo("Success: scheduled switchover deleted\n");
        assertThat(members.requests()).containsExactly("DELETE /switchover ");
    }

    @Test
    void aScheduledSwitchoverIsFlushedInTheStoreWhenNobodyAnswers() {
        cluster.primary("pg1", "http://127.0.0.1:1/patroni", 3);
        cluster.put("failover", SCHEDULED);

        Result result = cluster.run("flush", "demo", "switchover", "--force");

        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("deleted in the store");
        assertThat(cluster.get("failover")).isEmpty();
    }

    @Test
    void aClusterIsRemovedAfterThreeRightAnswers() {
        cluster.three(_ -> new Reply(200, ""));

        Result result = cluster.piping("demo\nYes I am aware\npg1\n").run("remove", "demo");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains("Please confirm the cluster name to remove: ")
                .contains(
                        "You are about to remove all information in DCS for demo, please type: \"Yes I am aware\": ")
                .endsWith(
                        "This cluster currently is healthy. Please specify the leader name to continue: ");
        assertThat(cluster.get("leader")).isEmpty();
        assertThat(cluster.get("members/pg2")).isEmpty();
        assertThat(cluster.get("initialize")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "demos~,Cluster names specified do not match",
        "demo~yes~,You did not exactly type \"Yes I am aware\"",
        "demo~Yes I am aware~pg2~,You did not specify the current leader of the cluster",
        "demo~,the input ended before the question was answered",
    })
    void aWrongAnswerRemovesNothing(String typed, String sentence) {
        cluster.three(_ -> new Reply(200, ""));

        Result result = cluster.piping(typed.replace('~', '\n')).run("remove", "demo");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains(sentence);
        assertThat(cluster.get("initialize")).isPresent();
        assertThat(cluster.get("leader")).isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "dsn demo,host=pg1.example port=5432",
        "dsn demo -r any,host=pg1.example port=5432",
        "dsn demo -r replica,host=pg2.example port=5432",
        "dsn demo --member pg3,host=pg3.example port=5432",
    })
    void howToConnectIsTold(String arguments, String line) {
        cluster.three(_ -> new Reply(200, ""));
        assertThat(cluster.run(arguments.split(" ")).out()).isEqualTo(line + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "dsn demo -r standby-leader,Can not find a suitable member",
        "dsn demo -m pg9,Can not find a suitable member",
        "dsn demo -r any -m pg1,--role and --member are mutually exclusive options",
        "query demo,You need to specify either --command or --file",
        "query demo -c x -f y,--file and --command are mutually exclusive options",
        "query demo -f /nonexistent,/nonexistent cannot be read",
        "flush demo,it was not said what to forget",
    })
    void whatCannotBeDoneIsSaid(String arguments, String sentence) {
        cluster.three(_ -> new Reply(200, ""));
        Result result = cluster.run(arguments.split(" "));
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("Error: ").contains(sentence);
    }
}
