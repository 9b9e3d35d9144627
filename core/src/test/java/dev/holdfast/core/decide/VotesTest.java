package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** In quorum mode a standby leads only when it has heard enough voters, and is behind none. */
class VotesTest {
    private static final MemberName PG4 = new MemberName("pg4");

    private static Situation voting() {
        return StandbyCatalogue.voting();
    }

    private static Situation forAMinute(Situation situation) {
        return situation.memory(m ->
                m.withLeadership(
                        Optional.of(new Memory.Leadership(Optional.empty(), at(-60_000)))));
    }

    private static boolean takesTheKey(Situation situation) {
        return situation.decide().actions().stream()
                .anyMatch(Action.CreateLeader.class::isInstance);
    }

    private static Reason.Code code(Situation situation) {
        return situation.decide().reason().code();
    }

    @Test
    void oneVoterAloneIsNotEnough() {
        assertThat(takesTheKey(voting().detached())).isFalse();
        assertThat(takesTheKey(voting().detached().peer(PG3, new Peer.Silent(at(0), "gone"))))
                .isFalse();
        // However long it lasts.
        assertThat(takesTheKey(forAMinute(voting().detached().peerAt(PG3, HERE)))).isFalse();
    }

    @Test
    void enoughVotersThatHaveNoMoreElect() {
        assertThat(takesTheKey(voting().detached().vote(PG3, HERE, Situation.Tag.NONE))).isTrue();
    }

    @Test
    void whoStillStreamsOrPledgedAnotherEpochHasNotVoted() {
        assertThat(takesTheKey(voting().detached().peerAt(PG3, HERE))).isFalse();
        Peer.Answered old =
                new Peer.Answered(
                        at(0),
                        true,
                        true,
                        Optional.of(new Timeline(1)),
                        HERE,
                        HERE,
                        false,
                        Optional.empty(),
                        Optional.of(1L));
        assertThat(takesTheKey(voting().detached().peer(PG3, old))).isFalse();
    }

    @Test
    void whoHasMoreGoesFirstAndIsFetchedFromIfItDoesNot() {
        Situation more = voting().detached().vote(PG3, Catalogue.LATER, Situation.Tag.NONE);
        assertThat(code(more)).isEqualTo(Reason.Code.RACE_BETTER);
        assertThat(code(forAMinute(more))).isEqualTo(Reason.Code.RACE_FETCH);
        Situation barred = voting().detached().vote(PG3, Catalogue.LATER, Situation.Tag.NOFAILOVER);
        assertThat(code(barred)).isEqualTo(Reason.Code.RACE_FETCH);
        assertThat(upstreams(barred.decide())).containsExactly(Optional.of(PG3));
    }

    @Test
    void aVoterStopsItsReceiverFirst() {
        assertThat(upstreams(voting().decide())).containsExactly(Optional.empty());
        assertThat(upstreams(voting().myTag("nofailover").decide()))
                .containsExactly(Optional.empty());
        assertThat(upstreams(voting().detached().decide())).isEmpty();
    }

    /** The old leader stays by this member's word, and goes on being followed. */
    @Test
    void whoConfirmedTheLeaderFollowsItUntilThatHasRunOut() {
        assertThat(upstreams(StandbyCatalogue.confirming(voting()).decide())).isEmpty();
    }

    @Test
    void aVoteIsGivenOnlyWithoutReceiverAndLeader() {
        Observation attached = voting().observe();
        Observation detached = voting().detached().observe();
        long epoch = detached.cluster().orElseThrow().epochRevision();
        assertThat(Votes.pledge(detached, detached.server())).contains(epoch);
        assertThat(Votes.pledge(attached, attached.server())).isEmpty();
        assertThat(Votes.pledge(attached, detached.server())).isEmpty();
        assertThat(Votes.pledge(detached, attached.server())).isEmpty();
        Observation led =
                Situation.ofSyncStandby().config(c -> c.sync(SyncMode.QUORUM)).detached().observe();
        assertThat(Votes.pledge(led, led.server())).isEmpty();
    }

    /** Just after its start it opens before it has replayed what it has, and would tell of less. */
    @Test
    void whoStillReplaysItsOwnWalHasNoVoteYet() {
        Observation detached = voting().detached().observe();
        Server.Standby all = (Server.Standby) detached.server().orElseThrow();
        assertThat(Votes.pledge(detached, Optional.of(started(all, Optional.empty())))).isEmpty();
        assertThat(Votes.pledge(detached, Optional.of(started(all, all.received()))))
                .isEqualTo(Votes.pledge(detached, detached.server()))
                .isPresent();
    }

    private static Server.Standby started(Server.Standby like, Optional<Lsn> received) {
        return new Server.Standby(
                like.common(),
                like.timeline(),
                received,
                like.replayed(),
                like.replayTimestamp(),
                Server.Replay.LOCAL,
                like.receiver(),
                like.primaryConninfo(),
                like.senders(),
                like.slots());
    }

    @Test
    void theFormerLeaderNeedsNobody() {
        assertThat(
                        takesTheKey(
                                voting().sync(SyncState.of(PG2, List.of(PG3, PG4), 1), 50)
                                        .peerAt(PG3, HERE)))
                .isTrue();
    }

    @Test
    void whoIsForcedToLeadWaitsForVotesForOneTtl() {
        Situation forced = voting().detached().failoverRequest(Optional.empty(), Optional.of(PG2));
        assertThat(takesTheKey(forced)).isFalse();
        assertThat(takesTheKey(forAMinute(forced))).isTrue();
    }

    @Test
    void outsideTheVotersNobodyLeads() {
        assertThat(code(voting().sync(SyncState.of(PG1, List.of(PG3, PG4), 1), 50).detached()))
                .isEqualTo(Reason.Code.RACE_NOT_SYNC);
    }

    private static List<Optional<MemberName>> upstreams(Decision decision) {
        return decision.actions().stream()
                .flatMap(a ->
                        a instanceof Action.ApplyFiles(ServerFiles files)
                                ? Stream.of(files.upstream().flatMap(u -> u.member()))
                                : Stream.empty())
                .toList();
    }
}
