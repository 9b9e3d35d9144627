package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.sender;
import static dev.holdfast.core.decide.Values.standbyServer;
import static dev.holdfast.core.decide.Values.third;
import static dev.holdfast.core.decide.Values.upstreamOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** L1: once faults heal, one primary serves and the others stream from it, without a human. */
class ComesBackTest {
    private static boolean has(Situation situation, Class<? extends Action> kind) {
        return situation.decide().actions().stream().anyMatch(kind::isInstance);
    }

    @Test
    void noDecisionAsksToBeTakenAgainAtOnceForEver() {
        for (Map.Entry<String, Situation> entry : Catalogue.situations().entrySet()) {
            Decision first = entry.getValue().decide();
            Decision again = entry.getValue().memory(m -> first.memory()).decide();
            assertThat(again.lookAgain()).as(entry.getKey()).isGreaterThan(entry.getValue().now());
        }
    }

    @Test
    void aStandbyThatTakesNoSessionsYetIsToldWhomToFollow() {
        Situation recovering = Situation.ofSyncStandby().startingUp();
        assertThat(has(recovering, Action.ApplyFiles.class)).isTrue();
        ServerFiles told =
                recovering.decide().actions().stream()
                        .filter(Action.ApplyFiles.class::isInstance)
                        .map(a -> ((Action.ApplyFiles) a).files())
                        .findFirst()
                        .orElseThrow();
        assertThat(told.upstream()).isPresent();
        assertThat(has(recovering.applied(Optional.of(told)), Action.ApplyFiles.class)).isFalse();
        assertThat(has(Situation.ofSyncStandby().rejecting(), Action.ApplyFiles.class))
                .as("a server that is only full is asked again")
                .isFalse();
    }

    @Test
    void whoIsRecordedAsLeaderAndDoesNotLeadSaysThatNobodyNeedsToWait() {
        Situation removed =
                Situation.ofFailover()
                        .epochRecord(
                                new EpochRecord(PG2, leaseOf(PG2), false, Optional.empty(), 1),
                                120);
        assertThat(has(removed, Action.CreateLeader.class)).as("it may lead").isTrue();
        assertThat(has(removed, Action.ReleaseEpoch.class)).isFalse();
        Situation barred = removed.sync(PG1, PG3);
        assertThat(barred.decide().actions())
                .contains(
                        new Action.ReleaseEpoch(
                                120, Action.Fenced.unused(barred.observe()).orElseThrow()));
        assertThat(has(barred.armed(), Action.ReleaseEpoch.class))
                .as("it may be on its way out of recovery")
                .isFalse();
    }

    @Test
    void aStandbyIsWokenWithGrowingPausesAndAtOnceForNews() {
        Situation waiting =
                Situation.ofSyncStandby().server(standbyServer(HERE, 1, Values.Receiving.NOTHING));
        Decision first = waiting.decide();
        assertThat(first.actions()).contains(new Action.Reload());
        Situation next = waiting.memory(m -> first.memory());
        assertThat(has(next.freshAt(at(199)), Action.Reload.class)).isFalse();
        assertThat(has(next.freshAt(at(200)), Action.Reload.class)).isTrue();
        Situation tired = waiting.memory(m -> m.withWake(new Memory.Wake(110, 40, at(0))));
        assertThat(has(tired.freshAt(at(6_399)), Action.Reload.class)).isFalse();
        assertThat(has(tired.freshAt(at(6_400)), Action.Reload.class))
                .as("never given up")
                .isTrue();
        Situation news = waiting.memory(m -> m.withWake(new Memory.Wake(109, 40, at(0))));
        assertThat(has(news.freshAt(at(1)), Action.Reload.class))
                .as("the primary wrote something new")
                .isTrue();
    }

    @Test
    void aStandbyPastTheSwitchPointIsFoundOutAlthoughItsControlFileNamesTheTimelineBefore() {
        Situation behind =
                Catalogue.woken().server(standbyServer(HERE, 2, Values.Receiving.NOTHING));
        assertThat(behind.decide().reason().code()).isEqualTo(Reason.Code.FOLLOW_WAKE);
        Situation within = behind.source(third(HERE), Situation.Promoted.YES);
        assertThat(within.decide().reason().code()).isEqualTo(Reason.Code.FOLLOW_WAKE);
        Situation past = behind.source(third(Catalogue.EARLIER), Situation.Promoted.YES);
        assertThat(past.decide().reason().code()).isEqualTo(Reason.Code.FOLLOW_DIVERGED);
    }

    @Test
    void aCandidateIsWokenToReplayWhatThePrimaryLeftBehind() {
        Server.Standby all = standbyServer(HERE, 1, Values.Receiving.NOTHING);
        Server.Standby behind =
                new Server.Standby(
                        all.common(),
                        all.timeline(),
                        all.received(),
                        Catalogue.EARLIER,
                        all.replayTimestamp(),
                        all.replay(),
                        all.receiver(),
                        all.primaryConninfo(),
                        all.senders(),
                        all.slots());
        Situation stopped =
                Situation.ofSyncStandby()
                        .memberState(PG1, MemberState.STOPPING, MemberRole.PRIMARY)
                        .server(behind);
        assertThat(has(stopped.freshAt(at(1_000)), Action.Reload.class))
                .as("nothing is to be handed to it")
                .isFalse();

        Situation candidate =
                stopped.failoverRequest(Optional.of(PG1), Optional.of(PG2)).freshAt(at(1_000));
        Decision first = candidate.decide();
        assertThat(first.reason().code()).isEqualTo(Reason.Code.FOLLOW);
        assertThat(first.actions()).contains(new Action.Reload());
        Situation next = candidate.memory(m -> first.memory());
        assertThat(has(next.freshAt(at(1_099)), Action.Reload.class)).isFalse();
        assertThat(has(next.freshAt(at(1_100)), Action.Reload.class)).isTrue();
        assertThat(has(next.server(all).freshAt(at(1_100)), Action.Reload.class))
                .as("everything is replayed")
                .isFalse();
    }

    @Test
    void aStandbyThatStreamsIsLeftAlone() {
        assertThat(Situation.ofSyncStandby().decide().actions()).isEmpty();
        assertThat(Situation.ofAsyncStandby().decide().actions()).isEmpty();
    }

    @Test
    void aHealthyPrimaryDoesNothing() {
        assertThat(Situation.ofPrimary().decide().actions()).isEmpty();
        assertThat(
                        Situation.ofPrimary()
                                .asynchronous()
                                .server(primaryServer(""))
                                .decide()
                                .actions())
                .isEmpty();
    }

    @Test
    void startsAreHeldBackAfterThreeInARowAndNeverGivenUp() {
        for (int count : new int[] {0, 1, 2}) {
            assertThat(has(stoppedStandby(count, 0), Action.StartStandby.class))
                    .as(count + " starts")
                    .isTrue();
        }
        assertThat(has(stoppedStandby(3, 999), Action.StartStandby.class)).isFalse();
        assertThat(has(stoppedStandby(3, 1_000), Action.StartStandby.class)).isTrue();
        assertThat(has(stoppedStandby(1_000, 29_999), Action.StartStandby.class)).isFalse();
        assertThat(has(stoppedStandby(1_000, 30_000), Action.StartStandby.class)).isTrue();
    }

    private static Situation stoppedStandby(int starts, long millisSince) {
        return Situation.ofSyncStandby()
                .stopped(State.SHUT_DOWN_IN_RECOVERY)
                .memory(m -> m.withCrashes(new Memory.Crashes(starts, at(0))))
                .freshAt(at(millisSince));
    }

    @Test
    void aServerThatStaysUpIsForgivenItsCrashes() {
        Situation up =
                Situation.ofSyncStandby().memory(m -> m.withCrashes(new Memory.Crashes(5, at(0))));
        assertThat(up.freshAt(at(10_000)).decide().memory().crashes().count()).isEqualTo(5);
        assertThat(up.freshAt(at(10_001)).decide().memory().crashes().count()).isZero();
    }

    @Test
    void whatAnOperatorEndsHasNotEndedByItself() {
        Orders.Restart restart = new Orders.Restart(1_000, at(-100), Optional.empty());
        Orders.Reinitialize copy = new Orders.Reinitialize(at(-100), Orders.CopyOf.ANYBODY);
        for (Orders orders :
                List.of(
                        Orders.NONE.withRestart(Optional.of(restart)),
                        Orders.NONE.withReinitialize(Optional.of(copy)))) {
            Decision decision =
                    Situation.ofAsyncStandby()
                            .memory(m -> m.withCrashes(new Memory.Crashes(2, at(0))))
                            .orders(orders)
                            .decide();
            assertThat(decision.actions()).hasAtLeastOneElementOfType(Action.Stop.class);
            assertThat(decision.memory().crashes()).isEqualTo(Memory.Crashes.NONE);
        }
    }

    @Test
    void aStandbyThatRefusesToStartBeyondTheSwitchPointIsRewound() {
        Situation refusing = stoppedStandby(2, 0);
        assertThat(refusing.decide().actions()).anyMatch(Action.AskSource.class::isInstance);
        assertThat(
                        has(
                                refusing.source(second(Catalogue.LATER), Situation.Promoted.YES),
                                Action.StartStandby.class))
                .isTrue();
        assertThat(
                        has(
                                refusing.source(second(Catalogue.EARLIER), Situation.Promoted.YES),
                                Action.Rewind.class))
                .isTrue();
    }

    @Test
    void aPrimaryInCrashRecoveryIsWaitedForUpToPrimaryStartTimeout() {
        Situation recovering =
                Situation.ofPrimary()
                        .rejecting()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .memory(m -> m.withCrashes(new Memory.Crashes(1, at(0))))
                        .config(c -> c.startTimeout(Duration.ofSeconds(20)));
        assertThat(has(recovering.freshAt(at(20_000)), Action.Kill.class)).isFalse();
        assertThat(has(recovering.freshAt(at(20_001)), Action.Kill.class)).isTrue();
        assertThat(has(recovering.led(Situation.Lead.ALONE), Action.Kill.class))
                .as("nobody else is fit")
                .isFalse();
    }

    @Test
    void aRestartThatAnOperatorOrderedIsNotEndedWherePrimaryStartTimeoutIsZero() {
        Situation starting =
                Situation.ofPrimary()
                        .rejecting()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .memory(m -> m.withCrashes(new Memory.Crashes(1, at(0))))
                        .config(c -> c.startTimeout(Duration.ZERO));
        assertThat(has(starting.freshAt(at(100)), Action.Kill.class)).isFalse();
        assertThat(
                        has(
                                Situation.ofPrimary()
                                        .led(Situation.Lead.WITH_SUCCESSOR)
                                        .stopped(State.SHUT_DOWN)
                                        .config(c -> c.startTimeout(Duration.ZERO)),
                                Action.StartPrimary.class))
                .isTrue();
    }

    @Test
    void aSilentPrimaryIsReplacedWhenPatienceEndsIfSomebodyElseIsFit() {
        Situation silent = Situation.ofPrimary().silent().led(Situation.Lead.WITH_SUCCESSOR);
        Memory since = silent.decide().memory();
        assertThat(since.silentSince()).contains(at(0));
        Situation later = silent.memory(m -> since);
        assertThat(has(later.freshAt(at(7_499)), Action.Kill.class)).isFalse();
        assertThat(later.decide().lookAgain()).isLessThanOrEqualTo(at(7_500));
        assertThat(has(later.freshAt(at(7_500)), Action.Kill.class)).isTrue();
        assertThat(has(later.without(PG2), Action.Kill.class))
                .as("the only one that was fit is gone")
                .isFalse();
        assertThat(later.rejecting().decide().memory().silentSince())
                .as("any answer is an answer")
                .isEmpty();
    }

    @Test
    void twoLevelCandidatesDoNotTakeTurns() {
        Situation asked =
                Situation.ofPrimary()
                        .config(c -> c.count(2))
                        .sync(PG1, PG2, PG3)
                        .failoverRequest(Optional.of(PG1), Optional.empty());
        Server.Primary first =
                primaryServer(
                        "FIRST 2 (\"pg2\", \"pg3\")",
                        sender("pg2", Catalogue.LATER, "sync", 1),
                        sender("pg3", HERE, "sync", 2));
        Server.Primary other =
                primaryServer(
                        "FIRST 2 (\"pg2\", \"pg3\")",
                        sender("pg2", HERE, "sync", 1),
                        sender("pg3", Catalogue.LATER, "sync", 2));
        Memory begun = asked.server(first).decide().memory();
        assertThat(begun.switchover().flatMap(Memory.Switchover::candidate)).contains(PG2);
        Memory next = asked.server(other).now(10).memory(m -> begun).decide().memory();
        assertThat(next.switchover()).isEqualTo(begun.switchover());
    }

    @Test
    void anAbortedHandOverEndsWithThisMemberServingAgain() {
        Situation late =
                Catalogue.handingOver()
                        .memory(m ->
                                m.withSwitchover(
                                        Optional.of(
                                                new Memory.Switchover(
                                                        Optional.of(PG2),
                                                        at(-9_000),
                                                        true,
                                                        Optional.of(at(-3_001))))));
        Decision abort = late.decide();
        assertThat(abort.reason().code()).isEqualTo(Reason.Code.SWITCHOVER_ABORT);
        Situation after =
                Situation.ofPrimary().stopped(State.SHUT_DOWN).memory(m -> abort.memory());
        assertThat(has(after, Action.StartPrimary.class)).isTrue();
        assertThat(has(after.shutdown(), Action.ReleaseLeader.class)).isTrue();
        Situation paused =
                Situation.ofPrimary().paused().stopped(State.SHUT_DOWN).memory(m -> abort.memory());
        assertThat(has(paused, Action.StartPrimary.class)).isTrue();
        Decision asked =
                Situation.ofPrimary()
                        .memory(m -> abort.memory())
                        .failoverRequest(Optional.of(PG1), Optional.of(PG2))
                        .decide();
        assertThat(asked.reason().code())
                .as("a new request begins anew")
                .isEqualTo(Reason.Code.SWITCHOVER_CHECKPOINT);
        assertThat(Situation.ofPrimary().memory(m -> abort.memory()).decide().memory().switchover())
                .isEmpty();
    }

    @Test
    void anAgentThatIsToEndEndsThoughTheStoreIsAway() {
        Situation stopped = Situation.ofPrimary().stopped(State.SHUT_DOWN).shutdown();
        assertThat(has(stopped, Action.ReleaseLeader.class)).isTrue();
        assertThat(has(stopped.now(Situation.END_MILLIS), Action.Exit.class))
                .as("there is nothing left to give back")
                .isTrue();
        assertThat(
                        has(
                                Situation.ofSyncStandby().unknownStore().stopped().shutdown(),
                                Action.Exit.class))
                .isTrue();
        assertThat(has(Situation.ofSyncStandby().unknownStore().shutdown(), Action.Stop.class))
                .isTrue();
        assertThat(
                        has(
                                Situation.ofSyncStandby()
                                        .guard(new GuardFact.Mode.Paused())
                                        .unknownStore()
                                        .shutdown(),
                                Action.Exit.class))
                .isTrue();
    }

    @Test
    void aPauseLeavesPostgresAloneAndShutsTheAgentOnly() {
        Situation paused = Situation.ofPrimary().paused().noLeaderLease().shutdown();
        assertThat(paused.decide().actions()).singleElement().isInstanceOf(Action.Exit.class);
        assertThat(paused.armed().decide().actions())
                .as("the guard would end PostgreSQL after the agent")
                .containsExactly(new Action.SetGuard(new GuardFact.Mode.Paused()));
        assertThat(Situation.ofPrimary().paused().now(Situation.SOFT_MILLIS).decide().actions())
                .isEmpty();
    }

    @Test
    void aPauseCarriesASwitchoverThrough() {
        Situation candidate =
                Situation.ofSyncStandby()
                        .paused()
                        .handedOver(PG2, 200, Catalogue.EARLIER)
                        .confirmed(200);
        assertThat(candidate.decide().reason().code()).isEqualTo(Reason.Code.LEAD_CLAIM);
        Situation prepared = candidate.sync(PG2).claim(2, PG2, 200, Situation.Claim.UNOPENED);
        assertThat(has(prepared, Action.Promote.class)).isTrue();
        Situation old =
                Catalogue.oldPrimary(State.SHUT_DOWN)
                        .paused()
                        .handedOver(PG2, 200, HERE)
                        .sync(PG2, PG3);
        assertThat(has(old, Action.StartStandby.class)).isTrue();
        assertThat(Catalogue.oldPrimary(State.SHUT_DOWN).paused().decide().actions())
                .as("stopped by hand")
                .isEmpty();
    }

    @Test
    void aManualFailoverIsCarriedOutInAPauseWithoutALeader() {
        assertThat(Situation.ofAsyncStandby().leaderDied().paused().decide().actions()).isEmpty();
        assertThat(
                        has(
                                Situation.ofAsyncStandby()
                                        .leaderDied()
                                        .paused()
                                        .failoverRequest(Optional.empty(), Optional.of(PG3)),
                                Action.CreateLeader.class))
                .isTrue();
    }

    @Test
    void afterAPauseAPrimaryThatLostItsLeaseMeanwhileIsNotEndedForThat() {
        Memory paused =
                Situation.ofPrimary()
                        .paused()
                        .newLease()
                        .led(Situation.Lead.ALONE)
                        .decide()
                        .memory();
        Situation resumed =
                Situation.ofPrimary()
                        .newLease()
                        .guard(new GuardFact.Mode.Paused())
                        .memory(m -> paused);
        assertThat(has(resumed, Action.Kill.class)).isFalse();
        assertThat(has(resumed, Action.SetGuard.class)).isTrue();
    }

    @Test
    void aFailedStopOrPromotionIsTriedAgainAfterAPause() {
        Situation failed =
                Catalogue.prepared().failed(Catalogue.promote(), "the server does not answer");
        assertThat(has(failed, Action.Promote.class)).isFalse();
        assertThat(failed.decide().lookAgain()).isEqualTo(at(3_000));
        assertThat(has(failed.freshAt(at(3_000)), Action.Promote.class)).isTrue();
    }

    @Test
    void aStandbyStartsEvenWhenNobodyLeads() {
        for (State state : State.values()) {
            assertThat(has(Situation.ofFailover().stopped(state), Action.StartStandby.class))
                    .as(state.toString())
                    .isTrue();
        }
    }

    @Test
    void everyoneFindsTheNewLeader() {
        Decision follow =
                Situation.ofAsyncStandby()
                        .applied(Situation.ofAsyncStandby().observe().applied())
                        .leader(PG2, 200)
                        .decide();
        assertThat(follow.actions())
                .anyMatch(a ->
                        a instanceof Action.ApplyFiles(var files)
                                && files.upstream().equals(Optional.of(upstreamOf(PG2))));
    }

    @Test
    void aNewLeaderFetchesWhatAnotherStandbyHasMoreBeforeItPromotes() {
        Lsn more = Lsn.of("0/5000100");
        Situation asking = Catalogue.prepared().nobodyAsked();
        assertThat(asking.decide().actions()).hasOnlyElementsOfType(Action.AskPeers.class);
        Situation ahead = Catalogue.prepared().peerAt(PG3, more);
        assertThat(ahead.decide().reason().code()).isEqualTo(Reason.Code.LEAD_CATCH_UP);
        assertThat(ahead.decide().actions())
                .singleElement()
                .isInstanceOfSatisfying(
                        Action.ApplyFiles.class,
                        a -> assertThat(a.files().upstream()).contains(upstreamOf(PG3)));
        assertThat(ahead.server(standbyServer(more)).decide().reason().code())
                .as("fetched")
                .isEqualTo(Reason.Code.LEAD_PROMOTE);
    }

    @Test
    void aNewLeaderDoesNotFetchForEverNorWhatItNeedNotHave() {
        Lsn more = Lsn.of("0/5000100");
        assertThat(hasMoreAfter(more, 2_999)).isTrue();
        assertThat(hasMoreAfter(more, 3_000)).as("given up").isFalse();
        assertThat(hasMoreAfter(HERE, 0)).as("the same").isFalse();
        assertThat(has(Catalogue.prepared().nobodyAsked(), Action.AskPeers.class)).isTrue();
        Situation silent = Catalogue.prepared().nobodyAsked().memory(m -> since(m, -1_000));
        assertThat(has(silent, Action.Promote.class)).as("no answer").isTrue();
        assertThat(has(Catalogue.prepared().asynchronous().nobodyAsked(), Action.AskPeers.class))
                .as("the best one leads anyway")
                .isFalse();
    }

    @Test
    void aNewLeaderDoesNotWaitOnceMoreForWhoWasSilentInTheRace() {
        assertThat(askedAgain(new Peer.Silent(at(-600), "timed out"))).isEmpty();
        assertThat(askedAgain(new Peer.Silent(at(-1_001), "timed out")))
                .as("that was long ago")
                .containsExactly(PG3);
        assertThat(askedAgain(answered(at(-600)))).as("it has gone on").containsExactly(PG3);
    }

    /** Whom a new leader asks that has heard this of the one other member. */
    private static List<MemberName> askedAgain(Peer inTheRace) {
        return Catalogue.prepared()
                .memory(m -> since(m, 0))
                .nobodyAsked()
                .peer(PG3, inTheRace)
                .decide()
                .actions()
                .stream()
                .filter(Action.AskPeers.class::isInstance)
                .map(Action.AskPeers.class::cast)
                .flatMap(ask -> ask.members().stream())
                .toList();
    }

    private static Peer answered(MonoTime askedAt) {
        return new Peer.Answered(
                askedAt, true, true, Optional.of(new Timeline(1)), HERE, HERE, false);
    }

    private static boolean hasMoreAfter(Lsn position, long millis) {
        return Catalogue.prepared()
                        .memory(m -> since(m, 0))
                        .peerAt(PG1, position)
                        .peerAt(PG3, position)
                        .freshAt(at(millis))
                        .decide()
                        .reason()
                        .code()
                == Reason.Code.LEAD_CATCH_UP;
    }

    private static Memory since(Memory memory, long millis) {
        return memory.withLeadership(
                Optional.of(new Memory.Leadership(Optional.of(new Epoch(200)), at(millis))));
    }

    @Test
    void aFormerPrimaryStaysDownForAMomentWhileTheNextOneTakesOver() {
        Situation handed =
                Catalogue.oldPrimary(State.SHUT_DOWN)
                        .handedOver(PG2, 200, HERE)
                        .memberState(PG2, MemberState.STARTING, MemberRole.REPLICA)
                        .memory(m ->
                                m.withLeadership(
                                        Optional.of(
                                                new Memory.Leadership(
                                                        Optional.of(new Epoch(200)), at(0)))));
        assertThat(handed.decide().actions()).isEmpty();
        assertThat(handed.decide().lookAgain()).isEqualTo(at(1_000));

        handed.memberState(PG2, MemberState.RUNNING, MemberRole.PRIMARY);
        assertThat(has(handed.sync(PG2), Action.StartStandby.class))
                .as("commits still wait for the first synchronous standby")
                .isFalse();
        assertThat(has(handed.sync(PG2, PG3), Action.StartStandby.class)).isTrue();
        assertThat(has(handed.sync(PG2).freshAt(at(1_000)), Action.StartStandby.class)).isTrue();
    }

    @Test
    void aFormerPrimaryComesBackAtOnceWhereItIsNeededAsStandby() {
        Situation handed =
                Catalogue.oldPrimary(State.SHUT_DOWN)
                        .handedOver(PG2, 200, HERE)
                        .memberState(PG2, MemberState.STARTING, MemberRole.REPLICA)
                        .without(PG3)
                        .memory(m ->
                                m.withLeadership(
                                        Optional.of(
                                                new Memory.Leadership(
                                                        Optional.of(new Epoch(200)), at(0)))));
        assertThat(has(handed, Action.StartStandby.class)).isTrue();
    }
}
