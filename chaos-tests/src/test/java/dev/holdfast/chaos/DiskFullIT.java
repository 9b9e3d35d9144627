package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** No room is left on the primary's disk, and there is some on a standby's. */
final class DiskFullIT {
    @Test
    void aStandbyWithRoomTakesOverAndTheOldPrimaryComesBackWhenThereIsRoom() throws IOException {
        Assumptions.assumeTrue(SmallDisk.isPossible(), "a file system of its own needs root");
        try (TestCluster cluster = TestCluster.start(ClusterPlan.usual().withSmallDiskOf("pg1"))) {
            SmallDisk disk = cluster.smallDisk().orElseThrow();
            assertThat(cluster.awaitHealthy()).isEqualTo(cluster.member("pg1"));
            try (Writers writers = Writers.start(cluster.writer())) {
                disk.fill();

                Member now = cluster.awaitPrimaryOf(cluster.others(cluster.member("pg1")));
                writers.awaitProgress();
                Await.until(
                        "the old primary says that it has no room",
                        () -> {
                            // What PostgreSQL gave back when it ended.
                            disk.fill();
                            return cluster.member("pg1")
                                    .patroni()
                                    .path("holdfast")
                                    .path("unwell")
                                    .asText()
                                    .contains("nothing can be written");
                        });
                assertThat(keptAside(cluster.member("pg1")))
                        .as("nothing was rewound or copied on a full disk")
                        .isEmpty();

                disk.empty();
                assertThat(cluster.awaitHealthy()).isEqualTo(now);
                writers.awaitProgress();
                writers.stop();
                Writers.Verdict verdict = writers.check(now);
                assertThat(verdict.lost()).isEmpty();
                assertThat(verdict.doubled()).isEmpty();
            }
        }
    }

    private static List<String> keptAside(Member member) throws IOException {
        try (Stream<Path> beside = Files.list(member.directory())) {
            return beside.map(path -> path.getFileName().toString())
                    .filter(name -> name.matches("data\\.\\d.*"))
                    .toList();
        }
    }
}
