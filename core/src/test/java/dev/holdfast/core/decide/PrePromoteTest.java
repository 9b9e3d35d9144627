package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.leaseOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The operator's program has its say before each promotion, and can only hold up its own member.
 */
class PrePromoteTest {
    private static final Action.PrePromote QUESTION = new Action.PrePromote(new Epoch(200));

    private static Situation newLeader() {
        return Situation.ofNewLeader().asksBeforePromotion();
    }

    private static boolean has(Situation situation, Class<? extends Action> kind) {
        return situation.decide().actions().stream().anyMatch(kind::isInstance);
    }

    @Test
    void itIsAskedBeforeAnythingElseIsDoneForThePromotion() {
        Decision decision = newLeader().decide();
        assertThat(decision.reason().code()).isEqualTo(Reason.Code.LEAD_PRE_PROMOTE);
        assertThat(decision.actions()).containsExactly(QUESTION);
        assertThat(has(Situation.ofNewLeader(), Action.PrePromote.class)).isFalse();
    }

    @Test
    void notEvenTheGuardIsArmedWhileTheProofIsOnItsWay() {
        Situation unproved = newLeader().noLeaderLease();
        assertThat(unproved.decide().reason().code()).isEqualTo(Reason.Code.LEAD_CONFIRM);
        assertThat(unproved.decide().actions()).isEmpty();
    }

    @Test
    void itsConsentHoldsForTheEpochThatItWasAskedAbout() {
        assertThat(has(newLeader().done(QUESTION), Action.PrePromote.class)).isFalse();
        assertThat(has(newLeader().done(QUESTION), Action.PreparePromotion.class)).isTrue();
        assertThat(newLeader().done(new Action.PrePromote(new Epoch(150))).decide().actions())
                .containsExactly(QUESTION);
    }

    @Test
    void itsRefusalGivesTheLeaseBackAtOnce() {
        Situation refused = newLeader().failed(QUESTION, "pre_promote ended with status 1");
        Decision decision = refused.decide();
        assertThat(decision.reason().sentence()).contains("pre_promote ended with status 1");
        assertThat(decision.actions()).hasAtLeastOneElementOfType(Action.ReleaseLeader.class);
        assertThat(has(refused, Action.Promote.class)).isFalse();
    }

    @Test
    void afterARefusalTheOthersGoFirstForOneTtl() {
        Situation refused =
                Situation.ofFailover()
                        .asksBeforePromotion()
                        .sync(PG1, Values.PG2, PG3)
                        .failed(QUESTION, "pre_promote ended with status 1");
        assertThat(refused.decide().reason().code()).isEqualTo(Reason.Code.RACE_PRE_PROMOTE);
        assertThat(refused.freshAt(at(9_900)).decide().reason().code())
                .isEqualTo(Reason.Code.RACE_PRE_PROMOTE);
        assertThat(refused.freshAt(at(10_100)).decide().reason().code())
                .isNotEqualTo(Reason.Code.RACE_PRE_PROMOTE);
    }

    @Test
    void whereNobodyElseMayLeadItIsAskedAgain() {
        Situation alone =
                Situation.ofFailover()
                        .asksBeforePromotion()
                        .without(PG3)
                        .failed(QUESTION, "pre_promote ended with status 1");
        assertThat(alone.decide().reason().code()).isNotEqualTo(Reason.Code.RACE_PRE_PROMOTE);
    }

    @Test
    void itIsEndedWhenTheLeaseIsLost() {
        assertThat(has(newLeader().running(QUESTION), Action.Cancel.class)).isFalse();
        assertThat(has(newLeader().running(QUESTION).shutdown(), Action.Cancel.class)).isTrue();
        assertThat(has(newLeader().running(QUESTION).leader(PG3, 300), Action.Cancel.class))
                .isTrue();
        assertThat(has(newLeader().running(QUESTION).noLeader(), Action.Cancel.class)).isTrue();
    }

    @Test
    void aRestoreOutOfABackupIsForThoseWhoHaveNobodyElse() {
        Situation lost =
                Situation.ofNewMember()
                        .initialize(Optional.of(Values.SYSTEM), Optional.empty())
                        .now(at(100));
        assertThat(has(lost, Action.Restore.class)).isFalse();
        assertThat(has(lost.canRestore(), Action.Restore.class)).isTrue();
        assertThat(
                        has(
                                Situation.ofNewMember()
                                        .initialize(Optional.empty(), Optional.of(leaseOf(PG3)))
                                        .canRestore(),
                                Action.Restore.class))
                .as("another member makes the cluster")
                .isFalse();
        assertThat(
                        has(
                                Situation.ofAsyncStandby()
                                        .leaderDied()
                                        .stopped()
                                        .data(
                                                new dev.holdfast.core.postgres.DataDirectory
                                                        .Missing())
                                        .canRestore(),
                                Action.Restore.class))
                .as("another member has the data")
                .isFalse();
    }
}
