package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Agent, guard and PostgreSQL of the leader are all gone at once, as when its host dies. */
final class MemberKilledIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aStandbyTakesOverAndTheOldPrimaryComesBackByRewind() throws IOException {
        Member old = live.primary();
        Object directory = Files.getAttribute(old.dataDirectory(), "unix:ino");

        old.killAll();

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        live.writers().awaitProgress();
        old.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
        assertThat(Journals.count(old, "follow.rewind")).as("rewinds").isPositive();
        assertThat(Files.getAttribute(old.dataDirectory(), "unix:ino"))
                .as("it was rewound, not copied")
                .isEqualTo(directory);
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();
    }

    @Test
    void whereRewindFailsItIsCopiedAnewAndTheOldDirectoryKeptAside() throws IOException {
        Member old = live.primary();
        List<Path> before = aside(old);

        old.killAll();
        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        now.execute("ALTER ROLE rewinder NOLOGIN");
        old.startAgent();

        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
        now.execute("ALTER ROLE rewinder LOGIN");
        List<Path> kept = new ArrayList<>(aside(old));
        kept.removeAll(before);
        assertThat(kept).hasSize(1);
        assertThat(kept.getFirst().resolve("PG_VERSION")).exists();
    }

    private static List<Path> aside(Member member) throws IOException {
        try (Stream<Path> all = Files.list(member.directory())) {
            return all.filter(path ->
                            path.getFileName().toString().matches("data\\.\\d.*rewind-failed"))
                    .toList();
        }
    }
}
