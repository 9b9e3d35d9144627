package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.directory;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.second;
import static dev.holdfast.core.decide.Values.sender;
import static dev.holdfast.core.decide.Values.standbyServer;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.ControlData.State;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The situations of the golden table, in the order in which they are printed. */
final class Catalogue {
    static final Lsn LATER = Lsn.of("0/6000000");
    static final Lsn EARLIER = Lsn.of("0/4000000");

    private final Map<String, Situation> all = new LinkedHashMap<>();

    private Catalogue() {}

    static Map<String, Situation> situations() {
        Catalogue catalogue = new Catalogue();
        catalogue.primary();
        catalogue.fence();
        catalogue.failsafe();
        catalogue.crash();
        catalogue.switchover();
        new StandbyCatalogue(catalogue::put).situations();
        catalogue.pause();
        catalogue.orders();
        return catalogue.all;
    }

    private void put(String name, Situation situation) {
        if (all.put(name, situation) != null) {
            throw new AssertionError("two situations are called \"" + name + "\"");
        }
    }

    private void primary() {
        put("healthy primary", Situation.ofPrimary());
        put(
                "healthy primary, asynchronous",
                Situation.ofPrimary().asynchronous().server(primaryServer("")));
        put(
                "healthy primary, its synchronous standby is to stream from another",
                Situation.ofPrimary().memberTag(PG2, "replicatefrom", "pg3"));
        put("healthy primary, permanent slots lacking", PermanentSlotsTest.primary());
        put(
                "healthy primary, a slot that is nobody's",
                Situation.ofPrimary()
                        .server(
                                PermanentSlotsTest.with(
                                        primaryServer("\"pg2\""),
                                        PermanentSlotsTest.physical("nobodys", HERE))));
        put(
                "lease renewed, guard knows the old deadline",
                Situation.ofPrimary().guard(new GuardFact.Mode.Armed(at(5_000))));
        put("store not read yet", Situation.ofPrimary().unknownStore());
        put("guard away", Situation.ofPrimary().guardAway());
        put(
                "agent restarted over a running primary, key not confirmed",
                Situation.ofPrimary()
                        .noLeaderLease()
                        .memory(m -> Memory.empty())
                        .applied(Optional.empty()));
        put(
                "agent restarted, and the primary has ended",
                Situation.ofPrimary().stopped(State.IN_PRODUCTION).memory(m -> Memory.empty()));
        put("data directory not looked at", Situation.ofPrimary().unknownData());
        put(
                "just promoted, gate closed, standbys not there yet",
                Situation.ofPrimary()
                        .sync(PG1)
                        .memory(m -> m.withGate(Optional.empty()))
                        .claim(1, PG1, 100, Situation.Claim.OPENED)
                        .server(primaryServer("FIRST 1 (\"pg2\", \"pg3\")", HERE, 1, List.of())));
        put(
                "just promoted, gate closed, one of two standbys streams",
                Situation.ofPrimary()
                        .sync(PG1)
                        .memory(m ->
                                m.withGate(Optional.empty())
                                        .withLeadership(
                                                Optional.of(
                                                        new Memory.Leadership(
                                                                Optional.of(Values.EPOCH),
                                                                at(-100)))))
                        .claim(1, PG1, 100, Situation.Claim.OPENED)
                        .server(
                                primaryServer(
                                        "FIRST 1 (\"pg2\", \"pg3\")",
                                        sender("pg3", EARLIER, "sync", 2))));
        put(
                "just promoted, the standby has flushed what the gate needs",
                Situation.ofPrimary()
                        .sync(PG1)
                        .memory(m -> m.withGate(Optional.empty()))
                        .server(primaryServer("\"pg2\"", sender("pg2", HERE, "sync", 1))));
        put(
                "promotion not recorded yet",
                Situation.ofPrimary()
                        .claim(2, PG1, 100, Situation.Claim.UNOPENED)
                        .data(directory(State.IN_PRODUCTION, HERE, second(EARLIER)))
                        .server(
                                primaryServer(
                                        "\"pg2\"",
                                        HERE,
                                        2,
                                        List.of(
                                                sender("pg2", HERE, "sync", 1),
                                                sender("pg3", HERE, "async", 0)))));
        put(
                "no slot for a member",
                Situation.ofPrimary()
                        .server(
                                new Server.Primary(
                                        Values.common("\"pg2\""),
                                        new Timeline(1),
                                        HERE,
                                        List.of(sender("pg2", HERE, "sync", 1)),
                                        List.of())));
        put(
                "synchronous standby gone, another streams",
                Situation.ofPrimary()
                        .server(primaryServer("\"pg2\"", sender("pg3", HERE, "async", 0))));
        put(
                "only synchronous standby gone, patience",
                Situation.ofPrimary().server(primaryServer("\"pg2\"", HERE, 1, List.of())));
        put(
                "only synchronous standby gone, patience spent",
                Situation.ofPrimary()
                        .memory(m ->
                                m.withSync(
                                        new Memory.Sync(
                                                Optional.empty(),
                                                Optional.of(at(-10_000)),
                                                Optional.of(0L))))
                        .server(primaryServer("\"pg2\"", HERE, 1, List.of())));
        put(
                "only synchronous standby gone, strict",
                Situation.ofPrimary()
                        .config(ConfigParts::strict)
                        .memory(m ->
                                m.withSync(
                                        new Memory.Sync(
                                                Optional.empty(),
                                                Optional.of(at(-10_000)),
                                                Optional.of(0L))))
                        .server(primaryServer("\"pg2\"", HERE, 1, List.of())));
        put(
                "a second synchronous standby is wanted",
                Situation.ofPrimary().config(c -> c.count(2)));
        put(
                "synchronous mode switched off",
                Situation.ofPrimary().config(c -> c.sync(SyncMode.OFF)));
        put(
                "not known for whom commits wait less",
                Situation.ofPrimary().commits(Optional.empty()));
        put(
                "the cluster has no identifier in the store",
                Situation.ofPrimary().initialize(Optional.empty(), Optional.empty()));
        put(
                "somebody has removed the dynamic configuration",
                Situation.ofPrimary().withoutConfig());
    }

    private void fence() {
        put("soft deadline reached", Situation.ofPrimary().now(Situation.SOFT_MILLIS));
        put("another leads, primary here", Situation.ofPrimary().leader(PG2, 200));
        put(
                "another leads, server here rejects sessions",
                Situation.ofPrimary().rejecting().leader(PG2, 200));
        put("the lease is gone from the store", Situation.ofPrimary().lostLease());
        put(
                "the lease is gone from the store, a new one was granted",
                Situation.ofPrimary().newLease().led(Situation.Lead.WITH_SUCCESSOR));
        put(
                "primary found running without a lease, guard at rest",
                Situation.ofPrimary()
                        .noLeaderLease()
                        .guard(new GuardFact.Mode.Standby())
                        .memory(m -> Memory.empty()));
        put(
                "primary found running, another claimed a later timeline",
                Situation.ofPrimary()
                        .noLeader()
                        .noLeaderLease()
                        .memory(m -> Memory.empty())
                        .claim(2, PG2, 200, Situation.Claim.UNOPENED));
        put(
                "leader key deleted by hand, lease alive",
                Situation.ofPrimary().noLeader().revision(130));
        put(
                "leader key deleted by hand, another held it since",
                Situation.ofPrimary()
                        .noLeader()
                        .revision(300)
                        .epochRecord(
                                new EpochRecord(PG2, leaseOf(PG2), false, Optional.empty(), 1),
                                200));
    }

    private void failsafe() {
        put(
                "failsafe mode is on, the key is not there yet",
                Situation.ofPrimary().config(ConfigParts::failsafe));
        put("failsafe mode is on, all is well", staying());
        put("failsafe mode is on, a member is new", Situation.ofPrimary().failsafe(PG1, PG2));
        put(
                "failsafe mode was switched off",
                Situation.ofPrimary().failsafe(PG1, PG2, PG3).config(ConfigParts::noFailsafe));
        put("store away, two renewals missed, failsafe", staying().now(3_000));
        put(
                "store away, soft deadline reached, all others confirm",
                staying().confirmedBy(5_000, PG2, PG3).now(Situation.SOFT_MILLIS));
        put(
                "store away, soft deadline reached, one does not confirm",
                staying().confirmedBy(5_000, PG2).now(Situation.SOFT_MILLIS));
        put(
                "store away, all others confirm, failsafe mode is switched off",
                staying()
                        .confirmedBy(5_000, PG2, PG3)
                        .config(ConfigParts::noFailsafe)
                        .now(Situation.SOFT_MILLIS));
        put(
                "store back, the lease ran out in it, all others confirm",
                staying()
                        .confirmedBy(5_000, PG2, PG3)
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .newLease()
                        .noLeader()
                        .now(Situation.SOFT_MILLIS));
    }

    /** A primary that the others may keep without the store. */
    static Situation staying() {
        return Situation.ofPrimary().failsafe(PG1, PG2, PG3);
    }

    private void crash() {
        put(
                "postmaster killed",
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster killed, pg_rewind not possible",
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .config(ConfigParts::withoutRewind)
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster killed, nobody to take over, guard not armed",
                Situation.ofPrimary()
                        .led(Situation.Lead.ALONE)
                        .stopped(State.IN_PRODUCTION)
                        .guard(new GuardFact.Mode.Standby()));
        put(
                "postmaster killed, much to replay",
                Situation.ofPrimary()
                        .memory(m ->
                                m.withLead(
                                        Optional.of(
                                                new Memory.Lead(
                                                        EPOCH, 1_000, Lsn.of("1/0"), true))))
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster killed, primary_start_timeout 0",
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .config(c -> c.startTimeout(Duration.ZERO))
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster ends again and again, nobody else",
                Situation.ofPrimary()
                        .led(Situation.Lead.ALONE)
                        .memory(m -> m.withCrashes(new Memory.Crashes(5, at(-500))))
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster ends again and again, a standby is fit",
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .memory(m -> m.withCrashes(new Memory.Crashes(2, at(-500))))
                        .stopped(State.IN_PRODUCTION));
        put(
                "leader without a data directory",
                Situation.ofPrimary().stopped().data(new DataDirectory.Missing()));
        put(
                "primary in crash recovery",
                Situation.ofPrimary()
                        .rejecting()
                        .memory(m -> m.withCrashes(new Memory.Crashes(1, at(-500)))));
        put(
                "primary silent for a TTL, a standby is fit",
                Situation.ofPrimary()
                        .silent()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .memory(m -> m.withSilentSince(Optional.of(at(-10_000)))));
        put(
                "primary lets nobody in, a standby is fit",
                Situation.ofPrimary().trouble(Vital.Kind.DOOR, -7_500, "no answer within 2 s"));
        put(
                "primary lets nobody in for a while",
                Situation.ofPrimary().trouble(Vital.Kind.DOOR, -7_499, "no answer within 2 s"));
        put(
                "primary's disk hangs, a standby is fit",
                Situation.ofPrimary().unanswered(Vital.Kind.DATA, -8_000));
        put(
                "primary's disk hangs, the only fit standby is not well either",
                Situation.ofPrimary().unanswered(Vital.Kind.WAL, -8_000).unwellMember(PG2));
        put(
                "no standby confirms anything, two live",
                UnheardStandbysTest.unheard(
                        UnheardStandbysTest.BEHIND, UnheardStandbysTest.BEHIND, -7_500));
        put(
                "the synchronous standby confirms nothing, the other one does",
                UnheardStandbysTest.unheard(UnheardStandbysTest.BEHIND, HERE, -7_500));
        Memory retreating = retreating(-100);
        put(
                "giving up, PostgreSQL is being ended",
                Situation.ofPrimary().guardEnding().memory(m -> retreating));
        put(
                "giving up, PostgreSQL has ended, the disk still hangs",
                Situation.ofPrimary().stopped().unknownData().memory(m -> retreating));
        put(
                "giving up, PostgreSQL cannot be ended",
                Situation.ofPrimary().guardEnding().memory(m -> retreating(-2_000)));
        put(
                "postmaster ended, the disk is full, a standby is fit",
                Situation.ofPrimary()
                        .led(Situation.Lead.WITH_SUCCESSOR)
                        .trouble(Vital.Kind.DATA, -100, "no space is left")
                        .stopped(State.IN_PRODUCTION));
        put(
                "postmaster ended, the disk is full, nobody else",
                Situation.ofPrimary()
                        .led(Situation.Lead.ALONE)
                        .trouble(Vital.Kind.DATA, -100, "no space is left")
                        .stopped(State.IN_PRODUCTION));
        put(
                "primary silent for a while",
                Situation.ofPrimary().silent().led(Situation.Lead.WITH_SUCCESSOR));
    }

    static Memory retreating(long sinceMillis) {
        return Memory.empty()
                .withLeadership(Optional.of(new Memory.Leadership(Optional.of(EPOCH), at(-60_000))))
                .withRetreatSince(Optional.of(at(sinceMillis)));
    }

    private void switchover() {
        Situation asked = Situation.ofPrimary().failoverRequest(Optional.of(PG1), Optional.of(PG2));
        put("switchover asked for", asked);
        put(
                "the watchdog that is required fails on the leader",
                Situation.ofPrimary().barred("the watchdog does not work"));
        put(
                "a leader that was taken out, with a synchronous standby",
                Situation.ofPrimary()
                        .settings(PG1, MemberSettings.USUAL.with(MemberSettings.Duty.STANDBY)));
        put(
                "a leader that was taken out, and nobody is fit",
                Situation.ofPrimary()
                        .memberTag(PG2, "nofailover")
                        .settings(PG1, MemberSettings.USUAL.with(MemberSettings.Duty.STANDBY)));
        put(
                "switchover to a member outside the sync set",
                Situation.ofPrimary().failoverRequest(Optional.of(PG1), Optional.of(PG3)));
        put(
                "failover to a member outside the sync set",
                Situation.ofPrimary().failoverRequest(Optional.empty(), Optional.of(PG3)));
        put(
                "switchover that names another leader",
                Situation.ofPrimary().failoverRequest(Optional.of(PG3), Optional.of(PG2)));
        put(
                "switchover to a member that lags, asynchronous",
                Situation.ofPrimary()
                        .asynchronous()
                        .server(primaryServer("", sender("pg2", EARLIER, "async", 0)))
                        .failoverRequest(Optional.of(PG1), Optional.of(PG2)));
        put(
                "failover to a member that lags, asynchronous",
                Situation.ofPrimary()
                        .asynchronous()
                        .server(primaryServer("", sender("pg2", EARLIER, "async", 0)))
                        .failoverRequest(Optional.empty(), Optional.of(PG2)));
        put(
                "scheduled switchover, not time yet",
                Situation.ofPrimary().scheduled(PG1, "2026-11-26T12:00:04+00:00"));
        put(
                "scheduled switchover, its time has come",
                Situation.ofPrimary().scheduled(PG1, "2026-11-26T12:59:59+01:00"));
        put(
                "scheduled switchover, too late",
                Situation.ofPrimary().scheduled(PG1, "2026-11-26T11:59:00+00:00"));
        put(
                "scheduled switchover from a member that does not lead any more",
                Situation.ofPrimary().scheduled(PG3, "2026-11-26T13:00:00+00:00"));
        put(
                "scheduled switchover that is no time",
                Situation.ofPrimary().scheduled(PG1, "tomorrow at nine"));
        put(
                "scheduled switchover in a pause",
                Situation.ofPrimary().paused().scheduled(PG1, "2026-11-26T12:00:00+00:00"));
        put(
                "scheduled switchover, and nobody leads",
                Situation.ofFailover().scheduled(PG1, "2026-11-26T12:00:00+00:00"));
        Memory.Switchover begun =
                new Memory.Switchover(Optional.of(PG2), at(-1_000), false, Optional.empty());
        put("switchover, checkpoint done, no balancer asks yet", checkpointed(begun));
        put(
                "switchover, checkpoint done, the candidate holds a health check",
                checkpointed(begun)
                        .peer(
                                PG2,
                                new Peer.Answered(
                                        at(-10),
                                        true,
                                        true,
                                        Optional.empty(),
                                        LATER,
                                        LATER,
                                        false,
                                        Optional.of(Duration.ofMillis(20)),
                                        Optional.empty())));
        put(
                "switchover, checkpoint done, no balancer has asked in time",
                checkpointed(
                        new Memory.Switchover(
                                Optional.of(PG2), at(-2_000), false, Optional.of(at(-1_200)))));
        put("switchover, stopped, the candidate has not answered", handingOver());
        put(
                "switchover, stopped, the candidate has everything",
                handingOver()
                        .peer(
                                PG2,
                                new Peer.Answered(
                                        at(0), true, true, Optional.empty(), LATER, LATER, false)));
        put(
                "switchover, the candidate does not come",
                handingOver()
                        .memory(m ->
                                m.withSwitchover(
                                        Optional.of(
                                                new Memory.Switchover(
                                                        Optional.of(PG2),
                                                        at(-9_000),
                                                        true,
                                                        Optional.of(at(-4_000)))))));
        put(
                "switchover, the stop was not clean",
                handingOver().directoryState(State.IN_PRODUCTION));
    }

    static Situation handingOver() {
        return Situation.ofPrimary()
                .failoverRequest(Optional.of(PG1), Optional.of(PG2))
                .stopped(State.SHUT_DOWN)
                .memory(m ->
                        m.withSwitchover(
                                Optional.of(
                                        new Memory.Switchover(
                                                Optional.of(PG2),
                                                at(-1_000),
                                                true,
                                                Optional.empty()))));
    }

    static Server.Standby withNames(String names) {
        Server.Standby s = standbyServer(HERE);
        return new Server.Standby(
                Values.common(names),
                s.timeline(),
                s.received(),
                s.replayed(),
                s.replayTimestamp(),
                s.replay(),
                s.receiver(),
                s.primaryConninfo(),
                s.senders(),
                s.slots());
    }

    static Situation prepared() {
        return Situation.ofNewLeader()
                .armed()
                .sync(PG2)
                .claim(2, PG2, 200, Situation.Claim.UNOPENED);
    }

    /**
     * A promotion that can be named as what ran, since nothing outside the rules can build its
     * proof.
     */
    static Action.Lengthy promote() {
        return prepared().decide().actions().stream()
                .filter(Action.Lengthy.class::isInstance)
                .map(Action.Lengthy.class::cast)
                .findFirst()
                .orElseThrow(() -> new AssertionError("a prepared leader does not promote"));
    }

    static Situation woken() {
        return Situation.ofSyncStandby()
                .server(standbyServer(HERE, 1, Values.Receiving.NOTHING))
                .memory(m -> m.withWake(new Memory.Wake(110, 2, at(-100))));
    }

    static Situation oldPrimary(State state) {
        return Situation.ofPrimary()
                .noLeaderLease()
                .guard(new GuardFact.Mode.Standby())
                .stopped(state)
                .leader(PG2, 200)
                .memberState(PG1, MemberState.STOPPED, MemberRole.REPLICA)
                .memberState(PG2, MemberState.RUNNING, MemberRole.PRIMARY)
                .sync(PG2);
    }

    /** Nobody leads, and pg1 comes back, which opened timeline 2. */
    static Situation lostAfterPromotion(State state) {
        return Situation.ofPrimary()
                .noLeader()
                .noLeaderLease()
                .guard(new GuardFact.Mode.Standby())
                .stopped()
                .data(directory(state, HERE, second(EARLIER)));
    }

    private void pause() {
        put("paused, guard armed", Situation.ofPrimary().paused().armed());
        put("paused primary", Situation.ofPrimary().paused());
        put(
                "paused primary, lease not proved",
                Situation.ofPrimary().paused().now(Situation.SOFT_MILLIS));
        put(
                "paused, nobody leads, primary here",
                Situation.ofPrimary().paused().noLeader().noLeaderLease());
        put(
                "paused, nobody leads, primary here that was overtaken",
                Situation.ofPrimary()
                        .paused()
                        .noLeader()
                        .noLeaderLease()
                        .claim(2, PG2, 90, Situation.Claim.OPENED));
        put(
                "paused, leader's server stopped by hand",
                Situation.ofPrimary().paused().stopped(State.SHUT_DOWN));
        put("paused, stopped for a switchover", handingOver().paused());
        put(
                "paused, handed over to this standby",
                Situation.ofSyncStandby().paused().handedOver(PG2, 200, EARLIER).confirmed(200));
        put(
                "paused, old primary after a switchover",
                oldPrimary(State.SHUT_DOWN).paused().handedOver(PG2, 200, HERE).sync(PG2, PG3));
        put("paused, leader gone, standby here", Situation.ofFailover().paused());
        put("paused, shutdown", Situation.ofPrimary().paused().shutdown());
    }

    private void orders() {
        put(
                "fresh copy ordered",
                Situation.ofAsyncStandby()
                        .orders(
                                Orders.NONE.withReinitialize(
                                        Optional.of(
                                                new Orders.Reinitialize(
                                                        at(-100), Orders.CopyOf.ANYBODY)))));
        put(
                "fresh copy ordered, server stopped",
                Situation.ofAsyncStandby()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .orders(
                                Orders.NONE.withReinitialize(
                                        Optional.of(
                                                new Orders.Reinitialize(
                                                        at(-100), Orders.CopyOf.ANYBODY)))));
        put("shutdown of the primary", Situation.ofPrimary().shutdown());
        put("shutdown of a standby", Situation.ofSyncStandby().shutdown());
        put(
                "shutdown, everything stopped",
                Situation.ofSyncStandby().stopped(State.SHUT_DOWN_IN_RECOVERY).shutdown());
        put(
                "shutdown of the primary, stopped, nobody fit",
                Situation.ofPrimary().sync(PG1).stopped(State.SHUT_DOWN).shutdown());
        put("shutdown, store never answered", Situation.ofSyncStandby().unknownStore().shutdown());
        put(
                "restart ordered",
                Situation.ofPrimary().orders(Orders.NONE.withRestart(Optional.of(restart(1_000)))));
        put(
                "restart ordered of an earlier start",
                Situation.ofPrimary().orders(Orders.NONE.withRestart(Optional.of(restart(999)))));
        put(
                "restart ordered in a pause",
                Situation.ofPrimary()
                        .paused()
                        .orders(Orders.NONE.withRestart(Optional.of(restart(1_000)))));
        put(
                "restart ordered in a pause, stopped",
                Situation.ofPrimary()
                        .paused()
                        .stopped(State.SHUT_DOWN)
                        .orders(Orders.NONE.withRestart(Optional.of(restart(1_000)))));
        put(
                "restart of a standby ordered in a pause, stopped",
                Situation.ofSyncStandby()
                        .paused()
                        .stopped(State.SHUT_DOWN_IN_RECOVERY)
                        .orders(Orders.NONE.withRestart(Optional.of(restart(1_000)))));
        put(
                "restart of a standby ordered in a pause, nobody leads",
                Situation.ofFailover()
                        .paused()
                        .orders(Orders.NONE.withRestart(Optional.of(restart(1_000)))));
        put(
                "fresh copy ordered in a pause",
                Situation.ofAsyncStandby()
                        .paused()
                        .orders(
                                Orders.NONE.withReinitialize(
                                        Optional.of(
                                                new Orders.Reinitialize(
                                                        at(-100), Orders.CopyOf.ANYBODY)))));
        put("scheduled restart, not time yet", scheduledRestart("2026-11-26T12:00:04Z", 1_000));
        put(
                "scheduled restart, its time has come",
                scheduledRestart("2026-11-26T12:00:00Z", 1_000));
        put("scheduled restart, too late", scheduledRestart("2026-11-26T11:00:00Z", 1_000));
        put("scheduled restart of an earlier start", scheduledRestart("2026-11-26T13:00:00Z", 999));
        put(
                "scheduled restart in a pause",
                scheduledRestart("2026-11-26T12:00:00Z", 1_000).paused());
        put(
                "scheduled restart of a standby, and it is the primary by now",
                Situation.ofPrimary()
                        .orders(
                                Orders.NONE.withScheduled(
                                        Optional.of(
                                                new ScheduledRestart(
                                                        "2026-11-26T12:00:00Z",
                                                        new RestartConditions(
                                                                Optional.of("replica"),
                                                                Optional.empty(),
                                                                false),
                                                        Optional.empty(),
                                                        1_000)))));
    }

    private static Orders.Restart restart(long startMicros) {
        return new Orders.Restart(startMicros, at(-100), Optional.empty());
    }

    /** It is noon in UTC. */
    private static Situation scheduledRestart(String at, long startMicros) {
        return Situation.ofPrimary()
                .orders(
                        Orders.NONE.withScheduled(
                                Optional.of(
                                        new ScheduledRestart(
                                                at,
                                                RestartConditions.NONE,
                                                Optional.empty(),
                                                startMicros))));
    }

    private static Situation checkpointed(Memory.Switchover begun) {
        return Situation.ofPrimary()
                .failoverRequest(Optional.of(PG1), Optional.of(PG2))
                .memory(m -> m.withSwitchover(Optional.of(begun)))
                .checkpointedAt(-500);
    }
}
