package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** When {@code /sync} named a standby for sure. */
final class SyncSeenTest {
    private static final SyncSeen SEEN =
            new SyncSeen(
                    List.of(
                            sample(0, "pg2"),
                            sample(10_000, Recorder.NOBODY),
                            sample(20_000, "pg3"),
                            sample(30_000, ""),
                            sample(31_000, "pg3, pg1")));

    @Test
    void itNamesOneBetweenTwoLooksThatBothSawOne() {
        assertThat(named(5_000)).isTrue();
        assertThat(named(25_000)).isTrue();
        assertThat(named(40_000)).isTrue();
    }

    @Test
    void itMayNameNobodyAnyMoreBeforeThatIsSeenAndStillWhenOneIs() {
        assertThat(named(8_900)).isTrue();
        assertThat(named(9_100)).isFalse();
        assertThat(named(15_000)).isFalse();
        assertThat(named(20_200)).isFalse();
        assertThat(named(20_400)).isTrue();
    }

    @Test
    void whatCouldNotBeAskedNamesNobody() {
        assertThat(named(30_500)).isFalse();
        assertThat(named(-1_000)).as("before the first look").isFalse();
    }

    private static boolean named(long millis) {
        return SEEN.namedAt(millis * 1_000_000);
    }

    private static Recorder.Sample sample(long millis, String what) {
        return new Recorder.Sample(millis * 1_000_000, what);
    }
}
