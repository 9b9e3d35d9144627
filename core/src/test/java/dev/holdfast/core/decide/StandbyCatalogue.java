package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.standbyServer;
import static dev.holdfast.core.decide.Values.third;
import static dev.holdfast.core.decide.Values.upstreamOf;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** The situations of the golden table in which this member does not lead, or not yet. */
final class StandbyCatalogue {
    private final BiConsumer<String, Situation> put;

    StandbyCatalogue(BiConsumer<String, Situation> put) {
        this.put = put;
    }

    void situations() {
        race();
        vote();
        promotion();
        follow();
        rejoin();
        bootstrap();
        new StandbyClusterCatalogue(put).situations();
    }

    private void race() {
        put.accept(
                "leader gone, synchronous standby, nobody else entitled", Situation.ofFailover());
        put.accept("leader gone, asynchronous standby", Situation.ofAsyncStandby().leaderDied());
        put.accept("leader gone, its lease alive", Situation.ofFailover().predecessorAlive());
        put.accept(
                "leader gone, its lease not asked for",
                Situation.ofFailover().predecessorUnknown());
        put.accept(
                "leader gone after it released",
                Situation.ofFailover().predecessorUnknown().released(PG1));
        put.accept(
                "leader gone, nobody knows who it was",
                Situation.ofFailover().predecessorUnknown().noEpochRecord());
        put.accept(
                "leader gone, the store was restored to before the last leader",
                Situation.ofFailover().knows(new KnownStore(1, 300, 0, 50)));
        put.accept(
                "another leads by a key that was restored",
                Situation.ofSyncStandby().knows(new KnownStore(1, 300, 0, 50)));
        put.accept("leader gone, nofailover here", Situation.ofFailover().myTag("nofailover"));
        put.accept(
                "leader gone, a watchdog is required and there is none here",
                Situation.ofFailover().barred("there is no watchdog"));
        put.accept("leader gone, no lease here", Situation.ofFailover().lostLease());
        put.accept(
                "leader gone, two entitled, the other not asked",
                Situation.ofFailover().sync(PG1, PG2, PG3));
        put.accept(
                "leader gone, two entitled, the other has more",
                Situation.ofFailover().sync(PG1, PG2, PG3).peerAt(PG3, Catalogue.LATER));
        put.accept(
                "leader gone, two entitled, the other has less",
                Situation.ofFailover().sync(PG1, PG2, PG3).peerAt(PG3, Catalogue.EARLIER));
        put.accept(
                "leader gone, a later timeline was opened",
                Situation.ofFailover().claim(2, PG3, 90, Situation.Claim.OPENED));
        put.accept(
                "nobody leads, former primary whose timeline another has claimed",
                Catalogue.lostAfterPromotion(State.IN_PRODUCTION)
                        .claim(2, PG3, 90, Situation.Claim.UNOPENED));
        put.accept(
                "nobody leads, former primary that opened a timeline and had not recorded it",
                Catalogue.lostAfterPromotion(State.IN_PRODUCTION)
                        .claim(2, PG1, 90, Situation.Claim.UNOPENED));
        put.accept(
                "leader key removed, recorded here, and this member may not lead",
                Situation.ofSyncStandby()
                        .noLeader()
                        .sync(PG1, PG3)
                        .epochRecord(
                                new EpochRecord(PG2, leaseOf(PG2), false, Optional.empty(), 1),
                                120));
        put.accept(
                "leader gone, a new cluster is being made",
                Situation.ofFailover().initialize(Optional.empty(), Optional.of(leaseOf(PG3))));
        put.accept(
                "leader gone, asynchronous, too far behind",
                Situation.ofAsyncStandby().asynchronous().leaderDied().optime(Lsn.of("0/9000000")));
        put.accept(
                "leader gone, not listed in failsafe", Situation.ofFailover().failsafe(PG1, PG3));
        put.accept(
                "leader gone, this member confirmed that it stays",
                confirming(Situation.ofFailover()));
        put.accept(
                "leader gone, failsafe, this agent has just begun",
                Situation.ofFailover()
                        .failsafe(PG1, PG2, PG3)
                        .told(f -> FailsafeFact.startedAt(at(-9_000))));
        put.accept(
                "leader key taken by an old write after this member confirmed another",
                confirming(Catalogue.prepared()));
        put.accept(
                "leader gone, disk full here, another entitled member is well",
                Situation.ofFailover()
                        .sync(PG1, PG2, PG3)
                        .trouble(Vital.Kind.DATA, -100, "no space is left"));
        put.accept(
                "leader gone, pre_promote forbade the promotion here",
                Situation.ofFailover()
                        .sync(PG1, PG2, PG3)
                        .asksBeforePromotion()
                        .failed(new Action.PrePromote(EPOCH), "pre_promote ended with status 1"));
        put.accept(
                "leader key taken, pre_promote is to be asked",
                Situation.ofNewLeader().asksBeforePromotion());
        put.accept(
                "leader key taken, pre_promote forbids the promotion",
                Situation.ofNewLeader()
                        .asksBeforePromotion()
                        .failed(
                                new Action.PrePromote(new Epoch(200)),
                                "pre_promote ended with status 1"));
        put.accept(
                "leader key taken, pre_promote agreed",
                Situation.ofNewLeader()
                        .asksBeforePromotion()
                        .done(new Action.PrePromote(new Epoch(200))));
        put.accept(
                "leader key lost while pre_promote is asked",
                Situation.ofFailover()
                        .asksBeforePromotion()
                        .running(new Action.PrePromote(new Epoch(200))));
        put.accept(
                "leader gone, the operator asked for another",
                Situation.ofFailover()
                        .sync(PG1, PG2, PG3)
                        .failoverRequest(Optional.empty(), Optional.of(PG3)));
        put.accept(
                "leader gone, no server here",
                Situation.ofFailover().stopped(State.SHUT_DOWN_IN_RECOVERY));
        put.accept("leader gone, server starting", Situation.ofFailover().rejecting());
        put.accept(
                "leader gone, server starts too often",
                Situation.ofFailover()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withCrashes(new Memory.Crashes(4, at(-500)))));
    }

    /** pg1 died, and any one of pg2 and pg3 has confirmed each commit. */
    static Situation voting() {
        return Situation.ofFailover()
                .config(c -> c.sync(SyncMode.QUORUM))
                .sync(SyncState.of(PG1, List.of(PG2, PG3), 1), 50);
    }

    private void vote() {
        put.accept("leader gone, quorum, nobody asked", voting());
        put.accept(
                "leader gone, quorum, its receiver stopped, the other still streams",
                voting().detached().peerAt(PG3, HERE));
        put.accept(
                "leader gone, quorum, the other voted and has less",
                voting().detached().vote(PG3, Catalogue.EARLIER, Situation.Tag.NONE));
        put.accept(
                "leader gone, quorum, the other voted and has more",
                voting().detached().vote(PG3, Catalogue.LATER, Situation.Tag.NONE));
        put.accept(
                "leader gone, quorum, the other has more and may not lead",
                voting().detached().vote(PG3, Catalogue.LATER, Situation.Tag.NOFAILOVER));
        put.accept(
                "leader gone, quorum, this member may not lead and votes",
                voting().myTag("nofailover"));
        put.accept(
                "leader gone, quorum, this member confirmed that it stays", confirming(voting()));
    }

    static Situation confirming(Situation situation) {
        return situation
                .failsafe(PG1, PG2, PG3)
                .told(f ->
                        f.withGiven(
                                Optional.of(new FailsafeFact.Given(PG1, Values.EPOCH, at(4_000)))));
    }

    private void promotion() {
        put.accept(
                "the lease is held, the others not asked what they have",
                Catalogue.prepared().nobodyAsked());
        put.accept(
                "the lease is held, another standby has received more",
                Catalogue.prepared().peerAt(PG3, Lsn.of("0/5000100")));
        put.accept("leader key taken, guard not armed", Situation.ofNewLeader());
        put.accept("leader key taken, guard armed", Situation.ofNewLeader().armed());
        put.accept("leader key taken, prepared", Catalogue.prepared());
        put.accept(
                "leader key taken, promotion failed",
                Catalogue.prepared().failed(Catalogue.promote(), "the server does not answer"));
        put.accept("leader key taken, not confirmed", Situation.ofFailover().leader(PG2, 200));
        put.accept(
                "leader key taken, not in the sync set",
                Situation.ofAsyncStandby().leaderDied().leads(200));
        put.accept(
                "leader key taken, a later timeline was opened",
                Situation.ofNewLeader().claim(2, PG3, 90, Situation.Claim.OPENED));
        put.accept(
                "leader key taken, not entitled, guard armed",
                Situation.ofAsyncStandby().leaderDied().leads(200).armed());
        put.accept(
                "lease handed over, checkpoint not replayed",
                Situation.ofSyncStandby().handedOver(PG2, 200, Catalogue.LATER).confirmed(200));
        put.accept(
                "leader key taken, names not set",
                Situation.ofNewLeader()
                        .armed()
                        .server(Catalogue.withNames(""))
                        .applied(Optional.empty()));
    }

    private static Situation archived() {
        Situation archived = Situation.ofAsyncStandby().myTag("nostream");
        Observation o = archived.observe();
        return archived.applied(
                        Optional.of(
                                Files.forStandby(o, o.cluster().orElseThrow(), Optional.empty())))
                .server(standbyServer(HERE, 1, Values.Receiving.NOTHING));
    }

    private void follow() {
        put.accept("healthy synchronous standby", Situation.ofSyncStandby());
        put.accept("healthy asynchronous standby", Situation.ofAsyncStandby());
        put.accept(
                "standby, configuration to apply",
                Situation.ofSyncStandby().applied(Optional.empty()));
        put.accept(
                "standby, not ready and following nobody", Situation.ofSyncStandby().startingUp());
        put.accept("standby, guard still armed", Situation.ofSyncStandby().armed());
        put.accept(
                "standby, leader starting",
                Situation.ofSyncStandby()
                        .memberState(PG1, MemberState.STARTING, MemberRole.PRIMARY)
                        .server(standbyServer(HERE, 1, Values.Receiving.NOTHING)));
        put.accept(
                "standby does not stream, first look",
                Situation.ofSyncStandby().server(standbyServer(HERE, 1, Values.Receiving.NOTHING)));
        put.accept(
                "standby does not stream, woken once before",
                Catalogue.woken().memory(m -> m.withWake(new Memory.Wake(110, 1, at(-200)))));
        put.accept("standby does not stream, woken twice", Catalogue.woken());
        put.accept("standby whose tag names another that streams", CascadeTest.below());
        put.accept("standby of a standby", CascadeTest.cascaded());
        put.accept(
                "standby whose tag names another, and commits wait for it",
                CascadeTest.below().sync(PG1, PG2, PG3));
        put.accept(
                "standby of a standby that has stopped",
                CascadeTest.cascaded().memberState(PG2, MemberState.STOPPED, MemberRole.REPLICA));
        put.accept(
                "standby of a standby, does not stream",
                CascadeTest.cascaded().server(standbyServer(HERE, 1, Values.Receiving.NOTHING)));
        put.accept("standby of a standby, woken in vain", CascadeTest.letDown());
        put.accept(
                "standby, permanent slots behind their users",
                PermanentSlotsTest.standby(
                        PermanentSlotsTest.physical("archive", Lsn.of("0/3000000")),
                        PermanentSlotsTest.physical("pg2", HERE),
                        PermanentSlotsTest.logical(
                                "events",
                                new Slot.Logical("pgoutput", "shop"),
                                Lsn.of("0/3000000"))));
        put.accept("standby, permanent slots lacking", PermanentSlotsTest.standby());
        put.accept("standby with nostream", archived());
        put.accept(
                "standby with nostream, the leader has gone on to a timeline",
                archived().claim(2, PG1, 100, Situation.Claim.OPENED));
        put.accept(
                "standby with nostream that contradicts the leader",
                archived()
                        .claim(2, PG1, 100, Situation.Claim.OPENED)
                        .source(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "standby whose primary runs with higher limits",
                Situation.ofSyncStandby().server(starved()));
        put.accept(
                "standby does not stream, its WAL contradicts the leader's",
                Catalogue.woken().source(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "standby past the switch point, whose pg_control names the timeline before",
                Catalogue.woken()
                        .server(standbyServer(HERE, 2, Values.Receiving.NOTHING))
                        .source(third(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept("standby silent", Situation.ofSyncStandby().silent());
        put.accept(
                "standby starting",
                Situation.ofSyncStandby()
                        .running(
                                new Action.StartStandby(
                                        Situation.ofSyncStandby()
                                                .observe()
                                                .applied()
                                                .orElseThrow()))
                        .unprobed());
        put.accept("guard is ending what is left", Situation.ofSyncStandby().guardEnding());
    }

    private void rejoin() {
        put.accept(
                "stopped standby", Situation.ofSyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY));
        put.accept(
                "stopped standby, guard armed from before",
                Situation.ofSyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY).armed());
        put.accept(
                "stopped standby that does not stay up",
                Situation.ofSyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withCrashes(new Memory.Crashes(2, at(-500)))));
        put.accept(
                "stopped standby that does not stay up, past the switch point",
                Situation.ofSyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withCrashes(new Memory.Crashes(2, at(-500))))
                        .source(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "old primary, history of the leader not asked",
                Catalogue.oldPrimary(State.IN_PRODUCTION));
        put.accept(
                "old primary, the leader is not promoted yet",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(TimelineHistory.initial(), Situation.Promoted.NOT_YET));
        put.accept(
                "old primary, crashed",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES));
        put.accept(
                "old primary, crashed, rewind not possible",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .config(ConfigParts::withoutRewind)
                        .source(second(HERE), Situation.Promoted.YES));
        put.accept(
                "old primary, crashed, its disk is full",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .trouble(Vital.Kind.DATA, -100, "no space is left"));
        put.accept(
                "old primary, crashed, kept aside first",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .keeps(Keeping.AUTO)
                        .source(second(HERE), Situation.Promoted.YES));
        put.accept(
                "old primary, crashed, kept aside",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .keeps(Keeping.AUTO)
                        .source(second(HERE), Situation.Promoted.YES)
                        .done(new Action.KeepAside(Keeping.AUTO)));
        put.accept(
                "old primary, crashed, it could not be kept aside",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .keeps(Keeping.COPY)
                        .source(second(HERE), Situation.Promoted.YES)
                        .failed(new Action.KeepAside(Keeping.COPY), "there is no room"));
        put.accept(
                "old primary, crashed, it keeps by renaming",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .keeps(Keeping.RENAME)
                        .source(second(HERE), Situation.Promoted.YES));
        put.accept(
                "old primary, crashed, automatic recovery is switched off",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .settings(
                                PG1, MemberSettings.USUAL.with(MemberSettings.Recovery.BY_ORDER)));
        put.accept(
                "stopped standby whose directory is broken, automatic recovery is switched off",
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Broken("half a base backup"))
                        .settings(
                                PG3, MemberSettings.USUAL.with(MemberSettings.Recovery.BY_ORDER)));
        put.accept(
                "standby that was taken out with its PostgreSQL",
                Situation.ofAsyncStandby()
                        .settings(PG3, MemberSettings.USUAL.with(MemberSettings.Duty.STOPPED)));
        put.accept(
                "synchronous standby that was taken out with its PostgreSQL",
                Situation.ofSyncStandby()
                        .settings(PG2, MemberSettings.USUAL.with(MemberSettings.Duty.STOPPED)));
        put.accept(
                "stopped standby that was taken out with its PostgreSQL",
                Situation.ofAsyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .settings(PG3, MemberSettings.USUAL.with(MemberSettings.Duty.STOPPED)));
        put.accept(
                "old primary, rewind failed",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .failed(new Action.Rewind(upstreamOf(PG2)), "could not connect"));
        put.accept(
                "old primary, rewind found nothing to do",
                Catalogue.oldPrimary(State.IN_PRODUCTION)
                        .source(second(HERE), Situation.Promoted.YES)
                        .done(new Action.Rewind(upstreamOf(PG2))));
        put.accept(
                "old primary, handed over",
                Catalogue.oldPrimary(State.SHUT_DOWN).handedOver(PG2, 200, HERE).sync(PG2, PG3));
        put.accept(
                "old primary, handed over, the next one has no synchronous standby yet",
                Catalogue.oldPrimary(State.SHUT_DOWN).handedOver(PG2, 200, HERE));
        put.accept(
                "old primary, shut down before the switch point",
                Catalogue.oldPrimary(State.SHUT_DOWN)
                        .source(second(Catalogue.LATER), Situation.Promoted.YES));
        put.accept(
                "old primary, shut down after the switch point",
                Catalogue.oldPrimary(State.SHUT_DOWN)
                        .source(second(Catalogue.EARLIER), Situation.Promoted.YES));
        put.accept(
                "diverged standby, stopped",
                Situation.ofSyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(EPOCH))));
        put.accept(
                "diverged standby, rewound",
                Situation.ofSyncStandby()
                        .stopped(State.IN_ARCHIVE_RECOVERY)
                        .memory(m -> m.withDiverged(Optional.of(EPOCH)))
                        .done(new Action.Rewind(upstreamOf(PG1))));
    }

    private void bootstrap() {
        put.accept("new member, no cluster", Situation.ofNewMember());
        put.accept(
                "new member, no cluster, nofailover", Situation.ofNewMember().myTag("nofailover"));
        put.accept(
                "new member, another makes the cluster",
                Situation.ofNewMember().initialize(Optional.empty(), Optional.of(leaseOf(PG2))));
        Situation claimed =
                Situation.ofNewMember().initialize(Optional.empty(), Optional.of(leaseOf(PG1)));
        put.accept("new cluster claimed", claimed);
        put.accept(
                "new cluster claimed, initdb failed",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .failed(new Action.InitDb(at(0)), "no space left on device"));
        put.accept(
                "new cluster claimed, initdb done",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .directoryState(State.SHUT_DOWN));
        put.accept(
                "new cluster claimed, initdb done, guard armed",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .directoryState(State.SHUT_DOWN)
                        .armed()
                        .stopped());
        put.accept(
                "new cluster claimed, first server runs",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .directoryState(State.IN_PRODUCTION)
                        .guard(new GuardFact.Mode.Standby())
                        .server(primaryServer("")));
        put.accept(
                "new cluster claimed, an agent before did not finish it",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .data(new DataDirectory.Broken("the bootstrap did not finish")));
        put.accept(
                "new cluster claimed, its server was given up",
                Situation.ofNewMember()
                        .initialize(Optional.empty(), Optional.of(leaseOf(PG1)))
                        .failed(
                                new Action.StartNewCluster(
                                        Files.forPrimary(Situation.ofPrimary().observe(), "")),
                                "post_bootstrap ended with status 1"));
        put.accept(
                "new member, the cluster is lost, a backup can be restored",
                Situation.ofNewMember()
                        .initialize(Optional.of(Values.SYSTEM), Optional.empty())
                        .canRestore());
        put.accept(
                "new member, leader runs",
                Situation.ofAsyncStandby().stopped().data(new DataDirectory.Missing()));
        put.accept(
                "empty directory of a member, a standby offers itself",
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Missing())
                        .memberTag(PG2, "clonefrom"));
        put.accept(
                "new member, leader does not run yet",
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Missing())
                        .memberState(PG1, MemberState.STARTING, MemberRole.REPLICA));
        put.accept(
                "new member, base backup failed just now",
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Missing())
                        .failed(
                                new Action.Clone(upstreamOf(PG1), List.of(), ""),
                                "no entry in pg_hba.conf"));
        put.accept(
                "broken directory, no cluster",
                Situation.ofNewMember()
                        .data(new DataDirectory.Broken("there is no global/pg_control")));
        put.accept(
                "broken directory, leader runs",
                Situation.ofAsyncStandby()
                        .stopped()
                        .data(new DataDirectory.Broken("an interrupted base backup")));
        put.accept(
                "directory of another cluster",
                Situation.ofAsyncStandby()
                        .initialize(Optional.of(new SystemIdentifier("42")), Optional.empty()));
    }

    private static Server.Standby starved() {
        Server.Standby s = standbyServer(HERE);
        return new Server.Standby(
                s.common(),
                s.timeline(),
                s.received(),
                s.replayed(),
                s.replayTimestamp(),
                Server.Replay.NEEDS_HIGHER_LIMITS,
                s.receiver(),
                s.primaryConninfo(),
                s.senders(),
                s.slots());
    }
}
