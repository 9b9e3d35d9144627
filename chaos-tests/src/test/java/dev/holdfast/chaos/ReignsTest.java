package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Two servers that accepted writes at once are told from two that followed each other. */
final class ReignsTest {
    private static final int A = 5001;
    private static final int B = 5002;

    @Test
    void aHandOverIsNoOverlap() {
        assertThat(
                        Reigns.overlaps(
                                List.of(row(A, 1, 10, 20), row(A, 1, 30, 40), row(B, 2, 50, 60))))
                .isEmpty();
    }

    @Test
    void whatWasOnItsWayWhileTheOtherBeganMayHaveBeenAcceptedBefore() {
        assertThat(
                        Reigns.overlaps(
                                List.of(row(A, 1, 10, 20), row(A, 1, 30, 99), row(B, 2, 50, 60))))
                .isEmpty();
    }

    @Test
    void thereAndBackIsNoOverlapSinceTheTimelineIsAnother() {
        assertThat(
                        Reigns.overlaps(
                                List.of(
                                        row(A, 1, 10, 20),
                                        row(B, 2, 30, 40),
                                        row(A, 3, 50, 60),
                                        row(A, 3, 70, 80))))
                .isEmpty();
    }

    @Test
    void aWriteAfterTheOthersFirstOneIsAnOverlap() {
        List<Reigns.Overlap> found =
                Reigns.overlaps(
                        List.of(
                                row(A, 1, 10, 20),
                                row(B, 2, 30, 40),
                                row(A, 1, 50, 60),
                                row(B, 2, 70, 80)));

        assertThat(found)
                .singleElement()
                .satisfies(overlap -> {
                    assertThat(overlap.instants()).isEqualTo(2);
                    assertThat(overlap.length().toNanos()).isEqualTo(10);
                });
    }

    @Test
    void soAreTwoOnOneTimeline() {
        assertThat(
                        Reigns.overlaps(
                                List.of(
                                        row(A, 1, 10, 20),
                                        row(B, 1, 15, 25),
                                        row(A, 1, 30, 40),
                                        row(B, 1, 35, 45))))
                .hasSize(1);
    }

    private static Acknowledged row(int port, long timeline, long sentNanos, long nanos) {
        Client client = new Client(1, Address.here(port), Client.Route.DIRECT_LOCAL);
        return new Acknowledged(client, sentNanos, port, timeline, 0, sentNanos, nanos);
    }
}
