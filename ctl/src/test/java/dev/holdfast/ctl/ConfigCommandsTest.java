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

/**
 * edit-config, pause and resume: only what was changed is sent, and it arrives though nobody
 * answers.
 */
class ConfigCommandsTest {
    private static final String DEAD = "http://127.0.0.1:1/patroni";
    private final ClusterFixture cluster = new ClusterFixture();

    @TempDir Path directory;

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void theDifferenceIsShownAndSentToTheLeader() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));

        Result result =
                cluster.run(
                        "edit-config",
                        "demo",
                        "-s",
                        "ttl=20",
                        "-p",
                        "max_connections=null",
                        "-p",
                        "auto_explain.log_analyze=on",
                        "--force");

        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .isEqualTo(
                        """
                        ---
                        +++
                        @@ -1,5 +1,5 @@
                         loop_wait: 10
                         postgresql:
                           parameters:
                        -    max_connections: 100
                        -ttl: 10
                        +    auto_explain.log_analyze: true
                        +ttl: 20

                        Configuration changed
                        """);
        assertThat(members.requests())
                .containsExactly(
                        "PATCH /config {\"ttl\":20,\"postgresql\":{\"parameters\":{\"max_connections\":null,"
                                + "\"auto_explain.log_analyze\":true}}}");
    }

    @Test
    void whatIsTheSameIsNotSent() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));

        assertThat(cluster.run("edit-config", "demo", "-s", "ttl=10", "--force").out())
                .isEqualTo("Not changed\n");
        assertThat(members.requests()).isEmpty();
    }

    @Test
    void aFileReplacesOrChanges() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));

        cluster.piping("ttl: 15\nloop_wait: null\n")
                .run("edit-config", "demo", "--apply", "-", "--force", "-q");
        Result replaced =
                cluster.piping("ttl: 15\n")
                        .run("edit-config", "demo", "--replace", "-", "--force", "-q");

        assertThat(replaced.out()).isEqualTo("Configuration changed\n");
        assertThat(members.requests())
                .containsExactly(
                        "PATCH /config {\"loop_wait\":null,\"ttl\":15}",
                        "PATCH /config {\"loop_wait\":null,\"postgresql\":null,\"ttl\":15}");
    }

    @Test
    void whatMembersWouldRefuseIsNotSent() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));

        Result result = cluster.run("edit-config", "demo", "-s", "ttl=soon", "--force");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).startsWith("Error: nothing was changed: ttl: found \"soon\"");
        assertThat(members.requests()).isEmpty();
    }

    @Test
    void anEditorChangesIt() throws IOException {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));
        Path editor =
                Files.writeString(
                        directory.resolve("editor"), "sed -i 's/^ttl: 10$/ttl: 12/' \"$1\"\n");

        Result result =
                cluster.typing("y\n")
                        .runWith(
                                Map.of("EDITOR", "sh " + editor),
                                directory,
                                "-d",
                                "etcd3://store.example:2379",
                                "edit-config",
                                "demo");

        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains("-ttl: 10\n+ttl: 12\n")
                .endsWith("Configuration changed\n");
        assertThat(members.requests()).containsExactly("PATCH /config {\"ttl\":12}");
    }

    @Test
    void anEditorNeedsATerminal() {
        cluster.three(_ -> new Reply(200, "{}"));

        assertThat(cluster.run("edit-config", "demo").err())
                .contains("there is no terminal for an editor");
    }

    @Test
    void aRefusalIsTheServersSentence() {
        cluster.three(_ -> new Reply(400, "ttl: found 1, expected 3 or more."));

        Result result = cluster.run("edit-config", "demo", "-s", "ttl=20", "--force");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("Error: ttl: found 1, expected 3 or more.\n");
    }

    @Test
    void whenNobodyAnswersTheStoreIsChanged() {
        cluster.primary("pg1", DEAD, 3);

        Result result = cluster.run("edit-config", "demo", "-s", "ttl=20", "--force", "-q");

        assertThat(result.status()).isZero();
        assertThat(result.err()).contains("so it goes into the store");
        assertThat(cluster.get("config"))
                .contains(
                        "{\"ttl\":20,\"loop_wait\":10,\"postgresql\":{\"parameters\":{\"max_connections\":100}}}");
    }

    @Test
    void aConfigurationThatCannotBeReadIsNotMerged() {
        cluster.three(_ -> new Reply(200, "{}"));
        cluster.put("config", "{");

        assertThat(cluster.run("edit-config", "demo", "-s", "ttl=20", "--force").err())
                .contains("the key config of cluster \"demo\" is not a JSON object");
    }

    @Test
    void aPauseIsWaitedForUntilEveryMemberActsOnIt() {
        FakeMember[] members = new FakeMember[1];
        members[0] =
                cluster.three(request -> {
                    cluster.put("config", "{\"ttl\":10,\"pause\":true}");
                    Thread.ofVirtual()
                            .start(() -> {
                                for (String name : new String[] {"pg1", "pg2", "pg3"}) {
                                    String record = cluster.get("members/" + name).orElseThrow();
                                    cluster.put(
                                            "members/" + name,
                                            record.replaceFirst("\\{", "{\"pause\":true,"));
                                }
                            });
                    return new Reply(200, "{}");
                });

        Result result = cluster.run("pause", "demo", "--wait");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(members[0].requests()).containsExactly("PATCH /config {\"pause\":true}");
        assertThat(result.out())
                .contains("'pause' request sent, waiting until it is recognized by all nodes\n")
                .endsWith("Success: cluster management is paused\n");
    }

    @Test
    void resumeRemovesThePause() {
        FakeMember members = cluster.three(_ -> new Reply(200, "{}"));
        cluster.put("config", "{\"pause\":true}");

        assertThat(cluster.run("pause", "demo").err())
                .isEqualTo("Error: cluster \"demo\" is paused already.\n");
        assertThat(cluster.run("resume", "demo").out())
                .endsWith("Success: cluster management is resumed\n");
        assertThat(members.requests()).containsExactly("PATCH /config {\"pause\":null}");
        cluster.put("config", "{}");
        assertThat(cluster.run("resume", "demo").err())
                .isEqualTo("Error: cluster \"demo\" is not paused.\n");
    }
}
