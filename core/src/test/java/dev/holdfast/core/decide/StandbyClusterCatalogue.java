package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.OUTSIDE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.standbyServer;
import static dev.holdfast.core.decide.Values.upstreamOf;

import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** The situations of the golden table of a standby cluster. */
final class StandbyClusterCatalogue {
    private final BiConsumer<String, Situation> put;

    StandbyClusterCatalogue(BiConsumer<String, Situation> put) {
        this.put = put;
    }

    void situations() {
        leading();
        changing();
        others();
        bootstrap();
    }

    private void leading() {
        put.accept("standby leader, streaming", Situation.ofStandbyLeader());
        put.accept("standby leader, lease not proved", Situation.ofStandbyLeader().noLeaderLease());
        put.accept("standby leader, paused", Situation.ofStandbyLeader().paused());
        put.accept("standby leader, guard armed", Situation.ofStandbyLeader().armed());
        put.accept(
                "standby leader that gets no WAL",
                Situation.ofStandbyLeader()
                        .server(standbyServer(HERE, 1, Values.Receiving.NOTHING)));
        put.accept(
                "standby leader past where the other cluster was promoted",
                Situation.ofStandbyLeader()
                        .server(standbyServer(HERE, 1, Values.Receiving.NOTHING))
                        .outside(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "standby leader, diverged and stopped",
                Situation.ofStandbyLeader()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(Values.EPOCH))));
        put.accept(
                "standby leader, rewind failed",
                Situation.ofStandbyLeader()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .failed(new Action.Rewind(OUTSIDE), "could not connect"));
        put.accept(
                "standby leader, PostgreSQL ended",
                Situation.ofStandbyLeader().stopped(State.IN_ARCHIVE_RECOVERY));
        put.accept(
                "standby leader, its data directory is gone",
                Situation.ofStandbyLeader().stopped().data(new DataDirectory.Missing()));
        put.accept(
                "standby leader, its data directory is gone and no other member runs",
                Situation.ofStandbyLeader()
                        .without(PG2)
                        .without(Values.PG3)
                        .stopped()
                        .data(new DataDirectory.Missing()));
        put.accept(
                "standby leader, an operator asked for another",
                Situation.ofStandbyLeader().failoverRequest(Optional.of(PG1), Optional.of(PG2)));
        put.accept(
                "standby leader, an operator asked for any other",
                Situation.ofStandbyLeader().failoverRequest(Optional.of(PG1), Optional.empty()));
        put.accept(
                "standby leader, its disk hangs",
                Situation.ofStandbyLeader().trouble(Vital.Kind.DATA, -9_000, "it hangs"));
    }

    private void changing() {
        put.accept(
                "primary of what is a standby cluster now",
                Situation.ofPrimary().inStandbyCluster());
        put.accept(
                "the same, checkpoint made",
                Situation.ofPrimary()
                        .inStandbyCluster()
                        .memory(m ->
                                m.withSwitchover(
                                        Optional.of(
                                                new Memory.Switchover(
                                                        Optional.empty(),
                                                        Values.at(-500),
                                                        false,
                                                        Optional.empty()))))
                        .checkpointedAt(-100));
        put.accept(
                "the same, shut down",
                Situation.ofPrimary()
                        .inStandbyCluster()
                        .guard(new GuardFact.Mode.Standby())
                        .stopped(State.SHUT_DOWN));
        put.accept("the same, paused", Situation.ofPrimary().inStandbyCluster().paused());
        put.accept(
                "standby leader, the store tells of the time before, the other cluster not asked",
                Situation.ofStandbyLeader().sync(SyncState.of(PG1, List.of(PG2)), 50));
        put.accept(
                "standby leader, the store tells of the time before, and it follows",
                Situation.ofStandbyLeader()
                        .sync(SyncState.of(PG1, List.of(PG2)), 50)
                        .outside(TimelineHistory.initial(), Situation.Promoted.YES));
        put.accept(
                "standby leader on a timeline that the store does not know",
                Situation.ofStandbyLeader()
                        .server(standbyServer(HERE, 2, Values.Receiving.STREAMING))
                        .outside(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "standby leader to which the lease was handed over when the cluster was its own",
                Situation.ofStandbyLeader().handedOver(PG1, 100, HERE));
        put.accept(
                "the standby cluster has become one of its own",
                Situation.ofPrimary()
                        .guard(new GuardFact.Mode.Standby())
                        .sync(SyncState.none(), 50)
                        .claim(1, PG1, 100, Situation.Claim.OPENED)
                        .memory(m ->
                                m.withLeadership(m.leadership().map(Memory.Leadership::doubtful)))
                        .server(standbyServer(HERE)));
    }

    private void others() {
        put.accept(
                "member of a standby cluster, streaming",
                Situation.ofSyncStandby().inStandbyCluster());
        put.accept(
                "member of a standby cluster, old primary that crashed",
                Situation.ofSyncStandby().inStandbyCluster().stopped(State.IN_PRODUCTION));
        put.accept(
                "member of a standby cluster, diverged and stopped",
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(Values.EPOCH))));
        put.accept(
                "standby leader gone, and this member is behind what the store knows",
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .leaderDied()
                        .peerAt(Values.PG3, HERE)
                        .claim(2, PG1, 100, Situation.Claim.OPENED));
        put.accept(
                "standby leader gone, no server here",
                Situation.ofSyncStandby()
                        .inStandbyCluster()
                        .leaderDied()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY));
        put.accept(
                "standby leader gone, the server here waits for more WAL before it takes sessions",
                Situation.ofSyncStandby().inStandbyCluster().leaderDied().startingUp());
    }

    private void bootstrap() {
        put.accept(
                "new standby cluster claimed",
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1))));
        put.accept(
                "new standby cluster claimed, copied",
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .done(new Action.Clone(OUTSIDE, List.of(), ""))
                        .directoryState(State.IN_ARCHIVE_RECOVERY));
        put.accept(
                "new standby cluster claimed, copy failed just now",
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .failed(new Action.Clone(OUTSIDE, List.of(), ""), "could not connect"));
        put.accept(
                "new standby cluster claimed, only an archive to copy from",
                Situation.ofNewMember()
                        .inStandbyCluster()
                        .config(c -> c.standbyCluster(StandbyClusterTest.ARCHIVE))
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1))));
        put.accept(
                "new member of a standby cluster",
                Situation.ofAsyncStandby()
                        .inStandbyCluster()
                        .stopped()
                        .data(new DataDirectory.Missing()));
        put.accept(
                "new member of a standby cluster, its base backup failed and its leader is gone",
                Situation.ofAsyncStandby()
                        .inStandbyCluster()
                        .noLeader()
                        .memberState(PG1, MemberState.STOPPED, MemberRole.REPLICA)
                        .failed(new Action.Clone(upstreamOf(PG1), List.of(), ""), "gone")
                        .now(4_000)
                        .stopped()
                        .data(new DataDirectory.Missing()));
    }
}
