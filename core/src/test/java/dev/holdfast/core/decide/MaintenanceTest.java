package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.upstreamOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.core.cluster.MemberSettings.Recovery;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Slot;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What an operator decides about a member holds until he takes it back. */
class MaintenanceTest {
    private static final MemberSettings LEFT_ALONE = MemberSettings.USUAL.with(Recovery.BY_ORDER);
    private static final MemberSettings OUT = MemberSettings.USUAL.with(Duty.STANDBY);
    private static final MemberSettings STOPPED = MemberSettings.USUAL.with(Duty.STOPPED);

    private static final Orders REINITIALIZE =
            Orders.NONE.withReinitialize(
                    Optional.of(new Orders.Reinitialize(Values.START, Orders.CopyOf.LEADER)));

    /** A former primary whose history the leader has contradicted. */
    private static Situation needsRewind() {
        return Catalogue.oldPrimary(State.IN_PRODUCTION)
                .source(second(HERE), Situation.Promoted.YES);
    }

    private static List<Situation> needRepair() {
        return List.of(
                needsRewind(),
                needsRewind().failed(new Action.Rewind(upstreamOf(PG2)), "no route to host"),
                needsRewind().config(ConfigParts::withoutRewind),
                needsRewind().data(new DataDirectory.Broken("half a base backup")),
                needsRewind().data(new DataDirectory.Missing()));
    }

    @Test
    void whereRecoveryIsSwitchedOffNothingIsRewoundOrCopiedAndItSaysSo() {
        for (Situation situation : needRepair()) {
            assertThat(situation.decide().actions()).isNotEmpty();
            Decision decision = situation.settings(PG1, LEFT_ALONE).decide();
            assertThat(decision.actions()).isEmpty();
            assertThat(decision.reason().code()).isEqualTo(Reason.Code.REJOIN_OFF);
        }
    }

    @Test
    void itIsAboutThatMemberAlone() {
        assertThat(needsRewind().settings(PG3, LEFT_ALONE).decide().actions())
                .containsExactly(new Action.Rewind(upstreamOf(PG2)));
    }

    @Test
    void whatNeedsNoRepairComesBackAllTheSame() {
        Situation clean = Situation.ofSyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY);
        assertThat(clean.settings(PG2, LEFT_ALONE).decide().actions())
                .anyMatch(Action.StartStandby.class::isInstance);
    }

    @Test
    void aCopyThatIsOrderedIsMade() {
        assertThat(needsRewind().settings(PG1, LEFT_ALONE).orders(REINITIALIZE).decide().actions())
                .containsExactly(new Action.Clone(upstreamOf(PG2), List.of(), "reinitialize"));
    }

    /** What it is copied from may have less than it has confirmed, and then it would lead by it. */
    @Test
    void whoStandsInSyncIsNotCopiedFromABackupNorFromAnotherStandby() {
        Situation entitled = needsRewind().sync(PG2, PG1).orders(REINITIALIZE);
        Action fromLeader =
                new Action.Clone(upstreamOf(PG2), List.of("basebackup"), "reinitialize");
        assertThat(entitled.decide().actions())
                .as("the leader has all that it promised")
                .containsExactly(fromLeader);
        Situation backups = entitled.canRestore();
        assertThat(backups.decide().reason().code()).isEqualTo(Reason.Code.CLONE_WAIT);
        assertThat(backups.decide().actions()).isEmpty();
        assertThat(backups.config(ConfigParts::strict).decide().actions())
                .as("a strict leader keeps it in /sync")
                .containsExactly(fromLeader);
    }

    @Test
    void aMemberThatIsOutIsNoCandidateNorSynchronousNorShownToBalancers() {
        Observation out = Situation.ofFailover().settings(PG2, OUT).observe();
        assertThat(out.self().tags().noFailover()).isTrue();
        assertThat(out.self().tags().noSync()).isTrue();
        assertThat(out.self().tags().noLoadBalance()).isTrue();
        assertThat(Decide.decide(out).reason().code()).isEqualTo(Reason.Code.RACE_NOT_FIT);
        assertThat(Situation.ofFailover().settings(PG3, OUT).decide().actions())
                .anyMatch(Action.CreateLeader.class::isInstance);
    }

    @Test
    void aLeaderThatIsOutHandsOverByAPlannedSwitchoverIfSomebodyIsFit() {
        Decision handsOver = Situation.ofPrimary().settings(PG1, OUT).decide();
        assertThat(handsOver.reason().code().text()).startsWith("switchover.");
        assertThat(handsOver.memory().switchover()).isPresent();

        Decision stays =
                Situation.ofPrimary().memberTag(PG2, "nofailover").settings(PG1, OUT).decide();
        assertThat(stays.reason().code()).isEqualTo(Reason.Code.LEAD);
        assertThat(stays.service()).isEqualTo(Decision.Service.OPEN);
    }

    @Test
    void thePostgresqlOfOneThatIsOutIsStoppedOnlyWhileTheClusterCanDoWithoutIt() {
        Decision spare = Situation.ofAsyncStandby().settings(PG3, STOPPED).decide();
        assertThat(spare.actions()).singleElement().isInstanceOf(Action.Stop.class);

        assertThat(Situation.ofSyncStandby().settings(PG2, STOPPED).decide().actions())
                .as("commits wait for it")
                .noneMatch(Action.Stop.class::isInstance);
        assertThat(
                        Situation.ofAsyncStandby()
                                .leaderDied()
                                .settings(PG3, STOPPED)
                                .decide()
                                .actions())
                .as("nobody leads")
                .noneMatch(Action.Stop.class::isInstance);
        assertThat(Situation.ofPrimary().settings(PG1, STOPPED).decide().reason().code().text())
                .as("the leader hands over")
                .startsWith("switchover.");
    }

    @Test
    void itStaysDownUntilItIsTakenInAgain() {
        for (Situation each :
                List.of(
                        Situation.ofAsyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY),
                        Situation.ofAsyncStandby()
                                .leaderDied()
                                .stopped(State.SHUT_DOWN_IN_RECOVERY))) {
            assertThat(each.decide().actions()).anyMatch(Action.StartStandby.class::isInstance);
            Decision decision = each.settings(PG3, STOPPED).decide();
            assertThat(decision.reason().code()).isEqualTo(Reason.Code.MAINTENANCE_STOPPED);
            assertThat(decision.actions()).isEmpty();
        }
    }

    @Test
    void theSlotsOfAMemberThatHasLeftForGoodAreDroppedOnceItIsGone() {
        MemberSettings removed = MemberSettings.USUAL.with(Duty.REMOVED);
        Action.DropSlots dropped = new Action.DropSlots(new TreeSet<>(List.of("pg3")));
        Slot left = Slot.physical("pg3", false, Optional.of(HERE));
        Slot operators = Slot.physical("archive", false, Optional.of(HERE));

        Situation primary = Situation.ofPrimary().without(PG3);
        assertThat(primary.slots(left, operators).decide().actions())
                .noneMatch(Action.DropSlots.class::isInstance);
        assertThat(primary.settings(PG3, removed).decide().actions()).contains(dropped);
        assertThat(Situation.ofPrimary().slots(left).settings(PG3, removed).decide().actions())
                .as("its agent runs again")
                .noneMatch(Action.DropSlots.class::isInstance);
        assertThat(
                        Situation.ofSyncStandby()
                                .without(PG3)
                                .slots(Slot.physical("pg3", false, Optional.empty()))
                                .settings(PG3, removed)
                                .decide()
                                .actions())
                .contains(dropped);
    }

    @Test
    void theLeaderForgetsThatItWasAMember() {
        SlotStatus kept = new SlotStatus(new TreeMap<>(), new TreeSet<>(List.of("pg1", "pg3")));
        Situation gone = Situation.ofPrimary().without(PG3).slots(kept);
        assertThat(gone.decide().memory().slots().seen()).containsKey("pg3");
        assertThat(SlotOwners.isOutdated(gone.observe().cluster().orElseThrow())).isFalse();

        Situation removed = gone.settings(PG3, MemberSettings.USUAL.with(Duty.REMOVED));
        assertThat(removed.decide().memory().slots().seen()).doesNotContainKey("pg3");
        assertThat(SlotOwners.isOutdated(removed.observe().cluster().orElseThrow())).isTrue();
    }

    @Test
    void inAPauseNothingIsDoneAboutIt() {
        assertThat(Situation.ofPrimary().paused().settings(PG1, OUT).decide().actions()).isEmpty();
        assertThat(Situation.ofAsyncStandby().paused().settings(PG3, STOPPED).decide().actions())
                .isEmpty();
    }
}
