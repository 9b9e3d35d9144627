package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.EPOCH;
import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG1;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.START;
import static dev.holdfast.core.decide.Values.STARTED;
import static dev.holdfast.core.decide.Values.SYSTEM;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.directory;
import static dev.holdfast.core.decide.Values.healthyCluster;
import static dev.holdfast.core.decide.Values.leaseOf;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.record;
import static dev.holdfast.core.decide.Values.standbyServer;
import static dev.holdfast.core.decide.Values.synchronousConfig;
import static dev.holdfast.core.decide.Values.tag;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * A healthy synchronous cluster of pg1 (leader, primary), pg2 (synchronous) and pg3 (asynchronous)
 * on timeline 1, as one of them sees it; each test says in what its situation differs. Time is in
 * milliseconds from {@link Values#START}; the lease was renewed a second ago, with a TTL of 10 s.
 */
final class Situation {
    /** When the lease was last renewed, and how the TTL of 10 s divides from there. */
    static final long RENEWED_MILLIS = -1_000;

    static final long SOFT_MILLIS = RENEWED_MILLIS + 7_800;
    static final long KILL_MILLIS = RENEWED_MILLIS + 8_800;
    static final long END_MILLIS = RENEWED_MILLIS + 9_800;

    private final MemberName me;
    private MonoTime now = START;
    private Instant calendar = Instant.parse("2026-11-26T12:00:00Z");
    private Tags tags = Tags.NONE;
    private Optional<String> barred = Optional.empty();
    private RoleSettings.ByRole roles = RoleSettings.ByRole.none();
    private Optional<String> prePromote = Optional.empty();
    private Scripts.Leader copy = Scripts.Leader.NEEDED;
    private Keeping keeping = Keeping.NOTHING;
    private Optional<ClusterView> cluster;
    private KnownStore known = KnownStore.NONE;
    private ClusterConfig config = synchronousConfig();
    private boolean configRemoved;
    private LeaseFact lease;
    private GuardFact guard;
    private Optional<DataDirectory> data;
    private Optional<Server> server;
    private MonoTime serverAskedAt = START;
    private Optional<Optional<ServerFiles>> applied = Optional.empty();
    private boolean namesCount = true;
    private MonoTime checkpointedAt = MonoTime.BEGINNING;
    private final SortedMap<MemberName, Peer> peers = new TreeMap<>();
    private Optional<SourceFact> source = Optional.empty();
    private Optional<PredecessorFact> predecessor = Optional.empty();
    private Vitals vitals = Vitals.WELL;
    private FailsafeFact failsafe = FailsafeFact.startedAt(at(-3_600_000));
    private Optional<CommitsFact> commits = Optional.of(new CommitsFact(START, List.of()));
    private Task task = new Task.Idle();
    private Orders orders = Orders.NONE;
    private Memory memory;

    private static final Duration TTL = Duration.ofSeconds(10);

    private Situation(MemberName me) {
        this.me = me;
        this.cluster = Optional.of(healthyCluster());
        boolean leads = me.equals(PG1);
        this.lease =
                new LeaseFact(
                        Optional.of(leaseOf(me)),
                        TTL,
                        at(END_MILLIS),
                        leads ? Optional.of(EPOCH) : Optional.empty(),
                        leads ? at(END_MILLIS) : MonoTime.BEGINNING);
        this.guard =
                new GuardFact.Present(
                        leads
                                ? new GuardFact.Mode.Armed(at(KILL_MILLIS))
                                : new GuardFact.Mode.Standby(),
                        4711,
                        false);
        this.data =
                Optional.of(
                        directory(
                                leads
                                        ? ControlData.State.IN_PRODUCTION
                                        : ControlData.State.IN_ARCHIVE_RECOVERY));
        this.server = Optional.of(leads ? primaryServer("\"pg2\"") : standbyServer(HERE));
        this.memory =
                Memory.empty()
                        .withLeadership(
                                Optional.of(
                                        new Memory.Leadership(Optional.of(EPOCH), at(-60_000))));
        if (leads) {
            memory =
                    memory.withGate(Optional.of(new Memory.Gate(STARTED, EPOCH, HERE, true)))
                            .withSync(Memory.Sync.NONE.withWritten(0));
        }
    }

    // --- where to begin

    static Situation ofPrimary() {
        return new Situation(PG1);
    }

    static Situation ofSyncStandby() {
        return new Situation(PG2);
    }

    static Situation ofAsyncStandby() {
        return new Situation(PG3);
    }

    /** pg1, whose server follows another cluster, leads; pg2 and pg3 follow it. */
    static Situation ofStandbyLeader() {
        return ofPrimary()
                .inStandbyCluster()
                .claim(1, PG1, 100, Claim.OPENED)
                .guard(new GuardFact.Mode.Standby())
                .directoryState(ControlData.State.IN_ARCHIVE_RECOVERY)
                .server(standbyServer(HERE));
    }

    /** The cluster follows another one, at {@link Values#OUTSIDE}. */
    Situation inStandbyCluster() {
        return memberState(PG1, MemberState.RUNNING, MemberRole.STANDBY_LEADER)
                .sync(SyncState.none(), 50)
                .config(c -> c.standbyCluster(Values.STANDBY_CLUSTER));
    }

    /** pg1 before there is any cluster: an empty directory, an empty store. */
    static Situation ofNewMember() {
        return new Situation(PG1)
                .emptyStore()
                .noLeaderLease()
                .guard(new GuardFact.Mode.Standby())
                .stopped()
                .data(new DataDirectory.Missing())
                .memory(m -> Memory.empty());
    }

    /** The leader is gone, its lease too: what pg2 sees a moment later. */
    static Situation ofFailover() {
        return ofSyncStandby().leaderDied();
    }

    /** pg2 has just taken the leader key after pg1's death. */
    static Situation ofNewLeader() {
        return ofFailover().leads(200).peerAt(PG1, HERE).peerAt(PG3, HERE);
    }

    // --- the store

    /** The store once showed more: it was restored to an older state since. */
    Situation knows(KnownStore seen) {
        known = seen;
        return this;
    }

    Situation unknownStore() {
        cluster = Optional.empty();
        return this;
    }

    Situation emptyStore() {
        cluster =
                Optional.of(
                        new ClusterView(
                                1,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                new TreeMap<>(),
                                Optional.empty(),
                                Optional.empty(),
                                new Versioned<>(SyncState.none(), 0),
                                Optional.empty(),
                                Optional.empty(),
                                List.of(),
                                Optional.empty(),
                                SlotStatus.NONE,
                                new TreeMap<>()));
        return this;
    }

    /** An operator has decided this about {@code member}. */
    Situation settings(MemberName member, MemberSettings settings) {
        return cluster(p -> p.settings(member, settings));
    }

    private Situation cluster(UnaryOperator<Parts> change) {
        cluster = cluster.map(c -> change.apply(new Parts(c)).view());
        return this;
    }

    Situation revision(long revision) {
        return cluster(p -> p.revision(revision));
    }

    Situation noLeader() {
        memory = memory.withLeadership(Optional.of(new Memory.Leadership(Optional.empty(), now)));
        return cluster(p -> p.leader(Optional.empty()));
    }

    /** pg1's lease is gone from the store, and with it the leader key and its record. */
    Situation leaderDied() {
        return noLeader().without(PG1).predecessorGone();
    }

    Situation leader(MemberName member, long epoch) {
        return cluster(p ->
                p.leader(
                                Optional.of(
                                        new LeaderKey(
                                                member,
                                                new Epoch(epoch),
                                                Optional.of(leaseOf(member)))))
                        .epoch(
                                new EpochRecord(
                                        member, leaseOf(member), false, Optional.empty(), 1),
                                epoch));
    }

    Situation handedOver(MemberName member, long epoch, Lsn checkpoint) {
        return leader(member, epoch)
                .epochRecord(
                        new EpochRecord(member, leaseOf(member), false, Optional.of(checkpoint), 1),
                        epoch);
    }

    /** This member holds the leader key at this epoch, and the store confirmed it. */
    Situation leads(long epoch) {
        memory =
                memory.withLeadership(
                        Optional.of(new Memory.Leadership(Optional.of(new Epoch(epoch)), now)));
        return leader(me, epoch).confirmed(epoch);
    }

    Situation confirmed(long epoch) {
        lease =
                new LeaseFact(
                        lease.id(),
                        TTL,
                        at(END_MILLIS),
                        Optional.of(new Epoch(epoch)),
                        at(END_MILLIS));
        return this;
    }

    Situation epochRecord(EpochRecord record, long revision) {
        return cluster(p -> p.epoch(record, revision));
    }

    Situation noEpochRecord() {
        return cluster(p -> p.noEpoch());
    }

    Situation released(MemberName member) {
        return epochRecord(new EpochRecord(member, new LeaseId(1), true, Optional.empty(), 1), 150);
    }

    Situation claim(int timeline, MemberName member, long epoch, Claim state) {
        return cluster(p ->
                p.claim(
                        new TimelineClaim(
                                new Timeline(timeline),
                                member,
                                new Epoch(epoch),
                                HERE,
                                state == Claim.OPENED)));
    }

    enum Claim {
        OPENED,
        UNOPENED
    }

    Situation history(HistoryEntry entry) {
        return cluster(p -> p.history(entry));
    }

    Situation sync(MemberName leader, MemberName... standbys) {
        return cluster(p -> p.sync(SyncState.of(leader, Arrays.asList(standbys)), 50));
    }

    Situation sync(SyncState sync, long revision) {
        return cluster(p -> p.sync(sync, revision));
    }

    Situation without(MemberName member) {
        return cluster(p -> p.without(member));
    }

    Situation member(MemberName member, UnaryOperator<MemberRecord> change) {
        return cluster(p -> p.member(member, change));
    }

    Situation memberTag(MemberName member, String tag) {
        return memberTag(member, tag, "true");
    }

    Situation memberTag(MemberName member, String tag, String value) {
        return member(
                member,
                r ->
                        copy(
                                r,
                                new Tags(new TreeMap<>(Map.of(tag, value))),
                                r.note(),
                                r.health(),
                                r.store()));
    }

    private static MemberRecord copy(
            MemberRecord r,
            Tags tags,
            String note,
            MemberRecord.Health health,
            MemberRecord.Store store) {
        return new MemberRecord(
                r.connUrl(),
                r.apiUrl(),
                r.state(),
                r.role(),
                r.version(),
                r.xlogLocation(),
                r.timeline(),
                r.receiveLsn(),
                r.replayLsn(),
                r.replicationState(),
                tags,
                r.pendingRestartReason(),
                r.scheduledRestart(),
                r.pause(),
                note,
                health,
                store,
                r.generation(),
                r.services());
    }

    Situation storeOf(MemberName member, MemberRecord.Store store) {
        return member(member, r -> copy(r, r.tags(), r.note(), r.health(), store));
    }

    Situation memberState(MemberName member, MemberState state, MemberRole role) {
        return member(member, r -> record(member, state, role));
    }

    Situation initialize(Optional<SystemIdentifier> system, Optional<LeaseId> by) {
        return cluster(p -> p.initialize(new ClusterView.Initialize(system, by)));
    }

    /** A switchover to pg2 for this time; it is noon in UTC. */
    Situation scheduled(MemberName from, String at) {
        return cluster(p ->
                p.failover(
                        new FailoverRequest(Optional.of(from), Optional.of(PG2), Optional.of(at))));
    }

    Situation failoverRequest(Optional<MemberName> leader, Optional<MemberName> candidate) {
        return cluster(p -> p.failover(new FailoverRequest(leader, candidate, Optional.empty())));
    }

    Situation slots(SlotStatus published) {
        return cluster(p -> p.slots(published));
    }

    Situation optime(Lsn position) {
        return cluster(p -> p.optime(position));
    }

    // --- the configuration

    /** What this member's own file says for one role only. */
    Situation roles(RoleSettings.ByRole value) {
        roles = value;
        return this;
    }

    Situation config(UnaryOperator<ConfigParts> change) {
        config = change.apply(new ConfigParts(config)).config();
        return this;
    }

    Situation asynchronous() {
        sync(SyncState.none(), 50);
        return config(c -> c.sync(dev.holdfast.core.config.SyncMode.OFF));
    }

    Situation paused() {
        guard(new GuardFact.Mode.Paused());
        return config(ConfigParts::paused);
    }

    Situation myTag(String name) {
        tags = tag(name);
        return this;
    }

    /** The member's file names a program that is asked before a promotion. */
    Situation asksBeforePromotion() {
        prePromote = Optional.of("/etc/fence");
        return this;
    }

    /** The member's file names a method that restores a backup. */
    Situation canRestore() {
        copy = Scripts.Leader.NOT_NEEDED;
        return this;
    }

    /** What the member's file says is to be done before a rewind. */
    Situation keeps(Keeping how) {
        keeping = how;
        return this;
    }

    Situation barred(String why) {
        barred = Optional.of(why);
        return this;
    }

    // --- time and lease

    /** The facts stay as they are and it is later. */
    Situation now(long millis) {
        now = at(millis);
        return this;
    }

    Situation now(MonoTime instant) {
        now = instant;
        return this;
    }

    /** It is later, and lease, guard and probe are fresh. */
    Situation freshAt(MonoTime instant) {
        now = instant;
        serverAskedAt = instant;
        MonoTime end = instant.plus(Duration.ofMillis(END_MILLIS));
        lease =
                new LeaseFact(
                        lease.id(),
                        TTL,
                        end,
                        lease.leaderEpoch(),
                        lease.leaderEpoch().isPresent() ? end : MonoTime.BEGINNING);
        if (guard instanceof GuardFact.Present(GuardFact.Mode.Armed _, long pid, boolean ending)) {
            guard =
                    new GuardFact.Present(
                            new GuardFact.Mode.Armed(new Deadlines(config.ttl()).kill(end)),
                            pid,
                            ending);
        }
        return this;
    }

    /** This member has a lease, and the store has not confirmed that the leader key hangs on it. */
    Situation noLeaderLease() {
        lease =
                new LeaseFact(
                        lease.id(), TTL, lease.goodUntil(), Optional.empty(), MonoTime.BEGINNING);
        return this;
    }

    /** The store said that the lease does not exist; as the agent's lease keeper tells it. */
    Situation lostLease() {
        lease =
                new LeaseFact(
                        Optional.empty(),
                        TTL,
                        MonoTime.BEGINNING,
                        lease.leaderEpoch(),
                        MonoTime.BEGINNING);
        return this;
    }

    /** Another lease was granted after the first was lost. */
    Situation newLease() {
        lease =
                new LeaseFact(
                        Optional.of(new LeaseId(0xBB)),
                        TTL,
                        at(END_MILLIS),
                        Optional.empty(),
                        MonoTime.BEGINNING);
        return this;
    }

    Situation predecessorGone() {
        predecessor = Optional.of(new PredecessorFact(now, leaseOf(PG1), true));
        return this;
    }

    Situation predecessorAlive() {
        predecessor = Optional.of(new PredecessorFact(now, leaseOf(PG1), false));
        return this;
    }

    Situation predecessorUnknown() {
        predecessor = Optional.empty();
        return this;
    }

    // --- guard, server, directory

    /** A question about this has been out since then. */
    Situation unanswered(Vital.Kind kind, long sinceMillis) {
        vitals = vitals.with(kind, new Vital(Optional.of(at(sinceMillis)), Optional.empty()));
        return this;
    }

    /** The answers to it have complained since then. */
    Situation trouble(Vital.Kind kind, long sinceMillis, String sentence) {
        vitals =
                vitals.with(
                        kind,
                        new Vital(
                                Optional.empty(),
                                Optional.of(new Vital.Trouble(at(sinceMillis), sentence))));
        return this;
    }

    Situation unwellMember(MemberName member) {
        return member(
                member,
                r ->
                        copy(
                                r,
                                r.tags(),
                                "no room is left on its disk",
                                MemberRecord.Health.UNWELL,
                                r.store()));
    }

    Situation guard(GuardFact.Mode mode) {
        guard =
                guard instanceof GuardFact.Present p
                        ? new GuardFact.Present(mode, p.postmaster(), p.ending())
                        : new GuardFact.Present(mode, 4711, false);
        return this;
    }

    Situation armed() {
        return guard(new GuardFact.Mode.Armed(at(KILL_MILLIS)));
    }

    Situation guardAway() {
        guard = new GuardFact.Away("there is no socket");
        return this;
    }

    Situation guardEnding() {
        guard = new GuardFact.Present(new GuardFact.Mode.Standby(), 4711, true);
        server = Optional.empty();
        return this;
    }

    /** No process of PostgreSQL is left. */
    Situation stopped() {
        guard =
                new GuardFact.Present(
                        guard instanceof GuardFact.Present p
                                ? p.mode()
                                : new GuardFact.Mode.Standby(),
                        0,
                        false);
        server = Optional.empty();
        return this;
    }

    Situation stopped(ControlData.State state) {
        return stopped().directoryState(state);
    }

    Situation server(Server found) {
        server = Optional.of(found);
        return this;
    }

    /** The running server has these slots. */
    Situation slots(Slot... slots) {
        Server next =
                switch (server.orElseThrow()) {
                    case Server.Primary p ->
                            new Server.Primary(
                                    p.common(),
                                    p.timeline(),
                                    p.flushed(),
                                    p.senders(),
                                    List.of(slots));
                    case Server.Standby s ->
                            new Server.Standby(
                                    s.common(),
                                    s.timeline(),
                                    s.received(),
                                    s.replayed(),
                                    s.replayTimestamp(),
                                    s.replay(),
                                    s.receiver(),
                                    s.primaryConninfo(),
                                    s.senders(),
                                    List.of(slots));
                    case Server.Rejecting _, Server.Silent _ -> server.get();
                };
        return server(next);
    }

    Situation unprobed() {
        server = Optional.empty();
        return this;
    }

    Situation rejecting() {
        return server(new Server.Rejecting("53300", "sorry, too many clients already"));
    }

    Situation startingUp() {
        return server(new Server.Rejecting("57P03", "the database system is starting up"));
    }

    Situation silent() {
        return server(new Server.Silent("no answer within 2 s"));
    }

    Situation askedAt(MonoTime instant) {
        serverAskedAt = instant;
        return this;
    }

    Situation data(DataDirectory found) {
        data = Optional.of(found);
        return this;
    }

    Situation unknownData() {
        data = Optional.empty();
        return this;
    }

    Situation directoryState(ControlData.State state) {
        return data(directory(state));
    }

    Situation applied(Optional<ServerFiles> files) {
        applied = Optional.of(files);
        return this;
    }

    Situation namesCount(Counting counting) {
        namesCount = counting == Counting.KNOWN;
        return this;
    }

    enum Counting {
        KNOWN,
        UNKNOWN
    }

    Situation checkpointedAt(long millis) {
        checkpointedAt = at(millis);
        return this;
    }

    // --- the others, the operator, the past

    /** Failsafe mode is on, and the key lists these. */
    Situation failsafe(MemberName... members) {
        TreeMap<MemberName, String> listed = new TreeMap<>();
        for (MemberName m : members) {
            listed.put(m, apiUrl(m));
        }
        config = new ConfigParts(config).failsafe().config();
        return cluster(p -> p.failsafe(listed, 60));
    }

    static String apiUrl(MemberName member) {
        return record(member, MemberState.RUNNING, MemberRole.REPLICA).apiUrl();
    }

    Situation told(UnaryOperator<FailsafeFact> change) {
        failsafe = change.apply(failsafe);
        return this;
    }

    /** These confirmed what was asked then. */
    Situation confirmedBy(long sentMillis, MemberName... members) {
        for (MemberName m : members) {
            failsafe =
                    failsafe.withAnswer(
                            m,
                            new FailsafeFact.Answer(
                                    Optional.of(
                                            new FailsafeFact.Confirmed(EPOCH, at(sentMillis), TTL)),
                                    ""));
        }
        failsafe = failsafe.withAskedAt(at(sentMillis));
        return this;
    }

    Situation peer(MemberName member, Peer answer) {
        peers.put(member, answer);
        return this;
    }

    Situation nobodyAsked() {
        peers.clear();
        return this;
    }

    Situation peerAt(MemberName member, Lsn position) {
        return peer(
                member,
                new Peer.Answered(
                        now, true, true, Optional.of(new Timeline(1)), position, position, false));
    }

    /** This standby follows nobody, and its receiver has stopped. */
    Situation detached() {
        Server.Standby streaming = standbyServer(HERE, 1, Values.Receiving.NOTHING);
        ServerFiles before = observe().applied().orElseThrow();
        return server(
                        new Server.Standby(
                                streaming.common(),
                                streaming.timeline(),
                                streaming.received(),
                                streaming.replayed(),
                                streaming.replayTimestamp(),
                                streaming.replay(),
                                streaming.receiver(),
                                "",
                                streaming.senders(),
                                streaming.slots()))
                .applied(
                        Optional.of(
                                new ServerFiles(
                                        before.parameters(),
                                        before.hba(),
                                        before.ident(),
                                        Optional.empty(),
                                        before.slotName(),
                                        before.syncNames())));
    }

    /** It has stopped its receiver, and says so. */
    Situation vote(MemberName member, Lsn position, Tag tag) {
        return peer(
                member,
                new Peer.Answered(
                        now,
                        true,
                        true,
                        Optional.of(new Timeline(1)),
                        position,
                        position,
                        tag == Tag.NOFAILOVER,
                        Optional.empty(),
                        Optional.of(observe().cluster().orElseThrow().epochRevision())));
    }

    enum Tag {
        NONE,
        NOFAILOVER
    }

    Situation source(TimelineHistory history, Promoted promoted) {
        source =
                Optional.of(
                        new SourceFact(
                                now,
                                cluster.orElseThrow().leader().orElseThrow().epoch(),
                                Values.upstreamOf(
                                        cluster.orElseThrow().leader().orElseThrow().member()),
                                SYSTEM,
                                promoted == Promoted.NOT_YET,
                                history));
        return this;
    }

    /** What the other cluster said when it was asked. */
    Situation outside(TimelineHistory history, Promoted promoted) {
        source =
                Optional.of(
                        new SourceFact(
                                now,
                                cluster.orElseThrow().leader().orElseThrow().epoch(),
                                Values.OUTSIDE,
                                SYSTEM,
                                promoted == Promoted.NOT_YET,
                                history));
        return this;
    }

    enum Promoted {
        YES,
        NOT_YET
    }

    Situation running(Action.Lengthy action) {
        task = new Task.Running(action, now, "");
        return this;
    }

    Situation done(Action.Lengthy action) {
        task = new Task.Ended(action, now, new Task.Outcome.Done());
        return this;
    }

    Situation failed(Action.Lengthy action, String why) {
        task = new Task.Ended(action, now, new Task.Outcome.Failed(why));
        return this;
    }

    Situation commits(Optional<CommitsFact> found) {
        commits = found;
        return this;
    }

    Situation orders(Orders given) {
        orders = given;
        return this;
    }

    Situation shutdown() {
        return orders(Orders.NONE.withShutdown());
    }

    Situation memory(UnaryOperator<Memory> change) {
        memory = change.apply(memory);
        return this;
    }

    /** The agent saw its own server as primary before. */
    Situation led(Lead lead) {
        return memory(m ->
                m.withLead(
                        Optional.of(
                                new Memory.Lead(
                                        EPOCH, STARTED, HERE, lead == Lead.WITH_SUCCESSOR))));
    }

    enum Lead {
        WITH_SUCCESSOR,
        ALONE
    }

    // --- the end

    /** Somebody has removed the key {@code config}. */
    Situation withoutConfig() {
        configRemoved = true;
        return this;
    }

    Observation observe() {
        Optional<ClusterView> cluster =
                this.cluster.map(view ->
                        view.system().isPresent() && !configRemoved
                                ? new Parts(view).config(config).view()
                                : view);
        Observation bare =
                new Observation(
                        now,
                        calendar,
                        new Observation.Self(
                                me,
                                tags,
                                new TreeMap<>(),
                                List.of(),
                                List.of(),
                                List.of(),
                                roles,
                                barred,
                                prePromote,
                                copy,
                                keeping),
                        cluster,
                        known,
                        config,
                        lease,
                        guard,
                        data,
                        server,
                        serverAskedAt,
                        applied.orElse(Optional.empty()),
                        namesCount,
                        checkpointedAt,
                        peers,
                        source,
                        predecessor,
                        vitals,
                        failsafe,
                        commits,
                        task,
                        orders,
                        memory);
        if (applied.isPresent() || cluster.isEmpty()) {
            return bare;
        }
        ServerFiles files =
                switch (server.orElse(null)) {
                    case null ->
                            me.equals(PG1)
                                    ? Files.forPrimary(bare, "\"pg2\"")
                                    : Files.forStandby(bare, cluster.get(), Optional.empty());
                    case Server.Primary primary ->
                            Files.forPrimary(bare, primary.common().syncNames());
                    case Server.Standby _ ->
                            Files.forStandby(
                                    bare,
                                    cluster.get(),
                                    cluster.get()
                                            .leader()
                                            .flatMap(l -> followed(bare, l.member())));
                    case Server.Rejecting _, Server.Silent _ -> Files.forPrimary(bare, "\"pg2\"");
                };
        return new Observation(
                now,
                calendar,
                bare.self(),
                cluster,
                known,
                config,
                lease,
                guard,
                data,
                server,
                serverAskedAt,
                Optional.of(files),
                namesCount,
                checkpointedAt,
                peers,
                source,
                predecessor,
                vitals,
                failsafe,
                commits,
                task,
                orders,
                memory);
    }

    /** A new leader has not been told yet to follow nobody. */
    private static Optional<Upstream> followed(Observation o, MemberName leader) {
        return o.config().standbyCluster().isPresent() && leader.equals(o.me())
                ? Outside.upstream(o)
                : Files.upstream(o, o.cluster().orElseThrow(), leader);
    }

    Decision decide() {
        return Decide.decide(observe());
    }

    MonoTime now() {
        return now;
    }
}
