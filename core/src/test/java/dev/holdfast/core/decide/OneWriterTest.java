package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.INITIALIZED;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.directory;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.second;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.postgres.ControlData.State;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S1: at no instant do two members accept writes. */
class OneWriterTest {
    private static boolean kills(Situation situation) {
        return has(situation, Action.Kill.class);
    }

    private static boolean has(Situation situation, Class<? extends Action> kind) {
        return situation.decide().actions().stream().anyMatch(kind::isInstance);
    }

    @Test
    void aPrimaryIsEndedFromTheSoftDeadlineOnAndNotBefore() {
        MonoTime before = new MonoTime(at(Situation.SOFT_MILLIS).nanos() - 1);
        MonoTime after = new MonoTime(at(Situation.SOFT_MILLIS).nanos() + 1);
        assertThat(kills(Situation.ofPrimary().now(before))).isFalse();
        assertThat(kills(Situation.ofPrimary().now(Situation.SOFT_MILLIS))).isTrue();
        assertThat(kills(Situation.ofPrimary().now(after))).isTrue();
    }

    @Test
    void aPrimaryThatRejectsSessionsOrSaysNothingIsEndedAtTheSoftDeadlineToo() {
        assertThat(kills(Situation.ofPrimary().rejecting().now(Situation.SOFT_MILLIS))).isTrue();
        assertThat(kills(Situation.ofPrimary().silent().now(Situation.SOFT_MILLIS))).isTrue();
        assertThat(kills(Situation.ofPrimary().unprobed().now(Situation.SOFT_MILLIS))).isTrue();
    }

    @Test
    void theLoopLooksAgainNoLaterThanTheSoftDeadline() {
        assertThat(Situation.ofPrimary().decide().lookAgain()).isEqualTo(at(Situation.SOFT_MILLIS));
    }

    @Test
    void anErrorOfTheStoreAloneEndsNothing() {
        assertThat(kills(Situation.ofPrimary().now(Situation.SOFT_MILLIS - 1))).isFalse();
    }

    @Test
    void anotherLeaderEndsAPrimaryWhateverItsLeaseSays() {
        assertThat(kills(Situation.ofPrimary().leader(PG2, 101))).isTrue();
        assertThat(kills(Situation.ofPrimary().rejecting().leader(PG2, 101))).isTrue();
        assertThat(kills(Situation.ofPrimary().noLeaderLease().leader(PG2, 101))).isTrue();
    }

    @Test
    void aViewFromBeforeMyEpochSaysNothingAboutIt() {
        assertThat(kills(Situation.ofPrimary().leader(PG2, 99))).isFalse();
        assertThat(kills(Situation.ofPrimary().noLeader().revision(99))).isFalse();
    }

    @Test
    void aStandbyIsNotEndedBecauseSomebodyElseLeads() {
        assertThat(kills(Situation.ofSyncStandby())).isFalse();
        assertThat(kills(Situation.ofSyncStandby().rejecting())).isFalse();
        assertThat(kills(Situation.ofSyncStandby().unprobed())).isFalse();
    }

    @Test
    void aPromotionUnderWayIsEndedWhenTheLeaseCannotBeProved() {
        Situation promoting = Catalogue.prepared().running(Catalogue.promote());
        assertThat(kills(promoting)).isFalse();
        assertThat(kills(promoting.now(Situation.SOFT_MILLIS))).isTrue();
    }

    @Test
    void aKeyDeletedByHandIsTakenBackWhileTheLeaseLivesAndNobodyHeldItSince() {
        Situation deleted = Situation.ofPrimary().noLeader().revision(130);
        assertThat(deleted.decide().actions())
                .containsExactly(new Action.CreateLeader(leaseOf(PG1), 100, 0, INITIALIZED));
        assertThat(
                        kills(
                                deleted.epochRecord(
                                        new EpochRecord(
                                                PG2, leaseOf(PG2), true, Optional.empty(), 1),
                                        125)))
                .isTrue();
    }

    @Test
    void aLeaseThatTheStoreDeniesEndsThePrimaryAtOnceAndAfterANewOneWasGranted() {
        assertThat(kills(Situation.ofPrimary().lostLease())).isTrue();
        assertThat(kills(Situation.ofPrimary().rejecting().lostLease())).isTrue();
        assertThat(kills(Situation.ofPrimary().newLease().led(Situation.Lead.ALONE))).isTrue();
    }

    @Test
    void anAgentThatRestartedGoesOnWithItsLeaseAndServer() {
        Situation restarted =
                Situation.ofPrimary()
                        .noLeaderLease()
                        .memory(m -> Memory.empty())
                        .applied(Optional.empty());
        assertThat(restarted.decide().reason().code()).isEqualTo(Reason.Code.LEAD_CONFIRM);
        assertThat(kills(restarted)).isFalse();
    }

    @Test
    void aPrimaryFoundWithoutALeaseIsGivenOneTtlByTheGuard() {
        Situation found =
                Situation.ofPrimary()
                        .noLeaderLease()
                        .memory(m -> Memory.empty())
                        .guard(new GuardFact.Mode.Standby());
        assertThat(found.decide().actions())
                .containsExactly(new Action.SetGuard(new GuardFact.Mode.Armed(at(10_000))));
    }

    @Test
    void nothingIsPromotedOrStartedAsPrimaryWithoutAnArmedGuard() {
        Situation prepared = Catalogue.prepared();
        assertThat(has(prepared, Action.Promote.class)).isTrue();
        assertThat(
                        has(
                                Catalogue.prepared().guard(new GuardFact.Mode.Standby()),
                                Action.Promote.class))
                .isFalse();
        assertThat(
                        has(
                                Catalogue.prepared().guard(new GuardFact.Mode.Paused()),
                                Action.Promote.class))
                .isFalse();
        assertThat(has(Catalogue.prepared().guardAway(), Action.Promote.class)).isFalse();
        assertThat(
                        has(
                                Catalogue.prepared().guard(new GuardFact.Mode.Armed(at(1_000))),
                                Action.Promote.class))
                .as("armed, and about to fire")
                .isFalse();
        Situation crashed = Situation.ofPrimary().stopped(State.IN_PRODUCTION);
        assertThat(has(crashed, Action.StartPrimary.class)).isTrue();
        assertThat(has(crashed.guard(new GuardFact.Mode.Standby()), Action.StartPrimary.class))
                .isFalse();
    }

    @Test
    void anArmedGuardLearnsNewDeadlinesWhateverIsUnderWay() {
        GuardFact.Mode old = new GuardFact.Mode.Armed(at(3_000));
        Action rearm = new Action.SetGuard(new GuardFact.Mode.Armed(at(Situation.KILL_MILLIS)));
        Situation asked = Situation.ofPrimary().failoverRequest(Optional.of(PG1), Optional.of(PG2));
        List<Situation> situations =
                List.of(
                        Situation.ofPrimary(),
                        Situation.ofPrimary().rejecting(),
                        asked,
                        Situation.ofPrimary().shutdown(),
                        Situation.ofPrimary()
                                .running(
                                        new Action.Stop(
                                                Action.StopMode.FAST,
                                                java.time.Duration.ofSeconds(15))));
        for (Situation situation : situations) {
            assertThat(situation.guard(old).decide().actions())
                    .as(situation.decide().reason().toString())
                    .contains(rearm);
        }
    }

    @Test
    void theGuardIsDisarmedBeforeAStandbyStarts() {
        Situation stopped = Situation.ofSyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY);
        assertThat(has(stopped, Action.StartStandby.class)).isTrue();
        assertThat(stopped.armed().decide().actions())
                .containsExactly(new Action.SetGuard(new GuardFact.Mode.Standby()));
    }

    @Test
    void theWinnerWaitsForWhoeverLost() {
        assertThat(has(Situation.ofFailover(), Action.CreateLeader.class)).isTrue();
        assertThat(has(Situation.ofFailover().predecessorAlive(), Action.CreateLeader.class))
                .isFalse();
        assertThat(has(Situation.ofFailover().predecessorUnknown(), Action.CreateLeader.class))
                .isFalse();
        assertThat(
                        has(
                                Situation.ofFailover().predecessorUnknown().released(PG1),
                                Action.CreateLeader.class))
                .isTrue();
    }

    @Test
    void theAnswerAboutAnEarlierLeaseIsNotTakenForThisOne() {
        Situation other =
                Situation.ofFailover()
                        .epochRecord(
                                new EpochRecord(PG3, leaseOf(PG3), false, Optional.empty(), 1),
                                110);
        assertThat(has(other, Action.CreateLeader.class)).isFalse();
        assertThat(other.decide().actions())
                .containsExactly(new Action.AskPredecessor(leaseOf(PG3)));
    }

    @Test
    void anUnknownPredecessorIsGivenOneTtl() {
        Situation unknown = Situation.ofFailover().predecessorUnknown().noEpochRecord();
        assertThat(has(unknown.freshAt(at(9_999)), Action.CreateLeader.class)).isFalse();
        assertThat(has(unknown.freshAt(at(10_000)), Action.CreateLeader.class)).isTrue();
    }

    @Test
    void inAPauseTooTheWinnerWaitsForTheLoser() {
        Situation second = Situation.ofSyncStandby().paused().noLeader().server(primaryServer(""));
        assertThat(has(second.predecessorAlive(), Action.CreateLeader.class)).isFalse();
        assertThat(has(second.predecessorUnknown(), Action.AskPredecessor.class)).isTrue();
        assertThat(has(second.predecessorGone(), Action.CreateLeader.class)).isTrue();
    }

    @Test
    void nobodyLeadsWhileANewClusterIsBeingMade() {
        Situation making =
                Situation.ofFailover().initialize(Optional.empty(), Optional.of(leaseOf(PG3)));
        assertThat(has(making, Action.CreateLeader.class)).isFalse();
        assertThat(
                        has(
                                Situation.ofFailover()
                                        .initialize(Optional.empty(), Optional.empty()),
                                Action.CreateLeader.class))
                .as("a key that lies there without a lease is nobody's claim")
                .isTrue();
    }

    @Test
    void aClaimTellsThatSomebodyHasLedThoughTheRecordWasRemovedAndNobodyWasSeen() {
        Situation unknown =
                Situation.ofFailover()
                        .predecessorUnknown()
                        .noEpochRecord()
                        .claim(1, PG1, 110, Situation.Claim.OPENED)
                        .freshAt(at(10_000));
        assertThat(has(unknown, Action.CreateLeader.class)).isFalse();
        Situation claimSeen =
                unknown.memory(m ->
                        m.withLeadership(
                                Optional.of(
                                        new Memory.Leadership(
                                                Optional.empty(),
                                                at(0),
                                                Memory.Standing.FIRM,
                                                60))));
        assertThat(claimSeen.decide().actions())
                .as("a view that lacks the claim does not take the key")
                .containsExactly(new Action.CreateLeader(leaseOf(PG2), 0, 60, INITIALIZED));
    }

    @Test
    void aPrimaryFoundRunningIsEndedWhenSomebodyElseHasLedSince() {
        Situation found =
                Situation.ofPrimary().noLeader().noLeaderLease().memory(m -> Memory.empty());
        assertThat(kills(found)).isFalse();
        assertThat(kills(found.claim(1, PG2, 200, Situation.Claim.UNOPENED))).isTrue();
    }

    @Test
    void aPrimaryIsNotRestartedInPlaceWhenSomebodyElseMayHaveBeenPromoted() {
        Situation crashed = Situation.ofPrimary().stopped(State.IN_PRODUCTION);
        assertThat(has(crashed, Action.StartPrimary.class)).isTrue();
        assertThat(
                        has(
                                crashed.claim(1, PG1, 100, Situation.Claim.OPENED),
                                Action.StartPrimary.class))
                .isTrue();
        assertThat(
                        has(
                                crashed.claim(2, PG2, 90, Situation.Claim.UNOPENED),
                                Action.StartPrimary.class))
                .isFalse();
        assertThat(
                        has(
                                crashed.claim(2, PG2, 90, Situation.Claim.OPENED),
                                Action.StartPrimary.class))
                .isFalse();
        assertThat(
                        has(
                                crashed.claim(2, PG1, 90, Situation.Claim.OPENED),
                                Action.StartPrimary.class))
                .isFalse();
        assertThat(has(crashed.now(Situation.SOFT_MILLIS), Action.StartPrimary.class)).isFalse();
    }

    @Test
    void theLeaseIsGivenBackOnlyWhenThePostgresIsGoneOrWasNeverPromoted() {
        Situation unentitled = Situation.ofAsyncStandby().leaderDied().leads(200);
        assertThat(has(unentitled, Action.ReleaseLeader.class))
                .as("a standby that nobody promoted")
                .isTrue();
        Situation armed = Situation.ofAsyncStandby().leaderDied().leads(200).armed();
        assertThat(has(armed, Action.ReleaseLeader.class))
                .as("a promotion may be under way")
                .isFalse();
        assertThat(has(armed, Action.Stop.class)).isTrue();
        assertThat(has(armed.stopped(State.SHUT_DOWN_IN_RECOVERY), Action.ReleaseLeader.class))
                .isTrue();
        assertThat(has(armed.guardAway(), Action.ReleaseLeader.class)).isFalse();
        assertThat(has(armed.guardEnding(), Action.ReleaseLeader.class)).isFalse();
    }

    @Test
    void theLeaseIsHandedOverOnlyAfterACleanStopThatTheCandidateHasReplayed() {
        Peer.Answered replayed =
                new Peer.Answered(
                        at(0),
                        true,
                        true,
                        Optional.empty(),
                        Catalogue.LATER,
                        Catalogue.LATER,
                        false);
        assertThat(has(Catalogue.handingOver().peer(PG2, replayed), Action.HandOver.class))
                .isTrue();
        assertThat(has(Catalogue.handingOver(), Action.HandOver.class)).isFalse();
        assertThat(has(Catalogue.handingOver().peerAt(PG2, HERE), Action.HandOver.class))
                .as("it has not replayed the checkpoint itself")
                .isFalse();
        Peer.Answered early =
                new Peer.Answered(
                        at(-1),
                        true,
                        true,
                        Optional.empty(),
                        Catalogue.LATER,
                        Catalogue.LATER,
                        false);
        assertThat(has(Catalogue.handingOver().peer(PG2, early), Action.HandOver.class))
                .as("asked before the stop")
                .isFalse();
        assertThat(
                        has(
                                Catalogue.handingOver()
                                        .peer(PG2, replayed)
                                        .directoryState(State.IN_PRODUCTION),
                                Action.HandOver.class))
                .isFalse();
        assertThat(
                        has(
                                Catalogue.handingOver().peer(PG2, replayed).without(PG2),
                                Action.HandOver.class))
                .isFalse();
        assertThat(
                        has(
                                Catalogue.handingOver().peer(PG2, replayed).guardEnding(),
                                Action.HandOver.class))
                .isFalse();
    }

    @Test
    void anOldPrimaryNeverStartsAsPrimary() {
        for (State state : State.values()) {
            Situation old =
                    Catalogue.oldPrimary(state).source(second(HERE), Situation.Promoted.YES);
            assertThat(has(old, Action.StartPrimary.class)).as(state.toString()).isFalse();
            Situation alone = Catalogue.oldPrimary(state).noLeader();
            assertThat(has(alone, Action.StartPrimary.class))
                    .as(state + ", nobody leads")
                    .isFalse();
        }
    }

    @Test
    void clientsAreNotServedOnceTheLeaseIsNotProved() {
        assertThat(Situation.ofPrimary().decide().service()).isEqualTo(Decision.Service.OPEN);
        assertThat(Situation.ofPrimary().now(Situation.SOFT_MILLIS).decide().service())
                .isEqualTo(Decision.Service.CLOSED);
        assertThat(Situation.ofPrimary().noLeaderLease().decide().service())
                .isNotEqualTo(Decision.Service.OPEN);
    }

    @Test
    void aLeaderWithoutItsDirectoryGivesTheLeaseBack() {
        Situation empty =
                Situation.ofPrimary()
                        .stopped()
                        .data(new dev.holdfast.core.postgres.DataDirectory.Missing());
        assertThat(has(empty, Action.ReleaseLeader.class)).isTrue();
        Situation other =
                Situation.ofPrimary()
                        .stopped()
                        .data(directory(State.SHUT_DOWN_IN_RECOVERY, Lsn.of("0/1"), second(HERE)));
        assertThat(has(other, Action.ReleaseLeader.class)).isTrue();
    }

    @Test
    void aLeaseThatMayHaveBeenGivenAwayIsTakenAnewBeforeWritesOpenUnderIt() {
        Situation unfit = Situation.ofNewLeader().myTag("nofailover");
        Decision released = unfit.decide();
        assertThat(released.actions()).hasAtLeastOneElementOfType(Action.ReleaseLeader.class);
        Situation unanswered = Catalogue.prepared().memory(m -> released.memory());
        assertThat(unanswered.decide().actions())
                .containsExactly(
                        new Action.RenewEpoch(new Epoch(200), leaseOf(PG2), Optional.empty(), 50));
        Situation renewed = unanswered.leads(210).claim(2, PG2, 210, Situation.Claim.UNOPENED);
        assertThat(has(renewed, Action.Promote.class)).as("under a new epoch").isTrue();
    }

    @Test
    void whatAnAgentBeforeThisOneMayHaveSentIsShutOutBeforeARestartInPlace() {
        Situation crashed = Situation.ofPrimary().stopped(State.IN_PRODUCTION);
        Situation first = crashed.memory(m -> Memory.empty());
        assertThat(has(first, Action.StartPrimary.class)).isFalse();
        assertThat(has(first, Action.RenewEpoch.class)).isTrue();
    }

    /** It was told some thousand times a second, for as long as a process would not go. */
    @Test
    void aGuardThatIsEndingPostgresqlIsNotToldAgain() {
        Situation late = Situation.ofPrimary().now(Situation.SOFT_MILLIS);
        assertThat(has(late, Action.Kill.class)).isTrue();
        Situation ending =
                Situation.ofPrimary()
                        .guardEnding()
                        .server(Values.primaryServer(""))
                        .now(Situation.SOFT_MILLIS);
        assertThat(has(ending, Action.Kill.class)).isFalse();
        assertThat(ending.decide().reason().code()).isEqualTo(late.decide().reason().code());
    }

    /** Once the claim has run out another member may make the cluster, and serve it. */
    @Test
    void theFirstServerOfANewClusterIsHeldByAGuardThatFollowsTheClaim() {
        assertThat(has(claimed(), Action.StartNewCluster.class)).isFalse();
        assertThat(has(claimed(), Action.SetGuard.class)).isTrue();

        Situation armed = claimed().armed().stopped();
        assertThat(has(armed, Action.StartNewCluster.class)).isTrue();
        assertThat(has(armed, Action.SetGuard.class)).isFalse();

        Situation renewedSince =
                claimed().guard(new GuardFact.Mode.Armed(at(Situation.KILL_MILLIS - 1))).stopped();
        assertThat(has(renewedSince, Action.SetGuard.class)).isTrue();
    }

    private static Situation claimed() {
        return Situation.ofNewMember()
                .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                .directoryState(State.SHUT_DOWN);
    }
}
