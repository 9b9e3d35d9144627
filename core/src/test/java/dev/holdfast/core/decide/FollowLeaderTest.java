package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.standbyServer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.decide.FollowLeader.Wish;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Services run where a primary leads, and nowhere else. */
class FollowLeaderTest {
    private static Wish wish(Situation situation) {
        Observation o = situation.observe();
        return FollowLeader.of(o, Decide.decide(o));
    }

    @Test
    void theyRunOnAPrimaryThatLeads() {
        assertThat(wish(Situation.ofPrimary())).isEqualTo(Wish.RUN);
        assertThat(wish(Situation.ofPrimary().paused())).isEqualTo(Wish.RUN);
    }

    @Test
    void theyDoNotRunBeforeThePromotionNorOnAStandby() {
        assertThat(wish(Situation.ofNewLeader())).isEqualTo(Wish.STOP);
        assertThat(wish(Situation.ofSyncStandby())).isEqualTo(Wish.STOP);
        assertThat(wish(Situation.ofFailover())).isEqualTo(Wish.STOP);
    }

    @Test
    void theyAreStoppedWhenAHandOverBeginsOrTheAgentIsToEndWithItsServer() {
        assertThat(wish(Situation.ofPrimary().failoverRequest(Optional.of(PG1), Optional.of(PG2))))
                .isEqualTo(Wish.STOP);
        assertThat(wish(Situation.ofPrimary().shutdown())).isEqualTo(Wish.STOP);
    }

    @Test
    void aLeaderThatIsFencedOrReplacedRunsThemNoMore() {
        assertThat(wish(Situation.ofPrimary().now(Situation.SOFT_MILLIS + 1)))
                .as("the lease ran out")
                .isEqualTo(Wish.STOP);
        assertThat(wish(Situation.ofPrimary().leader(PG2, 200)))
                .as("another leads")
                .isEqualTo(Wish.STOP);
        assertThat(wish(Situation.ofPrimary().noLeader())).as("nobody leads").isEqualTo(Wish.STOP);
    }

    @Test
    void whatIsNotKnownOrPassesIsNoReasonToStopThem() {
        assertThat(wish(Situation.ofPrimary().unknownStore())).isEqualTo(Wish.LEAVE);
        assertThat(wish(Situation.ofPrimary().silent())).isEqualTo(Wish.LEAVE);
        assertThat(wish(Situation.ofPrimary().stopped()))
                .as("restarted in place")
                .isEqualTo(Wish.LEAVE);
    }

    @Test
    void anAgentThatHasJustBegunLeavesThemUntilItsLeaseIsConfirmed() {
        assertThat(wish(Situation.ofPrimary().noLeaderLease())).isEqualTo(Wish.LEAVE);
        assertThat(wish(Situation.ofPrimary().noLeaderLease().unprobed())).isEqualTo(Wish.LEAVE);
        assertThat(wish(Situation.ofPrimary().noLeaderLease().stopped()))
                .as("it was fenced meanwhile")
                .isEqualTo(Wish.STOP);
    }

    @Test
    void aStandbyUnderAnOwnLeaseIsNoPrimaryYet() {
        assertThat(wish(Situation.ofPrimary().server(standbyServer(HERE)))).isEqualTo(Wish.STOP);
    }
}
