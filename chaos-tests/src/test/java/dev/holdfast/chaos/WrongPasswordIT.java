package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A member's file has another password than the cluster. */
final class WrongPasswordIT {
    private static final ClusterPlan TWO =
            new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON);

    @Test
    void aMemberThatCannotCopyTheDataSaysWhyAndHarmsNobody() throws IOException {
        try (TestCluster cluster = TestCluster.prepare(TWO)) {
            Member first = cluster.member("pg1");
            Member second = cluster.member("pg2");
            first.startAgent();
            Await.until(first + " is the primary", first::isPrimary);
            String good = Files.readString(second.yamlFile());
            second.writeFile(good.replace("rep-secret", "wrong-secret"));

            second.startAgent();

            Await.until(
                    second + " says that its password is refused",
                    () -> said(second).contains("password authentication failed for user"));
            assertThat(said(second)).contains("replicator").doesNotContain("wrong-secret");
            assertThat(first.isPrimary()).isTrue();
            assertThat(second.dataDirectory().resolve("PG_VERSION")).doesNotExist();
            second.signalAgent(Signal.TERM);
            assertThat(second.awaitAgentExit()).isZero();
            second.writeFile(good);
            second.startAgent();
            assertThat(cluster.awaitHealthy()).isEqualTo(first);
        }
    }

    @Test
    void anAgentThatCannotAskItsOwnServerSaysWhy() throws IOException {
        try (TestCluster cluster = TestCluster.prepare(TWO)) {
            Member first = cluster.member("pg1");
            first.startAgent();
            Await.until(first + " is the primary", first::isPrimary);
            first.signalAgent(Signal.TERM);
            assertThat(first.awaitAgentExit()).isZero();
            String good = Files.readString(first.yamlFile());
            first.writeFile(good.replace(Sql.PASSWORD, "wrong-secret"));

            first.startAgent();

            Await.until(
                    first + " says that its password is refused",
                    () -> said(first).contains("password authentication failed for user"));
            assertThat(said(first)).contains(Sql.USER).doesNotContain("wrong-secret");
            assertThat(first.isPrimary()).isFalse();
        }
    }

    private static String said(Member member) throws IOException {
        return Files.readString(member.log());
    }
}
