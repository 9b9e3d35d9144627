package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.upstreamOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** S4: a data directory is replaced only when what it held is kept aside. */
class NothingDestroyedTest {
    private static Optional<Action> replaces(Situation situation) {
        return situation.decide().actions().stream()
                .filter(a ->
                        a instanceof Action.Clone
                                || a instanceof Action.Restore
                                || a instanceof Action.Rewind
                                || a instanceof Action.InitDb)
                .findFirst();
    }

    @Test
    void aDirectoryThatHoldsSomethingIsReplacedUnderANameForWhatIsKeptAside() {
        for (Map.Entry<String, Situation> entry : Catalogue.situations().entrySet()) {
            boolean holdsSomething =
                    entry.getValue()
                            .observe()
                            .data()
                            .filter(d -> !(d instanceof DataDirectory.Missing))
                            .isPresent();
            if (holdsSomething
                    && replaces(entry.getValue()).orElse(null) instanceof Action.Clone clone) {
                assertThat(clone.reason()).as(entry.getKey()).isNotEmpty();
            }
        }
    }

    @Test
    void nothingIsReplacedUnderARunningServer() {
        for (Map.Entry<String, Situation> entry : Catalogue.situations().entrySet()) {
            if (entry.getValue().observe().serverMayRun()) {
                assertThat(replaces(entry.getValue())).as(entry.getKey()).isEmpty();
            }
        }
    }

    @Test
    void aDirectoryOfAnotherClusterIsLeftAlone() {
        for (Situation other :
                new Situation[] {
                    Situation.ofAsyncStandby(),
                    Situation.ofAsyncStandby().stopped(),
                    Situation.ofPrimary(),
                    Catalogue.oldPrimary(State.IN_PRODUCTION)
                }) {
            Decision decision =
                    other.initialize(Optional.of(new SystemIdentifier("42")), Optional.empty())
                            .decide();
            assertThat(decision.reason().code()).isEqualTo(Reason.Code.REFUSE_SYSTEM);
            assertThat(decision.actions().stream().filter(a -> !(a instanceof Action.SetGuard)))
                    .singleElement()
                    .isInstanceOf(Action.Exit.class);
        }
    }

    @Test
    void aBrokenDirectoryIsNotReplacedWhileThereIsNothingToCopyFrom() {
        DataDirectory broken = new DataDirectory.Broken("there is no global/pg_control");
        assertThat(replaces(Situation.ofNewMember().data(broken))).isEmpty();
        assertThat(
                        replaces(
                                Situation.ofAsyncStandby()
                                        .stopped()
                                        .data(broken)
                                        .memberState(
                                                PG1, MemberState.STARTING, MemberRole.REPLICA)))
                .isEmpty();
        assertThat(replaces(Situation.ofAsyncStandby().leaderDied().stopped().data(broken)))
                .isEmpty();
        assertThat(replaces(Situation.ofAsyncStandby().stopped().data(broken)))
                .contains(new Action.Clone(upstreamOf(PG1), List.of(), "broken"));
    }

    @Test
    void initdbRunsOnlyInAnEmptyDirectoryUnderTheClaim() {
        Situation claimed =
                Situation.ofNewMember().initialize(Optional.empty(), Optional.of(leaseOf(PG1)));
        assertThat(replaces(claimed)).containsInstanceOf(Action.InitDb.class);
        assertThat(replaces(claimed.directoryState(State.SHUT_DOWN))).isEmpty();
        assertThat(
                        replaces(
                                claimed.data(new DataDirectory.Missing())
                                        .initialize(Optional.empty(), Optional.of(leaseOf(PG2)))))
                .isEmpty();
        assertThat(replaces(Situation.ofNewMember())).as("not before the claim stands").isEmpty();
        assertThat(
                        replaces(
                                Situation.ofNewMember()
                                        .initialize(Optional.of(Values.SYSTEM), Optional.empty())))
                .isEmpty();
    }

    @Test
    void noSecondClusterIsMadeWhereSomebodyHasLed() {
        Situation lost = Situation.ofNewMember();
        assertThat(lost.decide().actions()).anyMatch(Action.ClaimInitialize.class::isInstance);
        assertThat(lost.released(PG2).decide().actions()).isEmpty();
    }

    @Test
    void whatMayBeATwinOfTheLeadersTimelineIsCopiedAndNotRewound() {
        Situation twin =
                Catalogue.lostAfterPromotion(State.IN_PRODUCTION)
                        .leader(PG2, 150)
                        .claim(2, PG2, 150, Situation.Claim.OPENED)
                        .memberState(PG2, MemberState.RUNNING, MemberRole.PRIMARY)
                        .source(second(HERE), Situation.Promoted.YES);
        assertThat(replaces(twin))
                .contains(new Action.Clone(upstreamOf(PG2), List.of(), "diverged"));
    }

    @Test
    void anOldPrimaryIsRewoundOrCopiedOnlyAfterTheLeaderHasShownItsHistory() {
        for (State state : State.values()) {
            assertThat(replaces(Catalogue.oldPrimary(state))).as(state.toString()).isEmpty();
            assertThat(
                            replaces(
                                    Catalogue.oldPrimary(state)
                                            .source(second(HERE), Situation.Promoted.NOT_YET)))
                    .as(state.toString())
                    .isEmpty();
        }
        assertThat(
                        replaces(
                                Catalogue.oldPrimary(State.IN_PRODUCTION)
                                        .source(second(HERE), Situation.Promoted.YES)))
                .contains(new Action.Rewind(upstreamOf(PG2)));
    }

    @Test
    void theHistoryOfAnEarlierLeaderDecidesNothing() {
        Situation stale =
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .leader(PG2, 201);
        assertThat(replaces(stale)).isEmpty();
        assertThat(stale.decide().reason().code()).isEqualTo(Reason.Code.FOLLOW_ASK);
    }

    @Test
    void aFreshCopyFollowsOnlyAFailedOrImpossibleRewind() {
        Situation old =
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES);
        assertThat(replaces(old)).contains(new Action.Rewind(upstreamOf(PG2)));
        assertThat(replaces(old.failed(new Action.Rewind(upstreamOf(PG2)), "no route to host")))
                .contains(new Action.Clone(upstreamOf(PG2), List.of(), "rewind-failed"));
    }

    @Test
    void beforeARewindWhatIsThereIsKeptAsThePolicySays() {
        for (Keeping how : List.of(Keeping.AUTO, Keeping.REFLINK, Keeping.COPY)) {
            Situation old =
                    Catalogue.oldPrimary(State.IN_PRODUCTION)
                            .source(second(HERE), Situation.Promoted.YES)
                            .keeps(how);
            assertThat(old.decide().actions()).containsExactly(new Action.KeepAside(how));
            assertThat(old.decide().reason().code()).isEqualTo(Reason.Code.REJOIN_KEEP);
            assertThat(replaces(old.done(new Action.KeepAside(how))))
                    .contains(new Action.Rewind(upstreamOf(PG2)));
        }
    }

    @Test
    void whereItCannotBeKeptNothingIsChangedAndItIsTriedAgain() {
        Situation full =
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .keeps(Keeping.COPY)
                        .failed(new Action.KeepAside(Keeping.COPY), "there is no room");
        assertThat(full.decide().actions()).isEmpty();
        assertThat(full.decide().reason().sentence()).contains("there is no room");
        assertThat(full.now(9_999).decide().actions()).isEmpty();
        assertThat(full.now(10_000).decide().actions())
                .containsExactly(new Action.KeepAside(Keeping.COPY));
    }

    @Test
    void whoKeepsByRenamingIsCopiedAndNeverRewound() {
        assertThat(
                        replaces(
                                Catalogue.oldPrimary(State.IN_PRODUCTION)
                                        .source(second(HERE), Situation.Promoted.YES)
                                        .keeps(Keeping.RENAME)))
                .contains(new Action.Clone(upstreamOf(PG2), List.of(), "diverged"));
    }

    /** Either would run out of room half way. */
    @Test
    void onADiskWithoutRoomNothingIsRewoundOrCopied() {
        Situation old =
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES);
        Situation full = old.trouble(Vital.Kind.DATA, -100, "no space is left");
        assertThat(replaces(full)).isEmpty();
        assertThat(full.decide().reason().code()).isEqualTo(Reason.Code.REJOIN_UNWELL);
        assertThat(replaces(full.failed(new Action.Rewind(upstreamOf(PG2)), "no space is left")))
                .isEmpty();
    }

    @Test
    void rewindAndCopyDoNotFailInTurnWithoutAPause() {
        Situation old =
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .failed(
                                new Action.Clone(upstreamOf(PG2), List.of(), "diverged"),
                                "no route to host");
        assertThat(replaces(old)).isEmpty();
        assertThat(replaces(old.now(2_999))).isEmpty();
        assertThat(replaces(old.now(3_000))).contains(new Action.Rewind(upstreamOf(PG2)));
    }

    @Test
    void aLeaderNeverCopiesFromItself() {
        assertThat(replaces(Situation.ofPrimary().stopped().data(new DataDirectory.Missing())))
                .isEmpty();
        assertThat(
                        replaces(
                                Situation.ofPrimary()
                                        .stopped()
                                        .data(new DataDirectory.Broken("half a base backup"))))
                .isEmpty();
    }

    @Test
    void aDivergedStandbyIsRewoundOnceAndStarts() {
        Situation diverged =
                Situation.ofSyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(EPOCH)));
        assertThat(replaces(diverged)).contains(new Action.Rewind(upstreamOf(PG1)));
        Decision after = diverged.done(new Action.Rewind(upstreamOf(PG1))).decide();
        assertThat(after.actions()).anyMatch(Action.StartStandby.class::isInstance);
        assertThat(after.memory().diverged()).isEmpty();
    }

    /**
     * With pg_rewind switched off it was copied again and again, each copy set aside by the next.
     */
    @Test
    void aDivergedStandbyIsCopiedOnceAndStarts() {
        Situation diverged =
                Situation.ofSyncStandby()
                        .stopped(State.IN_ARCHIVE_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(EPOCH)));
        for (String aside : new String[] {"diverged", "rewind-failed"}) {
            Decision after =
                    diverged.done(new Action.Clone(upstreamOf(PG1), List.of(), aside)).decide();
            assertThat(after.actions()).anyMatch(Action.StartStandby.class::isInstance);
            assertThat(after.memory().diverged()).isEmpty();
        }
    }
}
