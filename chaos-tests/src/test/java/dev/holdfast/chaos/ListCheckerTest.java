package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.chaos.ListChecker.Anomaly;
import dev.holdfast.chaos.ListChecker.Kind;
import dev.holdfast.chaos.ListHistory.Port;
import dev.holdfast.chaos.ListHistory.Result;
import dev.holdfast.chaos.ListHistory.Step;
import dev.holdfast.chaos.ListHistory.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Histories that are as they should be pass, and those that may not be are told apart. */
final class ListCheckerTest {
    private final List<Transaction> transactions = new ArrayList<>();
    private final TreeMap<Integer, List<Long>> last = new TreeMap<>();

    @Test
    void oneAfterTheOtherIsFine() {
        did(1, 0, 10, append(1, 11));
        did(2, 20, 30, read(1, 11), append(1, 12));
        did(3, 40, 50, read(1, 11, 12), read(2));
        end(1, 11, 12);

        assertThat(kinds()).isEmpty();
    }

    @Test
    void atTheSameTimeAReadMayShowEither() {
        did(1, 0, 100, append(1, 11));
        did(2, 10, 90, read(1));
        did(3, 10, 90, read(1, 11));
        end(1, 11);

        assertThat(kinds()).isEmpty();
    }

    @Test
    void whatWasNotAcknowledgedMayBeThereOrNot() {
        did(Result.UNKNOWN, 1, 0, 10, append(1, 11));
        did(Result.UNKNOWN, 2, 20, 30, append(1, 12));
        end(1, 12);

        assertThat(kinds()).isEmpty();
    }

    @Test
    void anAcknowledgedAppendThatIsGoneIsLost() {
        did(1, 0, 10, append(1, 11));
        did(2, 20, 30, append(1, 12));
        end(1, 12);

        assertThat(kinds()).containsExactly(Kind.LOST);
    }

    @Test
    void whatThePrimaryShowedAndIsGoneIsLostThoughNobodyWasToldThatItIsKept() {
        did(Result.UNKNOWN, 1, 0, 10, append(1, 11));
        did(2, 20, 30, read(1, 11));
        end(1);

        assertThat(kinds()).contains(Kind.LOST);
    }

    @Test
    void aReplicaMayShowWhatNobodyWasToldIsKept() {
        did(Result.UNKNOWN, 1, 0, 10, append(1, 11));
        did(2, 20, 30, append(1, 12));
        onReplica(3, 40, 50, read(1, 11));
        end(1, 12);

        assertThat(kinds()).isEmpty();
    }

    @Test
    void twiceInTheEndIsDuplicated() {
        did(1, 0, 10, append(1, 11));
        end(1, 11, 11);

        assertThat(kinds()).contains(Kind.DUPLICATED);
    }

    @Test
    void anotherOrderThanInTheEndIsReordered() {
        did(1, 0, 100, append(1, 11));
        did(2, 0, 100, append(1, 12));
        did(3, 0, 100, read(1, 12, 11));
        end(1, 11, 12);

        assertThat(kinds()).contains(Kind.REORDERED);
    }

    @Test
    void aGapInWhatAReplicaShowsIsReordered() {
        did(1, 0, 10, append(1, 11));
        did(2, 20, 30, append(1, 12));
        onReplica(3, 40, 50, read(1, 12));
        end(1, 11, 12);

        assertThat(kinds()).containsExactly(Kind.REORDERED);
    }

    @Test
    void whatWasRefusedMayNotBeThere() {
        did(Result.REFUSED, 1, 0, 10, append(1, 11));
        end(1, 11);

        assertThat(kinds()).containsExactly(Kind.FROM_NOWHERE);
    }

    @Test
    void whatNobodyAppendedMayNotBeThere() {
        did(1, 0, 10, read(1, 99));
        end(1, 99);

        assertThat(kinds()).contains(Kind.FROM_NOWHERE);
    }

    @Test
    void lessThanWasAcknowledgedBeforeIsStale() {
        did(1, 0, 10, append(1, 11));
        did(2, 20, 30, read(1));
        end(1, 11);

        assertThat(kinds()).contains(Kind.STALE);
    }

    @Test
    void lessThanWasReadBeforeIsStale() {
        did(Result.UNKNOWN, 1, 0, 10, append(1, 11));
        did(2, 20, 30, read(1, 11));
        did(3, 40, 50, read(1));
        end(1, 11);

        assertThat(kinds()).contains(Kind.STALE);
    }

    @Test
    void aReplicaMayBeLate() {
        did(1, 0, 10, append(1, 11));
        did(2, 20, 30, append(1, 12));
        onReplica(3, 40, 50, read(1, 11));
        onReplica(4, 60, 70, read(1));
        end(1, 11, 12);

        assertThat(kinds()).isEmpty();
    }

    /**
     * Each read before the other wrote: whichever had come first, the second would have seen it.
     */
    @Test
    void aWriteSkewIsNotSerializable() {
        did(1, 0, 100, read(2), append(1, 11));
        did(2, 0, 100, read(1), append(2, 21));
        end(1, 11);
        end(2, 21);

        assertThat(kinds()).containsExactly(Kind.NOT_SERIALIZABLE);
    }

    @Test
    void aCircleOfThreeIsFoundAmongManyThatAreNone() {
        did(1, 0, 100, read(3), append(1, 11));
        did(2, 0, 100, read(1), append(2, 21));
        did(3, 0, 100, read(2), append(3, 31));
        end(1, 11);
        end(2, 21);
        end(3, 31);
        List<Long> others = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            others.add(100L + i);
            did(100 + i, 200 + 2L * i, 201 + 2L * i, append(4, 100 + i));
        }
        last.put(4, others);

        List<Anomaly> found = ListChecker.check(new ListHistory(transactions, last));

        assertThat(found).hasSize(1);
        assertThat(found.getFirst().what()).contains("[1, 2, 3]");
    }

    private List<Kind> kinds() {
        return ListChecker.check(new ListHistory(transactions, last)).stream()
                .map(Anomaly::kind)
                .toList();
    }

    private void did(long number, long began, long ended, Step... steps) {
        did(Result.ACKNOWLEDGED, number, began, ended, steps);
    }

    private void did(Result result, long number, long began, long ended, Step... steps) {
        transactions.add(
                new Transaction(number, Port.WRITER, began, ended, result, List.of(steps)));
    }

    private void onReplica(long number, long began, long ended, Step... steps) {
        transactions.add(
                new Transaction(
                        number, Port.READER, began, ended, Result.ACKNOWLEDGED, List.of(steps)));
    }

    private static Step append(int list, long element) {
        return new Step.Append(list, element);
    }

    private static Step read(int list, long... elements) {
        return new Step.Read(list, LongStream.of(elements).boxed().toList());
    }

    private void end(int list, long... elements) {
        last.put(list, LongStream.of(elements).boxed().toList());
    }
}
