package dev.holdfast.core.decide;

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
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.StandbyCluster;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import dev.holdfast.core.postgres.WalSender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Values of a healthy cluster of three, from which tests depart. */
final class Values {
    static final MemberName PG1 = new MemberName("pg1");
    static final MemberName PG2 = new MemberName("pg2");
    static final MemberName PG3 = new MemberName("pg3");

    static final MonoTime START = new MonoTime(1_000_000_000_000L);
    static final Epoch EPOCH = new Epoch(100);
    static final SystemIdentifier SYSTEM = new SystemIdentifier("7300000000000000001");
    static final Lsn HERE = Lsn.of("0/5000000");
    static final long STARTED = 1_000L;
    static final Upstream OUTSIDE =
            Upstream.outside(List.of(new Upstream.Address("10.1.0.1", 5432)));
    static final StandbyCluster STANDBY_CLUSTER =
            new StandbyCluster(
                    List.of(new HostPort("10.1.0.1", 5432)),
                    Optional.of("from_east"),
                    List.of("wal_g"),
                    new TreeMap<>(Map.of("restore_command", "fetch %f %p")),
                    new TreeMap<>(Map.of("recovery_min_apply_delay", "5min")));

    private Values() {}

    static MonoTime at(long millis) {
        return START.plus(Duration.ofMillis(millis));
    }

    static LeaseId leaseOf(MemberName member) {
        return new LeaseId(0xA0 + Integer.parseInt(member.value().substring(2)));
    }

    static Server.Common common(String syncNames) {
        return new Server.Common(STARTED, 150_000, syncNames, new TreeMap<>());
    }

    static Server.Primary primaryServer(String syncNames, WalSender... senders) {
        return primaryServer(
                syncNames,
                HERE,
                1,
                senders.length == 0
                        ? List.of(sender("pg2", HERE, "sync", 1), sender("pg3", HERE, "async", 0))
                        : Arrays.asList(senders));
    }

    static Server.Primary primaryServer(
            String syncNames, Lsn flushed, int timeline, List<WalSender> senders) {
        List<Slot> slots = new ArrayList<>();
        for (MemberName m : List.of(PG1, PG2, PG3)) {
            slots.add(Slot.physical(m.slotName(), true, Optional.of(HERE)));
        }
        return new Server.Primary(
                common(syncNames), new Timeline(timeline), flushed, senders, slots);
    }

    static WalSender sender(String name, Lsn flushed, String syncState, int priority) {
        return new WalSender(
                Math.abs(name.hashCode() % 1000),
                name,
                "streaming",
                syncState,
                priority,
                flushed,
                flushed,
                flushed,
                flushed);
    }

    static Server.Standby standbyServer(Lsn position) {
        return standbyServer(position, 1, Receiving.STREAMING);
    }

    enum Receiving {
        STREAMING,
        NOTHING
    }

    static Server.Standby standbyServer(Lsn position, int timeline, Receiving receiving) {
        List<Slot> slots = new ArrayList<>();
        for (MemberName m : List.of(PG1, PG2, PG3)) {
            slots.add(Slot.physical(m.slotName(), false, Optional.of(HERE)));
        }
        return new Server.Standby(
                common("FIRST 1 (\"pg1\", \"pg3\")"),
                new Timeline(timeline),
                Optional.of(position),
                position,
                Optional.empty(),
                Server.Replay.ON,
                receiving == Receiving.STREAMING
                        ? Optional.of(
                                new Server.WalReceiver(
                                        "streaming", new Timeline(timeline), "10.0.0.1", 5432))
                        : Optional.empty(),
                "host=10.0.0.1",
                List.of(),
                slots);
    }

    static DataDirectory.Valid directory(ControlData.State state) {
        return directory(state, HERE, TimelineHistory.initial());
    }

    /** The revision of the key {@code initialize}. */
    static final long INITIALIZED = 10;

    static DataDirectory.Valid directory(
            ControlData.State state, Lsn checkpoint, TimelineHistory history) {
        return new DataDirectory.Valid(
                new ControlData(
                        SYSTEM,
                        state,
                        checkpoint,
                        history.timeline(),
                        checkpoint,
                        minRecoveryPoint(state, checkpoint),
                        history.timeline(),
                        true,
                        true),
                history);
    }

    /** Only a standby has one. */
    private static Lsn minRecoveryPoint(ControlData.State state, Lsn checkpoint) {
        return switch (state) {
            case SHUT_DOWN_IN_RECOVERY, IN_ARCHIVE_RECOVERY -> checkpoint;
            case STARTING_UP, SHUT_DOWN, SHUTTING_DOWN, IN_CRASH_RECOVERY, IN_PRODUCTION ->
                    Lsn.ZERO;
        };
    }

    /** Timeline 2, which left timeline 1 at {@code at}. */
    static TimelineHistory second(Lsn at) {
        return new TimelineHistory(
                new Timeline(2), List.of(new TimelineHistory.Switch(new Timeline(1), at, "")));
    }

    /** The first switch lies far back. */
    static TimelineHistory third(Lsn at) {
        return new TimelineHistory(
                new Timeline(3),
                List.of(
                        new TimelineHistory.Switch(new Timeline(1), Lsn.of("0/1000000"), ""),
                        new TimelineHistory.Switch(new Timeline(2), at, "")));
    }

    static Upstream upstreamOf(MemberName member) {
        return new Upstream(member, "10.0.0." + member.value().substring(2), 5432);
    }

    static MemberRecord record(MemberName member, MemberState state, MemberRole role) {
        String number = member.value().substring(2);
        return new MemberRecord(
                "postgres://10.0.0." + number + ":5432/postgres",
                "http://10.0.0." + number + ":8008/patroni",
                state,
                role,
                "0.1",
                Optional.of(HERE),
                Optional.of(new Timeline(1)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Tags.NONE,
                new TreeMap<>(),
                Optional.empty(),
                false,
                "",
                MemberRecord.Health.WELL,
                MemberRecord.Store.CURRENT,
                0,
                new TreeMap<>());
    }

    static ClusterConfig synchronousConfig() {
        return new ConfigParts(ClusterConfig.defaults())
                .sync(dev.holdfast.core.config.SyncMode.ON)
                .config();
    }

    static ClusterView healthyCluster() {
        SortedMap<MemberName, MemberRecord.Stored> members = new TreeMap<>();
        for (MemberName m : List.of(PG1, PG2, PG3)) {
            MemberRecord r =
                    m.equals(PG1)
                            ? record(m, MemberState.RUNNING, MemberRole.PRIMARY)
                            : record(m, MemberState.STREAMING, MemberRole.REPLICA);
            members.put(m, new MemberRecord.Stored(m, r, 110, Optional.of(leaseOf(m))));
        }
        return new ClusterView(
                120,
                Optional.of(new LeaderKey(PG1, EPOCH, Optional.of(leaseOf(PG1)))),
                Optional.of(
                        new Versioned<>(
                                new EpochRecord(PG1, leaseOf(PG1), false, Optional.empty(), 1),
                                100)),
                Optional.empty(),
                members,
                Optional.of(
                        new Versioned<>(
                                new ClusterView.Initialize(Optional.of(SYSTEM), Optional.empty()),
                                INITIALIZED)),
                Optional.empty(),
                new Versioned<>(SyncState.of(PG1, List.of(PG2)), 50),
                Optional.empty(),
                Optional.of(HERE),
                List.of(),
                Optional.empty(),
                SlotStatus.NONE,
                new TreeMap<>());
    }

    static Tags tag(String name) {
        TreeMap<String, String> values = new TreeMap<>();
        values.put(name, "true");
        return new Tags(values);
    }
}
