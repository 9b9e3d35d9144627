package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.SYSTEM;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.standbyServer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.postgres.ControlData;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S3: who cannot show that it holds the lease and is entitled stays a standby and says why. */
class NoProofNoPromotionTest {
    private static boolean promotes(Situation situation) {
        return situation.decide().actions().stream().anyMatch(Action.Promote.class::isInstance);
    }

    private static boolean acquires(Situation situation) {
        return situation.decide().actions().stream()
                .anyMatch(Action.CreateLeader.class::isInstance);
    }

    @Test
    void everythingBeforeAPromotionShowsInTheFactsBeforeIt() {
        assertThat(Situation.ofNewLeader().decide().actions())
                .hasOnlyElementsOfTypes(Action.SetGuard.class, Action.PreparePromotion.class)
                .hasSize(2);
        assertThat(Situation.ofNewLeader().armed().decide().actions())
                .hasOnlyElementsOfType(Action.PreparePromotion.class);
        assertThat(promotes(Catalogue.prepared())).isTrue();
    }

    @Test
    void aLeaderKeyThatIsNotConfirmedPromotesNobody() {
        assertThat(promotes(Catalogue.prepared().noLeaderLease())).isFalse();
        assertThat(promotes(Catalogue.prepared().confirmed(199)))
                .as("confirmed at another epoch")
                .isFalse();
        assertThat(promotes(Catalogue.prepared().now(Situation.SOFT_MILLIS))).isFalse();
        assertThat(
                        promotes(
                                Catalogue.prepared()
                                        .now(Situation.SOFT_MILLIS - 1)
                                        .guard(new GuardFact.Mode.Armed(at(60_000)))))
                .isTrue();
    }

    @Test
    void aMemberWithoutTheWatchdogThatItNeedsDoesNotLead() {
        String why = "watchdog.mode is required, and this host has none that works";
        Decision race = Situation.ofFailover().barred(why).decide();
        assertThat(race.reason()).isEqualTo(new Reason(Reason.Code.RACE_WATCHDOG, why));
        assertThat(acquires(Situation.ofFailover())).as("but for the watchdog").isTrue();
        assertThat(promotes(Catalogue.prepared().barred(why))).isFalse();
        assertThat(Catalogue.prepared().barred(why).decide().reason().sentence()).startsWith(why);
        Situation ended = Situation.ofPrimary().stopped(ControlData.State.IN_PRODUCTION);
        assertThat(ended.decide().actions()).hasOnlyElementsOfType(Action.StartPrimary.class);
        assertThat(ended.barred(why).decide().reason())
                .isEqualTo(new Reason(Reason.Code.LEAD_RELEASE, why + ": giving the lease back"));
    }

    @Test
    void aLeaderWhoseWatchdogHasFailedHandsOverWhileItIsLetIfAnotherIsFit() {
        String why = "watchdog.mode is required, and this host has none that works";
        Decision handOver = Situation.ofPrimary().barred(why).decide();
        assertThat(handOver.actions()).contains(new Action.Checkpoint());
        assertThat(handOver.reason())
                .isEqualTo(
                        new Reason(
                                Reason.Code.SWITCHOVER_CHECKPOINT,
                                "a checkpoint is made before handing over to pg2, since " + why));
        assertThat(Situation.ofPrimary().decide().actions())
                .as("but for the watchdog")
                .doesNotContain(new Action.Checkpoint());
        assertThat(Situation.ofPrimary().sync(PG1).barred(why).decide().actions())
                .as("nobody is fit")
                .doesNotContain(new Action.Checkpoint());
    }

    @Test
    void aPromotionWaitsForItsClaimUnderThisEpoch() {
        Situation leader = Situation.ofNewLeader().armed().sync(PG2);
        assertThat(promotes(leader)).isFalse();
        assertThat(promotes(leader.claim(2, PG2, 199, Situation.Claim.UNOPENED))).isFalse();
        assertThat(promotes(leader.claim(3, PG2, 200, Situation.Claim.UNOPENED))).isFalse();
        assertThat(promotes(leader.claim(2, PG3, 200, Situation.Claim.UNOPENED))).isFalse();
        assertThat(promotes(leader.claim(2, PG2, 200, Situation.Claim.UNOPENED))).isTrue();
    }

    @Test
    void aPromotionWaitsForSyncToNameItsLeader() {
        Situation leader =
                Situation.ofNewLeader().armed().claim(2, PG2, 200, Situation.Claim.UNOPENED);
        assertThat(promotes(leader)).as("/sync still says pg1").isFalse();
        assertThat(promotes(leader.sync(PG2))).isTrue();
        assertThat(promotes(leader.sync(PG2, PG3)))
                .as("pg3 is in /sync, and its name is not enforced")
                .isFalse();
    }

    @Test
    void theClaimNamesTimelineMemberEpochAndPosition() {
        assertThat(Situation.ofNewLeader().armed().decide().actions())
                .containsExactly(
                        new Action.PreparePromotion(
                                new dev.holdfast.core.Epoch(200),
                                Optional.of(SyncState.of(PG2, List.of())),
                                50,
                                new TimelineClaim(
                                        new dev.holdfast.core.Timeline(2),
                                        PG2,
                                        new dev.holdfast.core.Epoch(200),
                                        HERE,
                                        false),
                                0));
    }

    @Test
    void aTimelineThatAnotherOpenedBarsThePromotion() {
        Situation overtaken =
                Situation.ofNewLeader().armed().claim(2, PG3, 150, Situation.Claim.OPENED);
        assertThat(promotes(overtaken)).isFalse();
        assertThat(acquires(Situation.ofFailover().claim(2, PG3, 90, Situation.Claim.OPENED)))
                .isFalse();
        assertThat(acquires(Situation.ofFailover().claim(1, PG1, 90, Situation.Claim.OPENED)))
                .isTrue();
    }

    @Test
    void aPausedPrimaryThatWasOvertakenDoesNotTakeTheFreeKey() {
        Situation running = Situation.ofPrimary().paused().noLeader().noLeaderLease();
        assertThat(acquires(running)).isTrue();
        assertThat(acquires(running.claim(1, PG1, 90, Situation.Claim.OPENED))).isTrue();
        for (Situation.Claim state : Situation.Claim.values()) {
            assertThat(acquires(running.claim(2, PG3, 90, state))).isFalse();
        }
    }

    @Test
    void whoStandsOutsideTheSyncSetDoesNotAcquire() {
        assertThat(acquires(Situation.ofAsyncStandby().leaderDied())).isFalse();
        assertThat(
                        acquires(
                                Situation.ofAsyncStandby()
                                        .leaderDied()
                                        .sync(PG1, PG2, PG3)
                                        .without(PG2)))
                .isTrue();
        assertThat(acquires(Situation.ofAsyncStandby().leaderDied().sync(PG1))).isFalse();
        assertThat(
                        acquires(
                                Situation.ofAsyncStandby()
                                        .leaderDied()
                                        .sync(SyncState.none(), 50)
                                        .without(PG2)))
                .as("no synchronous primary has been")
                .isTrue();
    }

    @Test
    void anAbandonedSwitchoverEntitlesNobodyButAManualFailoverDoes() {
        Situation out = Situation.ofAsyncStandby().leaderDied();
        assertThat(acquires(out.failoverRequest(Optional.of(PG1), Optional.of(PG3)))).isFalse();
        assertThat(acquires(out.failoverRequest(Optional.empty(), Optional.of(PG3)))).isTrue();
        Situation leads = Situation.ofAsyncStandby().leaderDied().leads(200).armed();
        assertThat(
                        leads.failoverRequest(Optional.of(PG1), Optional.of(PG3))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.LEAD_UNUSED);
        assertThat(
                        leads.failoverRequest(Optional.empty(), Optional.of(PG3))
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.LEAD_CLAIM);
    }

    @Test
    void nofailoverNeverLeads() {
        assertThat(acquires(Situation.ofFailover().myTag("nofailover"))).isFalse();
        assertThat(promotes(Catalogue.prepared().myTag("nofailover"))).isFalse();
    }

    @Test
    void withoutALeaseInTheStoreNobodyAcquires() {
        assertThat(acquires(Situation.ofFailover().lostLease())).isFalse();
        assertThat(acquires(Situation.ofFailover().now(Situation.END_MILLIS))).isFalse();
    }

    @Test
    void anAsynchronousStandbyAcquiresWithinTheLagOnly() {
        Situation standby = Situation.ofAsyncStandby().asynchronous().leaderDied().without(PG2);
        assertThat(acquires(standby.optime(new Lsn(HERE.value() + 1_048_576)))).isTrue();
        assertThat(acquires(standby.optime(new Lsn(HERE.value() + 1_048_577)))).isFalse();
    }

    @Test
    void aHandedOverLeaseIsUsedOnlyOnceTheCheckpointIsReplayed() {
        Situation handed =
                Situation.ofSyncStandby().handedOver(PG2, 200, HERE).confirmed(200).armed();
        assertThat(handed.decide().reason().code())
                .as("at the checkpoint, not past it")
                .isEqualTo(Reason.Code.LEAD_HANDED_OVER);
        assertThat(handed.server(standbyServer(new Lsn(HERE.value() + 1))).decide().reason().code())
                .isEqualTo(Reason.Code.LEAD_CLAIM);
    }

    @Test
    void aHandedOverCheckpointThatNeverArrivesEndsInTheLeaseGivenBack() {
        Situation handed =
                Situation.ofSyncStandby()
                        .handedOver(PG2, 200, Catalogue.LATER)
                        .confirmed(200)
                        .server(standbyServer(HERE, 1, Values.Receiving.NOTHING))
                        .memory(m ->
                                m.withLeadership(
                                        Optional.of(
                                                new Memory.Leadership(
                                                        Optional.of(
                                                                new dev.holdfast.core.Epoch(200)),
                                                        at(-5_001)))));
        assertThat(handed.decide().actions()).anyMatch(Action.ReleaseLeader.class::isInstance);
    }

    @Test
    void anotherSystemIdentifierIsRefused() {
        Situation other =
                Situation.ofFailover()
                        .initialize(Optional.of(new SystemIdentifier("42")), Optional.empty());
        assertThat(other.decide().reason().code()).isEqualTo(Reason.Code.REFUSE_SYSTEM);
        assertThat(acquires(other)).isFalse();
        assertThat(
                        acquires(
                                Situation.ofFailover()
                                        .initialize(Optional.of(SYSTEM), Optional.empty())))
                .isTrue();
    }

    @Test
    void whoHasLessLetsTheOtherGoFirstForOneTtl() {
        Situation behind = Situation.ofFailover().sync(PG1, PG2, PG3).peerAt(PG3, Catalogue.LATER);
        assertThat(behind.decide().reason().code()).isEqualTo(Reason.Code.RACE_BETTER);
        assertThat(acquires(behind.now(10_001))).as("its lease has run out by then").isFalse();
        assertThat(acquires(behind.freshAt(at(10_001)))).isTrue();
    }

    @Test
    void anAnswerFromBeforeTheRaceDoesNotCount() {
        Situation early =
                Situation.ofFailover()
                        .sync(PG1, PG2, PG3)
                        .peer(
                                PG3,
                                new Peer.Answered(
                                        at(-1), true, true, Optional.empty(), HERE, HERE, false));
        assertThat(early.decide().reason().code()).isEqualTo(Reason.Code.RACE_PEERS);
        assertThat(acquires(early.peer(PG3, new Peer.Silent(at(0), "no route to host")))).isTrue();
    }

    @Test
    void anotherCandidateOfTheOperatorsIsWaitedForOneTtlOnly() {
        Situation asked =
                Situation.ofFailover()
                        .sync(PG1, PG2, PG3)
                        .failoverRequest(Optional.empty(), Optional.of(PG3));
        assertThat(asked.decide().reason().code()).isEqualTo(Reason.Code.RACE_CANDIDATE);
        assertThat(acquires(asked.freshAt(at(10_001)))).isTrue();
    }

    @Test
    void theNamesAreSetBeforeThePromotion() {
        Situation bare =
                Catalogue.prepared().server(Catalogue.withNames("")).applied(Optional.empty());
        assertThat(promotes(bare)).isFalse();
        assertThat(bare.decide().actions()).anyMatch(Action.ApplyFiles.class::isInstance);
        Situation late =
                bare.memory(m ->
                        m.withLeadership(
                                Optional.of(
                                        new Memory.Leadership(
                                                Optional.of(new dev.holdfast.core.Epoch(200)),
                                                at(-5_001)))));
        assertThat(promotes(late)).as("a bound where the mode is not strict").isTrue();
        assertThat(promotes(late.config(ConfigParts::strict))).isFalse();
    }

    @Test
    void proofOfOneMemberIsNoProofOfAnother() {
        assertThat(promotes(Catalogue.prepared().leader(PG3, 201))).isFalse();
    }

    @Test
    void aClaimThatWasNotRecordedAsOpenedSaysWhichTimelineItsMemberCameFrom() {
        Situation behind =
                Situation.ofAsyncStandby()
                        .asynchronous()
                        .leaderDied()
                        .claim(3, PG3, 150, Situation.Claim.UNOPENED);
        assertThat(behind.decide().reason().code()).isEqualTo(Reason.Code.RACE_TIMELINE);
        Situation level =
                Situation.ofAsyncStandby()
                        .asynchronous()
                        .leaderDied()
                        .claim(2, PG3, 150, Situation.Claim.UNOPENED);
        assertThat(level.decide().reason().code()).isNotEqualTo(Reason.Code.RACE_TIMELINE);
        assertThat(
                        Catalogue.prepared()
                                .claim(3, PG3, 150, Situation.Claim.UNOPENED)
                                .decide()
                                .actions())
                .noneMatch(Action.Promote.class::isInstance);
    }

    @Test
    void aFormerPrimaryWhoseTimelineAnotherHasClaimedSinceIsNotStartedWhileNobodyLeads() {
        Situation lost = Catalogue.lostAfterPromotion(ControlData.State.IN_PRODUCTION);
        assertThat(starts(lost)).isTrue();
        assertThat(starts(lost.claim(2, PG1, 90, Situation.Claim.OPENED))).isTrue();
        assertThat(starts(lost.claim(3, PG3, 90, Situation.Claim.UNOPENED))).isTrue();
        for (Situation.Claim state : Situation.Claim.values()) {
            Situation twin =
                    Catalogue.lostAfterPromotion(ControlData.State.IN_PRODUCTION)
                            .claim(2, PG3, 90, state);
            assertThat(starts(twin)).isFalse();
            assertThat(twin.decide().reason().code()).isEqualTo(Reason.Code.RACE_TIMELINE);
        }
        assertThat(
                        starts(
                                Catalogue.lostAfterPromotion(ControlData.State.IN_ARCHIVE_RECOVERY)
                                        .claim(2, PG3, 90, Situation.Claim.OPENED)))
                .as("a standby has followed")
                .isTrue();
    }

    @Test
    void whoOpenedATimelineRecordsThatBeforeItsDirectoryIsAStandbysAgain() {
        Decision first =
                Catalogue.lostAfterPromotion(ControlData.State.IN_PRODUCTION)
                        .claim(2, PG1, 90, Situation.Claim.UNOPENED)
                        .decide();
        assertThat(first.actions())
                .noneMatch(Action.StartStandby.class::isInstance)
                .filteredOn(Action.RecordOpening.class::isInstance)
                .singleElement()
                .satisfies(a -> {
                    Action.RecordOpening record = (Action.RecordOpening) a;
                    assertThat(record.claim().opened()).isTrue();
                    assertThat(record.claimRevision()).isEqualTo(60);
                    assertThat(record.history().getLast().newLeader()).isEqualTo("pg1");
                });
        assertThat(
                        starts(
                                Catalogue.lostAfterPromotion(ControlData.State.IN_PRODUCTION)
                                        .claim(3, PG1, 90, Situation.Claim.UNOPENED)))
                .as("what was claimed was not opened")
                .isTrue();
    }

    @Test
    void aFormerPrimaryIsKnownByTheHistoryWhenTheClaimHasGoneOn() {
        for (String leader : List.of("pg3", "pg1", "")) {
            Situation former =
                    Catalogue.lostAfterPromotion(ControlData.State.IN_PRODUCTION)
                            .claim(3, PG3, 90, Situation.Claim.UNOPENED)
                            .history(
                                    new HistoryEntry(
                                            new Timeline(1), Catalogue.EARLIER, "", "", leader));
            assertThat(starts(former)).as(leader).isEqualTo(!leader.equals("pg3"));
        }
    }

    private static boolean starts(Situation situation) {
        return situation.decide().actions().stream()
                .anyMatch(Action.StartStandby.class::isInstance);
    }

    /**
     * Of two that have received the same, the preferred one leads; who has more leads before it.
     */
    @Test
    void theFailoverPriorityBreaksATie() {
        Situation tie =
                Situation.ofFailover().sync(PG1, PG2, PG3).memberTag(PG3, "failover_priority", "2");
        assertThat(tie.peerAt(PG3, HERE).decide().reason().code())
                .isEqualTo(Reason.Code.RACE_BETTER);
        assertThat(tie.peerAt(PG3, Catalogue.EARLIER).decide().reason().code())
                .isEqualTo(Reason.Code.RACE_ACQUIRE);
        assertThat(
                        Situation.ofFailover()
                                .sync(PG1, PG2, PG3)
                                .peerAt(PG3, HERE)
                                .decide()
                                .reason()
                                .code())
                .isEqualTo(Reason.Code.RACE_ACQUIRE);
    }
}
