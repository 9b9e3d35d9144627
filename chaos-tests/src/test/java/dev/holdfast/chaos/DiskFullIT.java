package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** No room is left on the primary's disk, and there is some on a standby's. */
final class DiskFullIT {
    private static final String ROOM = "size=400m";

    @Test
    void aStandbyWithRoomTakesOverAndTheOldPrimaryComesBackWhenThereIsRoom() throws IOException {
        Assumptions.assumeTrue(
                "root".equals(System.getProperty("user.name")),
                "a file system of its own needs root");
        try (TestCluster cluster = TestCluster.prepare(ClusterPlan.usual());
                SmallDisk disk = SmallDisk.of(cluster, cluster.member("pg1"))) {
            cluster.member("pg1").startAgent();
            assertThat(cluster.awaitPrimary()).isEqualTo(cluster.member("pg1"));
            cluster.members().forEach(Member::startAgent);
            cluster.awaitHealthy();
            try (Writers writers = Writers.start(cluster.writerPort())) {
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

    /** A member's directory on a file system of its own. */
    private record SmallDisk(Path directory) implements AutoCloseable {
        static SmallDisk of(TestCluster cluster, Member member) throws IOException {
            String file = Files.readString(member.yamlFile());
            run(
                    List.of(
                            "mount",
                            "-t",
                            "tmpfs",
                            "-o",
                            ROOM,
                            "tmpfs",
                            member.directory().toString()));
            Files.createDirectories(member.directory().resolve("run"));
            member.writeFile(file);
            assertThat(cluster.members()).contains(member);
            return new SmallDisk(member.directory());
        }

        void fill() throws IOException {
            ByteBuffer block = ByteBuffer.allocate(1 << 16);
            try (FileChannel ballast =
                    FileChannel.open(
                            ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                while (true) {
                    ballast.write(block.clear());
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("No space left");
            }
        }

        void empty() throws IOException {
            Files.deleteIfExists(ballast());
        }

        private Path ballast() {
            return directory.resolve("ballast");
        }

        @Override
        public void close() throws IOException {
            // Lazily: the agent's last files may still be open.
            run(List.of("umount", "-l", directory.toString()));
        }

        private static void run(List<String> command) throws IOException {
            try {
                Process process = new ProcessBuilder(command).inheritIO().start();
                assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while " + command + " ran", e);
            }
        }
    }
}
