package dev.holdfast.core.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.decide.QuorumModel.Goal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The sequences of the quorum mode, of each size up to five, interrupted at every step: whoever may
 * have confirmed a commit meets whoever may elect.
 */
class QuorumSetTest {
    /** No sequence is longer. */
    private static final int LONGEST = 32;

    private static int length(Goal before, Goal after) {
        QuorumModel model = new QuorumModel(before);
        model.converge();
        model.goal(after);
        return model.converge();
    }

    /** So many stay, go and come. */
    private record Change(int staying, int going, int coming) {
        int before() {
            return ((1 << staying) - 1) | (((1 << going) - 1) << staying);
        }

        int after() {
            return ((1 << staying) - 1) | (((1 << coming) - 1) << (staying + going));
        }
    }

    private static List<Change> changes(int most) {
        List<Change> changes = new ArrayList<>();
        for (int staying = 0; staying <= most; staying++) {
            for (int going = 0; staying + going <= most; going++) {
                for (int coming = 0; staying + going + coming <= most; coming++) {
                    if (staying + going > 0 && staying + coming > 0) {
                        changes.add(new Change(staying, going, coming));
                    }
                }
            }
        }
        return changes;
    }

    private static List<Goal> goals(int streaming) {
        List<Goal> goals = new ArrayList<>();
        for (int count = 1; count <= Integer.bitCount(streaming); count++) {
            goals.add(new Goal(SyncMode.QUORUM, count, streaming));
            goals.add(new Goal(SyncMode.ON, count, streaming));
        }
        return goals;
    }

    private static void everySequence(int most, SequenceTest test) {
        changes(most).parallelStream()
                .forEach(change -> {
                    for (Goal before : goals(change.before())) {
                        for (Goal after : goals(change.after())) {
                            if (before.mode() == SyncMode.QUORUM
                                    || after.mode() == SyncMode.QUORUM) {
                                test.run(before, after);
                            }
                        }
                    }
                });
    }

    private interface SequenceTest {
        void run(Goal before, Goal after);
    }

    @Test
    void everySequenceEnds() {
        everySequence(
                QuorumModel.MOST,
                (before, after) -> assertThat(length(before, after)).isLessThan(LONGEST));
    }

    @Test
    void everySequenceMayBeInterruptedByAnotherAgent() {
        everySequence(
                QuorumModel.MOST,
                (before, after) ->
                        interruptedEverywhere(
                                before,
                                after,
                                List.of(
                                        // What was decided last happens, and nobody learns of it.
                                        m -> {
                                            m.executeAll();
                                            m.restartAgent();
                                        },
                                        QuorumModel::restartAgent)));
    }

    @Test
    void everySequenceMayBeInterruptedByAnotherWish() {
        everySequence(
                3,
                (before, after) -> {
                    List<Consumer<QuorumModel>> wishes = new ArrayList<>();
                    int all = before.streaming() | after.streaming();
                    for (int streaming = 1; streaming <= all; streaming++) {
                        if ((streaming & all) == streaming) {
                            for (Goal other : goals(streaming)) {
                                wishes.add(m -> m.goal(other));
                            }
                        }
                    }
                    interruptedEverywhere(before, after, wishes);
                });
    }

    /** A write of {@code /sync} that was given up is executed any number of steps later. */
    @Test
    void noWriteThatComesLateHarms() {
        everySequence(
                3,
                (before, after) -> {
                    int length = length(before, after);
                    for (int at = 0; at <= length; at++) {
                        for (int later = 0; later < 8; later++) {
                            QuorumModel model = begun(before, after, at);
                            model.decide();
                            model.restartAgent();
                            IntStream.range(0, later).forEach(_ -> model.step());
                            model.executeAll();
                            model.converge();
                        }
                    }
                });
    }

    @Test
    void theLeaderMayBeLostAtEveryStepAndAnyVoterElected() {
        everySequence(
                QuorumModel.MOST,
                (before, after) -> {
                    QuorumModel model = new QuorumModel(before);
                    model.converge();
                    model.goal(after);
                    int length = length(before, after);
                    for (int i = 0; i <= length; i++) {
                        model.checkElections();
                        model.decide();
                        model.checkElections();
                        model.step();
                    }
                });
    }

    @Test
    void whoeverIsElectedAtAnyStepComesToWhatIsWanted() {
        everySequence(
                3,
                (before, after) -> {
                    int length = length(before, after);
                    for (int at = 0; at <= length; at++) {
                        for (MemberName next : begun(before, after, at).sync().standbys()) {
                            QuorumModel model = begun(before, after, at);
                            model.decide();
                            int living = before.streaming() | after.streaming();
                            model.elect(next, QuorumModel.without(living, next));
                            if (living != QuorumModel.only(next)) {
                                model.converge();
                            }
                        }
                    }
                });
    }

    private static QuorumModel begun(Goal before, Goal after, int steps) {
        QuorumModel model = new QuorumModel(before);
        model.converge();
        model.goal(after);
        IntStream.range(0, steps).forEach(_ -> model.step());
        return model;
    }

    private static void interruptedEverywhere(
            Goal before, Goal after, List<Consumer<QuorumModel>> interruptions) {
        int length = length(before, after);
        for (Consumer<QuorumModel> interruption : interruptions) {
            for (int at = 0; at <= length; at++) {
                QuorumModel model = begun(before, after, at);
                model.decide();
                interruption.accept(model);
                model.converge();
            }
        }
    }
}
