package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.OUTSIDE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.standbyServer;
import static dev.holdfast.core.decide.Values.third;
import static dev.holdfast.core.decide.Values.upstreamOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.config.StandbyCluster;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A standby cluster follows another cluster: nobody in it is promoted, whatever happens, and when
 * it becomes a cluster of its own, or ceases to be one, no promise is weaker than before.
 */
final class StandbyClusterTest {
    /** Without a server to stream from. */
    static final StandbyCluster ARCHIVE =
            new StandbyCluster(
                    List.of(),
                    Optional.empty(),
                    List.of("wal_g"),
                    new TreeMap<>(Map.of("restore_command", "fetch %f %p")),
                    new TreeMap<>());

    private static final Server.Standby STARVED = standbyServer(HERE, 1, Values.Receiving.NOTHING);

    private static boolean has(Decision decision, Class<? extends Action> kind) {
        return decision.actions().stream().anyMatch(kind::isInstance);
    }

    private static <T extends Action> T only(Decision decision, Class<T> kind) {
        List<T> found =
                decision.actions().stream().filter(kind::isInstance).map(kind::cast).toList();
        assertThat(found).as(decision.toString()).hasSize(1);
        return found.getFirst();
    }

    // --- S1, S3: nobody writes

    @Test
    void noSituationOfAStandbyClusterArmsTheGuardOrPromotes() {
        new StandbyClusterCatalogue(
                        (name, situation) -> {
                            Observation seen = situation.observe();
                            Decision decision = Decide.decide(seen);
                            if (seen.config().standbyCluster().isPresent()) {
                                assertThat(decision.actions())
                                        .as(name)
                                        .noneMatch(a ->
                                                a instanceof Action.Promote
                                                        || a instanceof Action.PrePromote
                                                        || a instanceof Action.PreparePromotion
                                                        || a instanceof Action.StartPrimary
                                                        || a instanceof Action.InitDb
                                                        || a instanceof Action.StartNewCluster);
                                assertThat(decision.actions())
                                        .as(name)
                                        .noneMatch(a ->
                                                a instanceof Action.SetGuard(GuardFact.Mode mode)
                                                        && mode instanceof GuardFact.Mode.Armed
                                                        && !Decide.isPrimary(seen.server()));
                            }
                        })
                .situations();
    }

    @Test
    void aStandbyLeaderWhoseLeaseIsNotProvedIsNeitherPromotedNorPrepared() {
        Decision decision = Situation.ofStandbyLeader().noLeaderLease().decide();

        assertThat(decision.actions()).isEmpty();
        assertThat(decision.reason().code()).isEqualTo(Reason.Code.STANDBY_LEAD);
    }

    @Test
    void aPrimaryWithoutTheLeaseIsFencedInAStandbyClusterToo() {
        Decision decision =
                Situation.ofPrimary().inStandbyCluster().now(Situation.SOFT_MILLIS).decide();

        assertThat(has(decision, Action.Kill.class)).isTrue();
    }

    /** HAProxy is told of a service that is open, and of nothing else. */
    @Test
    void clientsAreSentToNobodyToWrite() {
        assertThat(Situation.ofStandbyLeader().decide().service())
                .isEqualTo(Decision.Service.CLOSED);
        new StandbyClusterCatalogue(
                        (name, situation) -> {
                            if (!Decide.isPrimary(situation.observe().server())) {
                                assertThat(situation.decide().service())
                                        .as(name)
                                        .isNotEqualTo(Decision.Service.OPEN);
                            }
                        })
                .situations();
    }

    // --- becoming a standby cluster

    @Test
    void aPrimaryMakesACheckpointWhileItServesAndThenStopsCleanly() {
        Situation primary = Situation.ofPrimary().inStandbyCluster();
        Decision first = primary.decide();
        assertThat(first.reason().code()).isEqualTo(Reason.Code.STANDBY_DEMOTE);
        assertThat(first.service()).isEqualTo(Decision.Service.OPEN);
        assertThat(has(first, Action.Checkpoint.class)).isTrue();

        Decision then = primary.memory(_ -> first.memory()).checkpointedAt(10).decide();

        assertThat(only(then, Action.Stop.class).mode()).isEqualTo(Action.StopMode.FAST);
        assertThat(then.service()).isEqualTo(Decision.Service.CLOSED);
    }

    @Test
    void whatWasAPrimaryComesBackAsAStandbyOnceTheGuardIsDisarmed() {
        Situation stopped = Situation.ofPrimary().inStandbyCluster().stopped(State.SHUT_DOWN);
        assertThat(only(stopped.decide(), Action.SetGuard.class).mode())
                .isEqualTo(new GuardFact.Mode.Standby());

        ServerFiles files =
                only(
                                stopped.guard(new GuardFact.Mode.Standby()).decide(),
                                Action.StartStandby.class)
                        .files();

        assertThat(files.upstream()).contains(OUTSIDE);
        assertThat(files.slotName()).contains("from_east");
        assertThat(files.parameters())
                .containsEntry("restore_command", "fetch %f %p")
                .containsEntry("recovery_min_apply_delay", "5min");
    }

    @Test
    void whoMayBeElectedStaysUntilItFollowsForCertain() {
        Situation before = Situation.ofStandbyLeader().sync(SyncState.of(PG1, List.of(PG2)), 50);
        assertThat(has(before.decide(), Action.WriteSync.class)).isFalse();
        assertThat(only(before.decide(), Action.AskSource.class))
                .isEqualTo(new Action.AskSource(OUTSIDE, EPOCH));

        Situation heard = before.outside(TimelineHistory.initial(), Situation.Promoted.YES);

        assertThat(only(heard.decide(), Action.WriteSync.class).sync()).isEqualTo(SyncState.none());
        assertThat(has(heard.server(STARVED).decide(), Action.WriteSync.class)).isFalse();
    }

    @Test
    void theTimelineThatItFollowsIsWrittenDownLowerOrHigher() {
        for (int known : new int[] {1, 3}) {
            Situation followed =
                    Situation.ofStandbyLeader()
                            .claim(known, PG1, 100, Situation.Claim.OPENED)
                            .server(standbyServer(HERE, 2, Values.Receiving.STREAMING))
                            .outside(second(Catalogue.EARLIER), Situation.Promoted.YES);

            assertThat(only(followed.decide(), Action.FollowTimeline.class).claim())
                    .isEqualTo(new TimelineClaim(new Timeline(2), PG1, EPOCH, HERE, true));
        }
    }

    @Test
    void howTheOtherClusterCameToItsTimelineIsInTheHistoryOfThisOne() {
        HistoryEntry known =
                new HistoryEntry(
                        new Timeline(1),
                        Catalogue.EARLIER,
                        "no recovery target specified",
                        "2026-11-26T11:00:00+00:00",
                        "pg3");
        for (int claimed : new int[] {1, 2}) {
            Situation followed =
                    Situation.ofStandbyLeader()
                            .claim(claimed, PG1, 100, Situation.Claim.OPENED)
                            .server(standbyServer(HERE, 2, Values.Receiving.STREAMING))
                            .outside(second(Catalogue.EARLIER), Situation.Promoted.YES);

            assertThat(only(followed.decide(), Action.FollowTimeline.class).history())
                    .singleElement()
                    .satisfies(line -> {
                        assertThat(line.timeline()).isEqualTo(new Timeline(1));
                        assertThat(line.lsn()).isEqualTo(Catalogue.EARLIER);
                        assertThat(line.newLeader()).as("none of this cluster").isEmpty();
                    });
            Decision after = followed.history(known).decide();
            assertThat(has(after, Action.FollowTimeline.class)).isEqualTo(claimed == 1);
        }
    }

    @Test
    void aTimelineThatNobodyExplainsIsReachedAllTheSame() {
        Situation archive =
                Situation.ofStandbyLeader()
                        .config(c -> c.standbyCluster(ARCHIVE))
                        .claim(1, PG1, 100, Situation.Claim.OPENED)
                        .server(standbyServer(HERE, 2, Values.Receiving.NOTHING));

        Memory fresh = archive.observe().memory();
        Decision first = archive.decide();
        assertThat(only(first, Action.FollowTimeline.class).history()).isEmpty();
        assertThat(has(first, Action.Inspect.class)).as("how it came about").isTrue();
        assertThat(first.lookAgain())
                .isLessThanOrEqualTo(archive.observe().now().plus(Duration.ofSeconds(1)));
        assertThat(has(archive.memory(_ -> first.memory()).decide(), Action.Inspect.class))
                .as("once a second")
                .isFalse();
        assertThat(
                        only(
                                        archive.data(
                                                        Values.directory(
                                                                State.IN_ARCHIVE_RECOVERY,
                                                                HERE,
                                                                second(Catalogue.EARLIER)))
                                                .decide(),
                                        Action.FollowTimeline.class)
                                .history())
                .hasSize(1);
        assertThat(has(archive.memory(_ -> fresh).decide(), Action.Inspect.class))
                .as("known by now")
                .isFalse();
    }

    @Test
    void aKeyConfigThatIsGoneIsWrittenAnew() {
        Situation removed = Situation.ofStandbyLeader().withoutConfig();

        assertThat(only(removed.decide(), Action.WriteConfig.class).epoch().revision())
                .isEqualTo(100);
    }

    @Test
    void whatItHoldsBeyondTheOtherClusterIsRewoundAndNotBeforeThatIsCertain() {
        Situation starved = Situation.ofStandbyLeader().server(STARVED);
        assertThat(only(starved.decide(), Action.AskSource.class).source()).isEqualTo(OUTSIDE);

        Decision diverged =
                starved.outside(second(Catalogue.EARLIER), Situation.Promoted.YES).decide();
        assertThat(only(diverged, Action.Stop.class).mode()).isEqualTo(Action.StopMode.FAST);

        Decision rewind =
                starved.stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(_ -> diverged.memory())
                        .decide();
        assertThat(only(rewind, Action.Rewind.class).source()).isEqualTo(OUTSIDE);
    }

    @Test
    void aSourceThatIsBehindProvesNothing() {
        Situation ahead =
                Situation.ofStandbyLeader()
                        .server(standbyServer(HERE, 3, Values.Receiving.NOTHING))
                        .data(
                                Values.directory(
                                        State.IN_ARCHIVE_RECOVERY, HERE, third(Catalogue.EARLIER)));

        Decision decision =
                ahead.outside(second(Lsn.of("0/1000000")), Situation.Promoted.NOT_YET).decide();

        assertThat(has(decision, Action.Stop.class)).isFalse();
    }

    // --- becoming a cluster of its own

    @Test
    void thePromotionBeginsANewEpochAndHasAllThatAFailoverHas() {
        Decision standby = Situation.ofStandbyLeader().decide();
        Situation promoted =
                Situation.ofPrimary()
                        .memory(_ -> standby.memory())
                        .sync(SyncState.none(), 50)
                        .claim(1, PG1, 100, Situation.Claim.OPENED)
                        .guard(new GuardFact.Mode.Standby())
                        .server(standbyServer(HERE));
        Decision first = promoted.decide();
        assertThat(first.actions()).hasSize(1);
        assertThat(only(first, Action.RenewEpoch.class).epoch()).isEqualTo(EPOCH);

        Situation renewed =
                promoted.memory(_ -> first.memory()).leads(130).peerAt(PG2, HERE).peerAt(PG3, HERE);
        Decision prepared = renewed.decide();

        assertThat(has(prepared, Action.Promote.class)).isFalse();
        assertThat(only(prepared, Action.SetGuard.class).mode())
                .isInstanceOf(GuardFact.Mode.Armed.class);
        assertThat(only(prepared, Action.PreparePromotion.class).claim())
                .isEqualTo(new TimelineClaim(new Timeline(2), PG1, new Epoch(130), HERE, false));
    }

    @Test
    void whoLagsBehindTheTimelineThatTheClusterFollowedIsNotPromoted() {
        Decision decision =
                Situation.ofPrimary()
                        .sync(SyncState.none(), 50)
                        .claim(2, PG2, 90, Situation.Claim.OPENED)
                        .guard(new GuardFact.Mode.Standby())
                        .server(standbyServer(HERE))
                        .decide();

        assertThat(has(decision, Action.Promote.class)).isFalse();
        assertThat(has(decision, Action.ReleaseLeader.class)).isTrue();
    }

    // --- L1: the members among themselves

    @Test
    void whenTheStandbyLeaderIsGoneAnotherTakesTheKeyWhateverItsTimeline() {
        Decision decision =
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .leaderDied()
                        .peerAt(PG3, HERE)
                        .claim(3, PG1, 100, Situation.Claim.OPENED)
                        .optime(Lsn.of("0/9000000"))
                        .asynchronous()
                        .decide();

        assertThat(has(decision, Action.CreateLeader.class)).isTrue();
    }

    @Test
    void onlyTheSyncSetTakesTheKeyWhileItStands() {
        Decision decision =
                Situation.ofAsyncStandby()
                        .inStandbyCluster()
                        .sync(SyncState.of(PG1, List.of(PG2)), 50)
                        .leaderDied()
                        .peerAt(PG2, HERE)
                        .decide();

        assertThat(decision.reason().code()).isEqualTo(Reason.Code.RACE_NOT_SYNC);
    }

    @Test
    void theOthersFollowTheirOwnLeaderByTheirOwnSlots() {
        Observation seen = Situation.ofSyncStandby().inStandbyCluster().observe();

        ServerFiles files =
                Files.forStandby(
                        seen,
                        seen.cluster().orElseThrow(),
                        Following.upstream(seen, seen.cluster().orElseThrow(), PG1));

        assertThat(files.upstream()).contains(upstreamOf(PG1));
        assertThat(files.slotName()).contains("pg2");
        assertThat(files.parameters())
                .containsEntry("restore_command", "fetch %f %p")
                .doesNotContainKey("recovery_min_apply_delay");
    }

    @Test
    void aDivergedMemberIsRewoundFromTheOtherClusterThoughItFollowsItsOwnLeader() {
        Decision decision =
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(EPOCH)))
                        .decide();

        assertThat(only(decision, Action.Rewind.class).source()).isEqualTo(OUTSIDE);
    }

    @Test
    void aSlotOfAMemberThatIsAwayIsKeptOnTheStandbyLeader() {
        Decision decision = Situation.ofStandbyLeader().without(PG3).decide();

        assertThat(has(decision, Action.DropSlots.class)).isFalse();
    }

    @Test
    void anOperatorsSwitchoverGivesTheLeaseBackForTheCandidate() {
        Situation asked =
                Situation.ofStandbyLeader().failoverRequest(Optional.of(PG1), Optional.of(PG3));
        Decision decision = asked.decide();
        assertThat(has(decision, Action.ReleaseLeader.class)).isTrue();
        assertThat(has(decision, Action.ClearFailover.class)).isFalse();

        Decision other =
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .failoverRequest(Optional.of(PG1), Optional.of(PG3))
                        .noLeader()
                        .released(PG1)
                        .decide();
        assertThat(other.reason().code()).isEqualTo(Reason.Code.RACE_CANDIDATE);
    }

    // --- S4: copies

    @Test
    void aNewStandbyClusterIsCopiedByItsOwnMethodsAndTakesTheOthersIdentifier() {
        Situation claimed =
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)));
        assertThat(only(claimed.decide(), Action.Clone.class))
                .isEqualTo(new Action.Clone(OUTSIDE, List.of("wal_g"), ""));

        Decision copied = claimed.directoryState(State.IN_ARCHIVE_RECOVERY).decide();

        assertThat(only(copied, Action.FinishInitialize.class).system()).isEqualTo(Values.SYSTEM);
    }

    @Test
    void withoutServersItIsRestoredFromTheArchiveByWhoMakesIt() {
        Situation archived =
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .config(c -> c.standbyCluster(ARCHIVE))
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)));

        assertThat(only(archived.decide(), Action.Restore.class).methods())
                .containsExactly("wal_g");
    }

    @Test
    void aLostDirectoryIsCopiedFromTheOtherClusterOnlyWhereNobodyElseRuns() {
        Situation lost = Situation.ofStandbyLeader().stopped().data(new DataDirectory.Missing());
        assertThat(has(lost.decide(), Action.ReleaseLeader.class)).isTrue();

        assertThat(only(lost.without(PG2).without(PG3).decide(), Action.Clone.class).source())
                .isEqualTo(OUTSIDE);
    }

    // --- the operator

    @Test
    void aPauseHoldsAChangeOfTheClusterBack() {
        assertThat(Situation.ofPrimary().inStandbyCluster().paused().decide().actions())
                .noneMatch(a -> a instanceof Action.Stop || a instanceof Action.Checkpoint);
        assertThat(Situation.ofStandbyLeader().paused().decide().actions()).isEmpty();
    }

    @Test
    void theCallbacksAreToldOfAStandbyLeader() {
        Situation leader = Situation.ofStandbyLeader();
        Callbacks.Told before =
                new Callbacks.Told.Running(
                        Values.STARTED, Callbacks.Role.REPLICA, Optional.empty());

        Callbacks.Step step =
                Callbacks.follow(
                        before, leader.observe(), leader.decide(), Callbacks.Reload.NOT_ORDERED);

        assertThat(step.call())
                .contains(
                        new Callbacks.Call(
                                Callbacks.Event.ON_ROLE_CHANGE, Callbacks.Role.STANDBY_LEADER));
    }

    @Test
    void anUnwellStandbyLeaderGivesWayToAMemberThatIsWell() {
        Situation unwell = Situation.ofStandbyLeader().trouble(Vital.Kind.DATA, -9_000, "it hangs");
        assertThat(has(unwell.decide(), Action.ReleaseLeader.class)).isTrue();
        assertThat(has(unwell.without(PG2).without(PG3).decide(), Action.ReleaseLeader.class))
                .isFalse();
    }
}
