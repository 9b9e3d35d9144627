package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a seed draws. */
final class PairTest {
    @Test
    void aSeedDrawsTheSameEachTime() {
        assertThat(Pair.of(42)).isEqualTo(Pair.of(42));
        assertThat(Pair.of(42)).isNotEqualTo(Pair.of(43));
    }

    @Test
    void theGuardIsNeverKilledWhereNobodyStartsItAgain() {
        Fault guard = new Fault.Killed(Fault.Part.GUARD);
        Fault agent = new Fault.Stopped(Fault.Part.AGENT);

        assertThat(pairs().map(PairTest::faults))
                .noneMatch(faults -> faults.contains(guard) && faults.contains(agent));
    }

    @Test
    void everyMemberIsSometimesTheVictim() {
        assertThat(pairs().flatMap(p -> Stream.of(p.first().victim(), p.second().victim())))
                .contains(0, 1, 2);
    }

    private static Stream<Pair> pairs() {
        return LongStream.range(0, 2000).mapToObj(Pair::of);
    }

    private static List<Fault> faults(Pair pair) {
        return List.of(pair.first().fault(), pair.second().fault());
    }
}
