package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.leaseOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.SyncState;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S2 and S3 on a store that was restored from a backup. */
class RestoredStoreTest {
    /** In the situations the key epoch is at 100, and sync at 50. */
    private static final KnownStore SAME = new KnownStore(1, 100, 0, 50);

    private static final KnownStore LATER_LEADER = new KnownStore(1, 300, 0, 50);
    private static final KnownStore LATER_SYNC = new KnownStore(1, 100, 0, 90);

    private static ClusterView view(Situation situation) {
        return situation.observe().cluster().orElseThrow();
    }

    private static ClusterView generation(int generation) {
        return view(
                Situation.ofFailover()
                        .epochRecord(
                                new EpochRecord(
                                        PG1, leaseOf(PG1), false, Optional.empty(), generation),
                                100));
    }

    private static boolean takesKey(Situation situation) {
        return situation.decide().actions().stream()
                .anyMatch(Action.CreateLeader.class::isInstance);
    }

    private static Reason.Code reason(Situation situation) {
        return situation.decide().reason().code();
    }

    @Test
    void nobodyTakesTheKeyWhoHasSeenALaterLeaderOrSyncSet() {
        assertThat(takesKey(Situation.ofFailover().knows(SAME))).isTrue();
        assertThat(takesKey(Situation.ofFailover().knows(LATER_LEADER))).isFalse();
        assertThat(takesKey(Situation.ofFailover().knows(LATER_SYNC))).isFalse();
        assertThat(takesKey(Situation.ofFailover().knows(new KnownStore(2, 10, 0, 10)))).isFalse();
    }

    @Test
    void whatAnotherMemberHasSeenCountsToo() {
        Situation told = Situation.ofFailover().knows(SAME).storeOf(PG3, MemberRecord.Store.OLDER);
        assertThat(takesKey(told)).isFalse();
        assertThat(told.decide().reason().sentence()).contains("pg3");
    }

    @Test
    void whoIsMadeLeaderByARestoredKeyPromotesNothing() {
        Situation made = Situation.ofNewLeader().knows(new KnownStore(1, 300, 0, 50));
        assertThat(made.decide().actions()).isEmpty();
        assertThat(reason(made)).isEqualTo(Reason.Code.STORE_OLDER);
        assertThat(reason(Situation.ofNewLeader().knows(new KnownStore(1, 200, 0, 50))))
                .isNotEqualTo(Reason.Code.STORE_OLDER);
    }

    @Test
    void nobodyFollowsALeaderThatWasReplacedBefore() {
        Situation replaced = Situation.ofSyncStandby().knows(LATER_LEADER);
        assertThat(replaced.decide().actions()).isEmpty();
        assertThat(reason(replaced)).isEqualTo(Reason.Code.STORE_OLDER);
        assertThat(reason(Situation.ofSyncStandby().knows(LATER_SYNC)))
                .isNotEqualTo(Reason.Code.STORE_OLDER);
    }

    @Test
    void theLeaderThatWasGoesOn() {
        assertThat(reason(Situation.ofPrimary().knows(LATER_SYNC))).isEqualTo(Reason.Code.LEAD);
    }

    @Test
    void inAPauseAPrimaryTakesNoKeyByIt() {
        assertThat(takesKey(Situation.ofPrimary().paused().noLeader().noLeaderLease().knows(SAME)))
                .isTrue();
        assertThat(
                        takesKey(
                                Situation.ofPrimary()
                                        .paused()
                                        .noLeader()
                                        .noLeaderLease()
                                        .knows(LATER_LEADER)))
                .isFalse();
    }

    @Test
    void theNewestThatWasSeenIsKnownAndWhatIsOlderChangesNothing() {
        ClusterView shown = generation(1);
        assertThat(KnownStore.NONE.seeing(shown, Optional.empty())).isEqualTo(SAME);
        assertThat(SAME.seeing(shown, Optional.of(shown))).isEqualTo(SAME);
        assertThat(LATER_LEADER.seeing(shown, Optional.empty())).isEqualTo(LATER_LEADER);
        assertThat(LATER_SYNC.seeing(shown, Optional.empty())).isEqualTo(LATER_SYNC);
    }

    @Test
    void keysThatWereRemovedByHandMakeWayForANewGeneration() {
        ClusterView removed = view(Situation.ofFailover().noEpochRecord());
        KnownStore known = LATER_LEADER.seeing(removed, Optional.empty());
        assertThat(known).isEqualTo(new KnownStore(1, 0, 0, 0));
        assertThat(known.isAheadOf(removed)).isFalse();
        assertThat(known.isAheadOf(generation(2))).isFalse();
        assertThat(LATER_LEADER.isAheadOf(generation(2))).isFalse();
        assertThat(LATER_LEADER.seeing(generation(2), Optional.empty()))
                .isEqualTo(new KnownStore(2, 100, 0, 50));
    }

    @Test
    void theLeaderThatWasPutsTheSyncSetRightForAll() {
        ClusterView restored = view(Situation.ofSyncStandby());
        ClusterView righted =
                view(Situation.ofSyncStandby().sync(SyncState.of(PG1, java.util.List.of(PG2)), 60));
        assertThat(LATER_SYNC.isAheadOf(righted)).isTrue();
        KnownStore known = LATER_SYNC.seeing(righted, Optional.of(restored));
        assertThat(known).isEqualTo(new KnownStore(1, 100, 0, 60));
        assertThat(LATER_LEADER.seeing(righted, Optional.of(restored))).isEqualTo(LATER_LEADER);
    }
}
