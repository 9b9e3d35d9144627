package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.sender;
import static dev.holdfast.core.decide.Values.standbyServer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A standby of a standby; one that takes nothing from anybody; one that others copy from. */
class CascadeTest {
    /** pg3, which is to stream from pg2, and streams from pg1 yet. */
    static Situation below() {
        return Situation.ofAsyncStandby().memberTag(PG3, "replicatefrom", "pg2");
    }

    /** pg3, which streams from pg2 as it is to. */
    static Situation cascaded() {
        Situation below = below();
        Observation o = below.observe();
        return below.applied(
                Optional.of(
                        Files.forStandby(
                                o,
                                o.cluster().orElseThrow(),
                                Optional.of(Values.upstreamOf(PG2)))));
    }

    /** pg3 streams from nobody any more, and was woken in vain. */
    static Situation letDown() {
        return cascaded()
                .server(standbyServer(HERE, 1, Values.Receiving.NOTHING))
                .memory(m -> m.withWake(new Memory.Wake(110, 3, at(-900))));
    }

    @Test
    void aStandbyStreamsFromTheOneItsTagNames() {
        assertThat(upstreams(below())).containsExactly(Optional.of(PG2));
        assertThat(upstreams(cascaded())).isEmpty();
    }

    @Test
    void itComesBackToTheLeaderAtOnceWhenThatOneStopsOrStreamsNoMore() {
        assertThat(upstreams(cascaded().memberState(PG2, MemberState.STOPPED, MemberRole.REPLICA)))
                .containsExactly(Optional.of(PG1));
        assertThat(upstreams(cascaded().memberState(PG2, MemberState.RUNNING, MemberRole.REPLICA)))
                .containsExactly(Optional.of(PG1));
        assertThat(upstreams(cascaded().without(PG2))).containsExactly(Optional.of(PG1));
    }

    @Test
    void itStaysWhereItIsWhenThatOneLeads() {
        assertThat(
                        upstreams(
                                cascaded()
                                        .leader(PG2, 200)
                                        .memberState(PG2, MemberState.RUNNING, MemberRole.PRIMARY)))
                .isEmpty();
    }

    @Test
    void tagsThatGoRoundInACircleAreIgnored() {
        assertThat(upstreams(below().memberTag(PG2, "replicatefrom", "pg3"))).isEmpty();
        assertThat(upstreams(Situation.ofAsyncStandby().memberTag(PG3, "replicatefrom", "pg3")))
                .isEmpty();
        // From pg2 on it is the leader's turn: no circle.
        assertThat(upstreams(below().memberTag(PG2, "replicatefrom", "pg1")))
                .containsExactly(Optional.of(PG2));
    }

    @Test
    void whoIsWaitedForByCommitsStaysWithTheLeader() {
        assertThat(upstreams(below().sync(PG1, PG2, PG3))).isEmpty();
    }

    @Test
    void aStandbyThatDoesNotLetItStreamIsPassedOverForAWhile() {
        Decision decision = letDown().decide();

        assertThat(applied(decision)).containsExactly(Optional.of(PG1));
        Memory.Pass pass = decision.memory().wake().pass().orElseThrow();
        assertThat(pass.until().isAfter(at(5_000))).isTrue();
        assertThat(upstreams(below().memory(_ -> decision.memory()))).isEmpty();
        assertThat(upstreams(below().memory(_ -> decision.memory()).freshAt(pass.until())))
                .containsExactly(Optional.of(PG2));
    }

    @Test
    void whoTakesFromTheArchiveFollowsNobodyAndNeitherLeadsNorConfirms() {
        Situation archived = Situation.ofAsyncStandby().myTag("nostream");
        List<ServerFiles> files =
                archived.decide().actions().stream()
                        .flatMap(a ->
                                a instanceof Action.ApplyFiles(ServerFiles f)
                                        ? Stream.of(f)
                                        : Stream.empty())
                        .toList();

        assertThat(files).hasSize(1);
        assertThat(files.getFirst().upstream()).isEmpty();
        assertThat(files.getFirst().slotName()).isEmpty();
        assertThat(archived.observe().self().tags().noSync()).isTrue();
        assertThat(archived.observe().self().tags().noFailover()).isTrue();
    }

    @Test
    void aStandbyOfAStandbyIsNotTakenIntoTheSyncSet() {
        Server.Primary primary =
                primaryServer(
                        "\"pg2\"", sender("pg2", HERE, "sync", 1), sender("pg3", HERE, "async", 0));
        Situation two =
                Situation.ofPrimary()
                        .server(primary)
                        .config(c -> c.count(2))
                        .memberTag(PG3, "replicatefrom", "pg2");
        Observation o = two.observe();

        assertThat(
                        PrimaryRules.syncInput(o, o.cluster().orElseThrow(), primary)
                                .eligible()
                                .keySet())
                .containsExactly(PG2);
    }

    @Test
    void aStandbyOfAStandbyMayBeHandedTheLead() {
        Server.Primary primary = primaryServer("", sender("pg2", HERE, "async", 0));
        Situation above = Situation.ofPrimary().asynchronous().server(primary);
        assertThat(refusal(above, primary).orElseThrow()).contains("is not streaming from pg1");
        assertThat(refusal(above.memberTag(PG3, "replicatefrom", "pg2"), primary)).isEmpty();
    }

    private static Optional<String> refusal(Situation situation, Server.Primary primary) {
        Observation o = situation.observe();
        return Candidates.refusal(
                o, o.cluster().orElseThrow(), primary, PG3, Candidates.SyncSetRule.MUST_BE_IN);
    }

    @Test
    void aNewMemberIsCopiedFromAStandbyThatOffersItselfUnlessTheLeaderIsAskedFor() {
        Situation empty = Situation.ofAsyncStandby().stopped().data(new DataDirectory.Missing());
        assertThat(sources(empty)).containsExactly(PG1);
        assertThat(sources(empty.memberTag(PG2, "clonefrom"))).containsExactly(PG2);
        assertThat(
                        sources(
                                empty.memberTag(PG2, "clonefrom")
                                        .orders(
                                                Orders.NONE.withReinitialize(
                                                        Optional.of(
                                                                new Orders.Reinitialize(
                                                                        at(-100),
                                                                        Orders.CopyOf.LEADER))))))
                .containsExactly(PG1);
    }

    @Test
    void afterACopyThatFailedItIsTheLeadersTurn() {
        Situation failed =
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Missing())
                        .memberTag(PG2, "clonefrom")
                        .failed(new Action.Clone(Values.upstreamOf(PG2), List.of(), ""), "no room");
        assertThat(sources(failed.freshAt(at(3_500)))).containsExactly(PG1);
    }

    private static List<MemberName> sources(Situation situation) {
        return situation.decide().actions().stream()
                .flatMap(a ->
                        a instanceof Action.Clone clone
                                ? clone.source().member().stream()
                                : Stream.empty())
                .toList();
    }

    /** Whom the standby is told to follow; empty when it goes on as it is. */
    private static List<Optional<MemberName>> upstreams(Situation situation) {
        return applied(situation.decide());
    }

    private static List<Optional<MemberName>> applied(Decision decision) {
        return decision.actions().stream()
                .flatMap(a ->
                        a instanceof Action.ApplyFiles(ServerFiles files)
                                ? Stream.of(files.upstream().flatMap(Upstream::member))
                                : Stream.empty())
                .toList();
    }
}
