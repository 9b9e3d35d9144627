package dev.holdfast.api.wire;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.SyncMode;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Views of the store for tests: a cluster of three of which a test says only what it is about. */
public final class Clusters {
    private Clusters() {}

    public static final MemberName PG1 = new MemberName("pg1");
    public static final MemberName PG2 = new MemberName("pg2");
    public static final MemberName PG3 = new MemberName("pg3");

    /**
     * pg1 leads at 0/3000100; pg2 is synchronous and 0x40 bytes behind; pg3 is a mebibyte behind.
     */
    public static ClusterView synchronous() {
        return view(
                Optional.of(PG1),
                members(
                        primary(PG1, "0/3000100"),
                        standby(PG2, "0/30000C0", "0/30000C0"),
                        standby(PG3, "0/2F00100", "0/2F00000")),
                config(SyncMode.ON, Pause.OFF),
                SyncState.of(PG1, List.of(PG2)),
                Optional.empty(),
                Optional.of(Lsn.of("0/3000100")));
    }

    /** The same in failsafe mode: pg1 and pg2 may be elected. */
    public static ClusterView failsafe() {
        ClusterView v = synchronous();
        return new ClusterView(
                v.revision(),
                v.leader(),
                v.epoch(),
                v.timeline(),
                v.members(),
                v.initialize(),
                v.config(),
                v.sync(),
                v.failover(),
                v.optime(),
                v.history(),
                Optional.of(
                        new Versioned<>(
                                new TreeMap<>(
                                        Map.of(
                                                PG1,
                                                "http://10.0.0.1:8008/patroni",
                                                PG2,
                                                "http://10.0.0.2:8008/patroni")),
                                39)),
                SlotStatus.NONE,
                v.settings());
    }

    /** Whether the cluster is paused. */
    public enum Pause {
        ON,
        OFF
    }

    public static ClusterView view(
            Optional<MemberName> leader,
            SortedMap<MemberName, MemberRecord.Stored> members,
            ClusterConfig config,
            SyncState sync,
            Optional<FailoverRequest> failover,
            Optional<Lsn> optime) {
        return new ClusterView(
                40,
                leader.map(
                        name -> new LeaderKey(name, new Epoch(17), Optional.of(new LeaseId(99)))),
                Optional.empty(),
                Optional.empty(),
                members,
                Optional.empty(),
                Optional.of(new Versioned<>(config, 3)),
                new Versioned<>(sync, 5),
                failover.map(request -> new Versioned<>(request, 30)),
                optime,
                List.of(
                        new HistoryEntry(
                                new Timeline(1),
                                Lsn.of("0/2000000"),
                                "no recovery target specified",
                                "2026-11-20T18:00:00+00:00",
                                "pg1")),
                Optional.empty(),
                SlotStatus.NONE,
                Collections.emptySortedMap());
    }

    public static SortedMap<MemberName, MemberRecord.Stored> members(
            MemberRecord.Stored... members) {
        SortedMap<MemberName, MemberRecord.Stored> byName = new TreeMap<>();
        for (MemberRecord.Stored member : members) {
            byName.put(member.name(), member);
        }
        return byName;
    }

    public static MemberRecord.Stored primary(MemberName name, String at) {
        return stored(
                name,
                record(name, MemberState.RUNNING, MemberRole.PRIMARY, Optional.of(Lsn.of(at))));
    }

    public static MemberRecord.Stored standby(MemberName name, String received, String replayed) {
        MemberRecord record =
                record(
                        name,
                        MemberState.RUNNING,
                        MemberRole.REPLICA,
                        Optional.of(Lsn.max(Lsn.of(received), Lsn.of(replayed))));
        return stored(
                name,
                new MemberRecord(
                        record.connUrl(),
                        record.apiUrl(),
                        record.state(),
                        record.role(),
                        record.version(),
                        record.xlogLocation(),
                        record.timeline(),
                        Optional.of(Lsn.of(received)),
                        Optional.of(Lsn.of(replayed)),
                        Optional.of("streaming"),
                        record.tags(),
                        record.pendingRestartReason(),
                        record.scheduledRestart(),
                        record.pause(),
                        record.note(),
                        record.health(),
                        record.store(),
                        record.generation(),
                        record.services()));
    }

    public static MemberRecord.Stored stopped(MemberName name) {
        return stored(
                name, record(name, MemberState.STOPPED, MemberRole.REPLICA, Optional.empty()));
    }

    public static MemberRecord record(
            MemberName name, MemberState state, MemberRole role, Optional<Lsn> at) {
        return new MemberRecord(
                "postgres://10.0.0." + name.value().charAt(2) + ":5432/postgres",
                "http://10.0.0." + name.value().charAt(2) + ":8008/patroni",
                state,
                role,
                "0.1.0",
                at,
                Optional.of(new Timeline(2)),
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

    public static MemberRecord.Stored stored(MemberName name, MemberRecord record) {
        return new MemberRecord.Stored(name, record, 7, Optional.of(new LeaseId(8)));
    }

    public static MemberRecord withConnUrl(MemberRecord record, String connUrl) {
        return new MemberRecord(
                connUrl,
                record.apiUrl(),
                record.state(),
                record.role(),
                record.version(),
                record.xlogLocation(),
                record.timeline(),
                record.receiveLsn(),
                record.replayLsn(),
                record.replicationState(),
                record.tags(),
                record.pendingRestartReason(),
                record.scheduledRestart(),
                record.pause(),
                record.note(),
                record.health(),
                record.store(),
                record.generation(),
                record.services());
    }

    public static MemberRecord withTags(
            MemberRecord record, Map<String, String> tags, Map<String, String> pending) {
        return new MemberRecord(
                record.connUrl(),
                record.apiUrl(),
                record.state(),
                record.role(),
                record.version(),
                record.xlogLocation(),
                record.timeline(),
                record.receiveLsn(),
                record.replayLsn(),
                record.replicationState(),
                new Tags(new TreeMap<>(tags)),
                new TreeMap<>(pending),
                record.scheduledRestart(),
                record.pause(),
                "disk is nearly full",
                MemberRecord.Health.WELL,
                MemberRecord.Store.CURRENT,
                0,
                new TreeMap<>());
    }

    public static ClusterConfig config(SyncMode mode, Pause pause) {
        ClusterConfig d = ClusterConfig.defaults();
        return new ClusterConfig(
                Duration.ofSeconds(10),
                d.loopWait(),
                d.retryTimeout(),
                1_048_576,
                d.primaryStartTimeout(),
                d.primaryStopTimeout(),
                mode,
                1,
                d.syncStrict(),
                d.maximumLagOnSyncNode(),
                d.checkTimeline(),
                pause == Pause.ON,
                d.failsafe(),
                d.usePgRewind(),
                d.useSlots(),
                d.memberSlotsTtl(),
                d.maxTimelinesHistory(),
                new TreeMap<>(),
                List.of(),
                List.of(),
                d.roles(),
                d.slots(),
                Optional.empty());
    }
}
