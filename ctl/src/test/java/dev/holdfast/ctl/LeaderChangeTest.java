package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Switchover and failover: who is asked, what is shown, and how it ends. */
class LeaderChangeTest {
    private final ClusterFixture cluster = new ClusterFixture();

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void aSwitchoverIsShownUntilTheOldLeaderFollows() {
        FakeMember members = cluster.three(_ -> handOver());

        Result result = cluster.run("switchover", "demo", "--candidate", "pg2", "--force");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(members.requests())
                .containsExactly("POST /switchover {\"leader\":\"pg1\",\"candidate\":\"pg2\"}");
        assertThat(result.out())
                .startsWith("Current cluster topology\n+ Cluster: demo")
                .contains("  18:00:00.000  pg1: replica, stopped, timeline 3\n")
                .contains("  18:00:00.000  leader is pg2\n")
                .contains("  18:00:00.000  pg2: primary, running, timeline 4\n")
                .contains("  18:00:00.000  pg1: replica, streaming, timeline 4\n")
                .contains("\n2026-11-20 18:00:00.00000 Successfully switched over to \"pg2\"\n")
                .contains("| pg2    | pg2.example | Leader  | running   |  4 |");
    }

    /**
     * What a cluster does: the answer comes once the new leader leads, and the old one follows a
     * little later.
     */
    private Reply handOver() {
        String api = "http://127.0.0.1:1/patroni";
        cluster.state("pg1", api, "stopped");
        cluster.put("leader", "pg2");
        cluster.primary("pg2", api, 4);
        Thread.ofVirtual().start(() -> cluster.standby("pg1", api, "streaming", 4));
        return new Reply(200, "Successfully switched over to \"pg2\"");
    }

    @Test
    void aRefusalIsTheServersSentence() {
        cluster.three(_ -> new Reply(412, "candidate name does not match with sync_standby"));

        Result result = cluster.run("switchover", "demo", "--candidate", "pg3", "--force");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo("Error: candidate name does not match with sync_standby\n");
    }

    @Test
    void aWrongPasswordSaysWhereToSetIt() {
        cluster.three(_ -> new Reply(401, ""));

        assertThat(cluster.run("switchover", "demo", "--force").err())
                .contains(
                        "did not accept the user name and password (401): set ctl.authentication");
    }

    @Test
    void withoutTerminalNothingIsDone() {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        Result result =
                cluster.piping("y\n")
                        .run(
                                "switchover",
                                "demo",
                                "--leader",
                                "pg1",
                                "--candidate",
                                "pg2",
                                "--scheduled",
                                "now");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .isEqualTo(
                        "Error: this command asks \"Are you sure you want to switch over cluster demo, demoting the"
                                + " current leader pg1?\", and its input is not a terminal: give --force to do it without being"
                                + " asked.\n");
        assertThat(members.requests()).isEmpty();
    }

    @Test
    void anOperatorIsAskedForAllThatIsNotGiven() {
        FakeMember members = cluster.three(_ -> handOver());

        Result result = cluster.typing("\npg2\n\ny\n").run("switchover", "demo");

        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains(
                        "Primary [pg1]: Candidate [pg2, pg3] []: When should the switchover take place [now]: Are you sure"
                                + " you want to switch over cluster demo, demoting the current leader pg1? [y/N]: ");
        assertThat(members.requests())
                .containsExactly("POST /switchover {\"leader\":\"pg1\",\"candidate\":\"pg2\"}");
    }

    @Test
    void aNoChangesNothing() {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        Result result = cluster.typing("\n\n\nn\n").run("switchover", "demo");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("Error: Nothing was changed, as you wished.\n");
        assertThat(members.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "switchover demo --force --leader pg2    | member \"pg2\" is not the leader of cluster \"demo\": \"pg1\" is.",
                "switchover demo --force --candidate pg9 | cluster \"demo\" has no member \"pg9\": its candidates are pg2, pg3.",
                "switchover demo --force --candidate pg1 | member \"pg1\" leads cluster \"demo\" already",
                "switchover demo --force --scheduled x   | \"x\" is not a time",
                "failover demo --force                   | a failover goes to a named member only: give --candidate, one of pg2, pg3.",
                "failover demo --force --candidate pg9   | cluster \"demo\" has no member \"pg9\"",
            })
    void whatMakesNoSenseIsRefusedBeforeAnybodyIsAsked(String arguments, String sentence) {
        FakeMember members = cluster.three(_ -> new Reply(200, ""));

        Result result = cluster.run(arguments.split(" "));

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains(sentence);
        assertThat(members.requests()).isEmpty();
    }

    @Test
    void withoutLeaderASwitchoverPointsToFailover() {
        cluster.three(_ -> new Reply(200, ""));
        cluster.delete("leader");

        assertThat(cluster.run("switchover", "demo", "--force").err())
                .contains("use failover --candidate MEMBER");
    }

    @Test
    void aScheduledSwitchoverIsNotWaitedFor() {
        FakeMember members = cluster.three(_ -> new Reply(202, "Switchover scheduled"));

        Result result =
                cluster.run("switchover", "demo", "--force", "--scheduled", "2026-11-21T10:00+01");

        assertThat(result.status()).isZero();
        assertThat(result.out()).contains("Switchover scheduled\n");
        assertThat(members.requests())
                .containsExactly(
                        "POST /switchover {\"leader\":\"pg1\",\"scheduled_at\":\"2026-11-21T10:00:00+01:00\"}");
    }

    /** The member does something, and the connection breaks before it answers. */
    private Result lost(Consumer<String> meanwhile) {
        FakeMember[] members = new FakeMember[1];
        members[0] =
                cluster.three(_ -> {
                    meanwhile.accept(members[0].operations().getLast());
                    throw new IllegalStateException("the connection breaks");
                });
        return cluster.run("switchover", "demo", "--candidate", "pg2", "--force");
    }

    private void ended(String id, String outcome, String reason) {
        cluster.put(
                "operations/" + id,
                "{\"kind\":\"switchover\",\"from\":\"pg1\",\"to\":\"pg2\",\"asked_at\":\"\",\"outcome\":\"%s\",\"reason\":\"%s\",\"ended_at\":\"\"}"
                        .formatted(outcome, reason));
    }

    @Test
    void whatAnAnswerThatWasLostSaidIsReadFromTheStore() {
        Result done =
                lost(id -> {
                    handOver();
                    ended(id, "done", "pg2 leads");
                });
        assertThat(done.err()).isEmpty();
        assertThat(done.status()).isZero();

        Result failed = lost(id -> ended(id, "failed", "pg1 still leads: pg2 lags"));
        assertThat(failed.status()).isEqualTo(1);
        assertThat(failed.err()).isEqualTo("Error: pg1 still leads: pg2 lags.\n");
    }

    @Test
    void aRequestThatNobodyBeganIsNotBegunAnyMore() {
        String[] sent = new String[1];

        Result result = lost(id -> sent[0] = id);

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .contains("the request did not arrive")
                .contains("nothing has changed, and nothing will.");
        assertThat(cluster.get("operations/" + sent[0]).orElseThrow())
                .contains("\"outcome\":\"failed\"")
                .contains("given up by who asked for it");
    }

    @Test
    void aFailoverSaysWhatItMayCost() {
        cluster.three(_ -> handOver());
        cluster.put("config", "{\"synchronous_mode\":true}");
        cluster.put("sync", "{\"leader\":\"pg1\",\"sync_standby\":\"pg3\",\"quorum\":0}");

        Result result = cluster.typing("y\n").run("failover", "demo", "--candidate", "pg2");

        assertThat(result.status()).isZero();
        assertThat(result.out())
                .contains(
                        "It is no synchronous standby: transactions that were acknowledged can be lost.");
    }

    @Test
    void whenTheLeaderIsDeadTheCandidateIsAsked() throws IOException {
        FakeMember alive = cluster.three(_ -> handOver());
        cluster.primary("pg1", "http://127.0.0.1:" + closedPort() + "/patroni", 3);

        Result result = cluster.run("failover", "demo", "--candidate", "pg2", "--force");

        assertThat(result.status()).isZero();
        assertThat(alive.requests()).containsExactly("POST /failover {\"candidate\":\"pg2\"}");
    }

    @Test
    void whenNobodyAnswersTheWishIsLeftInTheStore() throws IOException {
        String dead = "http://127.0.0.1:" + closedPort() + "/patroni";
        cluster.primary("pg1", dead, 3);
        cluster.standby("pg2", dead, "streaming", 3);
        cluster.put("leader", "pg1");

        Result result =
                cluster.run(
                        "switchover",
                        "demo",
                        "--candidate",
                        "pg2",
                        "--force",
                        "--scheduled",
                        "2026-11-21T10:00+01:00");

        assertThat(result.out()).contains("the request was left in the store");
        assertThat(result.status()).isZero();
        assertThat(cluster.get("failover"))
                .contains(
                        "{\"leader\":\"pg1\",\"member\":\"pg2\",\"scheduled_at\":\"2026-11-21T10:00:00+01:00\"}");
    }

    @Test
    void aWishThatIsThereAlreadyIsNotOverwritten() throws IOException {
        String dead = "http://127.0.0.1:" + closedPort() + "/patroni";
        cluster.primary("pg1", dead, 3);
        cluster.standby("pg2", dead, "streaming", 3);
        cluster.put("leader", "pg1");
        cluster.put("failover", "{\"member\":\"pg1\"}");

        Result result = cluster.run("failover", "demo", "--candidate", "pg2", "--force");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .contains("a change of the leader is already asked for in the store");
        assertThat(cluster.get("failover")).contains("{\"member\":\"pg1\"}");
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
