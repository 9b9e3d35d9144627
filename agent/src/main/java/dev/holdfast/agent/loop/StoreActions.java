package dev.holdfast.agent.loop;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.decide.Action;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Each action on the store as one transaction. Nothing of a leader is written without comparing the
 * leader key's epoch.
 */
final class StoreActions {
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx", java.util.Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final MemberName me;
    private final OwnConfig ownConfig;
    private final InstantSource calendar;

    /**
     * @param ownConfig what the store is given where it has no configuration
     * @param calendar says when a promotion is written down
     */
    StoreActions(MemberName me, OwnConfig ownConfig, InstantSource calendar) {
        this.me = me;
        this.ownConfig = ownConfig;
        this.calendar = calendar;
    }

    record Transaction(List<Compare> compares, List<Op> ops) {}

    /**
     * @param generation of the key {@code epoch}, where it is written
     */
    Transaction transaction(Action.Store action, int generation) {
        return switch (action) {
            case Action.CreateLeader create ->
                    new Transaction(
                            List.of(
                                    new Compare.Absent(Keys.LEADER),
                                    Compare.unchanged(Keys.EPOCH, create.epochRevision()),
                                    Compare.unchanged(Keys.TIMELINE, create.claimRevision()),
                                    Compare.unchanged(
                                            Keys.INITIALIZE, create.initializeRevision())),
                            lead(create.lease(), Optional.empty(), generation));
            case Action.RenewEpoch renew ->
                    new Transaction(
                            List.of(
                                    leaderAt(renew.epoch()),
                                    Compare.unchanged(Keys.SYNC, renew.syncRevision())),
                            lead(renew.lease(), renew.handedOverAt(), generation));
            case Action.ReleaseLeader release ->
                    new Transaction(
                            List.of(leaderAt(release.epoch())),
                            List.of(Op.delete(Keys.LEADER), released(generation)));
            case Action.ReleaseEpoch release ->
                    new Transaction(
                            List.of(
                                    new Compare.Absent(Keys.LEADER),
                                    new Compare.AtRevision(Keys.EPOCH, release.epochRevision())),
                            List.of(released(generation)));
            case Action.HandOver handOver -> handOver(handOver, generation);
            case Action.WriteSync write ->
                    new Transaction(
                            List.of(
                                    leaderAt(write.epoch()),
                                    Compare.unchanged(Keys.SYNC, write.expectedRevision())),
                            List.of(Op.put(Keys.SYNC, KeyCodec.write(write.sync()))));
            case Action.WriteFailsafe write ->
                    new Transaction(
                            List.of(
                                    leaderAt(write.epoch()),
                                    Compare.unchanged(Keys.FAILSAFE, write.expectedRevision())),
                            List.of(
                                    write.members()
                                            .map(m ->
                                                    Op.put(
                                                            Keys.FAILSAFE,
                                                            KeyCodec.writeFailsafe(m)))
                                            .orElseGet(() -> Op.delete(Keys.FAILSAFE))));
            case Action.PreparePromotion prepare -> prepare(prepare);
            case Action.RecordPromotion record ->
                    opened(
                            leaderAt(record.epoch()),
                            record.claim(),
                            record.claimRevision(),
                            record.history());
            case Action.RecordOpening record ->
                    opened(
                            new Compare.Absent(Keys.LEADER),
                            record.claim(),
                            record.claimRevision(),
                            record.history());
            case Action.FollowTimeline follow ->
                    opened(
                            leaderAt(follow.epoch()),
                            follow.claim(),
                            follow.claimRevision(),
                            follow.history());
            case Action.ClearFailover clear ->
                    new Transaction(
                            List.of(new Compare.AtRevision(Keys.FAILOVER, clear.revision())),
                            List.of(Op.delete(Keys.FAILOVER)));
            case Action.BeginSwitchover begin ->
                    new Transaction(
                            List.of(
                                    leaderAt(begin.epoch()),
                                    new Compare.AtRevision(
                                            Keys.FAILOVER, begin.expectedRevision())),
                            List.of(Op.put(Keys.FAILOVER, KeyCodec.write(begin.request()))));
            case Action.ClaimInitialize claim ->
                    new Transaction(
                            List.of(
                                    new Compare.Absent(Keys.INITIALIZE),
                                    new Compare.Absent(Keys.LEADER),
                                    new Compare.Absent(Keys.EPOCH)),
                            List.of(
                                    Op.put(
                                            Keys.INITIALIZE,
                                            KeyCodec.write(
                                                    new ClusterView.Initialize(
                                                            Optional.empty(), Optional.empty())),
                                            claim.lease())));
            case Action.FinishInitialize finish -> finish(finish, generation);
            case Action.WriteInitialize write ->
                    new Transaction(
                            List.of(leaderAt(write.epoch()), new Compare.Absent(Keys.INITIALIZE)),
                            List.of(initialize(write.system())));
            case Action.WriteConfig write ->
                    new Transaction(
                            List.of(leaderAt(write.epoch()), new Compare.Absent(Keys.CONFIG)),
                            List.of(Op.put(Keys.CONFIG, ownConfig.known().get())));
        };
    }

    /** Hangs the leader key, and the member's record, on another lease of this member. */
    Transaction move(Epoch epoch, LeaseId next, Optional<String> record, int generation) {
        List<Op> ops = new ArrayList<>(lead(next, Optional.empty(), generation));
        record.ifPresent(r -> ops.add(Op.put(Keys.member(me), r, next)));
        return new Transaction(List.of(leaderAt(epoch)), ops);
    }

    private Transaction handOver(Action.HandOver action, int generation) {
        EpochRecord next =
                new EpochRecord(
                        action.candidate(),
                        action.candidateLease(),
                        false,
                        Optional.of(action.checkpoint()),
                        generation);
        return new Transaction(
                List.of(leaderAt(action.epoch())),
                List.of(
                        Op.put(
                                Keys.LEADER,
                                KeyCodec.write(action.candidate()),
                                action.candidateLease()),
                        Op.put(Keys.EPOCH, KeyCodec.write(next)),
                        Op.delete(Keys.FAILOVER)));
    }

    private static Op initialize(SystemIdentifier system) {
        return Op.put(
                Keys.INITIALIZE,
                KeyCodec.write(new ClusterView.Initialize(Optional.of(system), Optional.empty())));
    }

    private static Transaction prepare(Action.PreparePromotion action) {
        List<Op> ops = new ArrayList<>();
        Optional<SyncState> sync = action.sync();
        sync.ifPresent(s -> ops.add(Op.put(Keys.SYNC, KeyCodec.write(s))));
        ops.add(Op.put(Keys.TIMELINE, KeyCodec.write(action.claim())));
        return new Transaction(
                List.of(
                        leaderAt(action.epoch()),
                        Compare.unchanged(Keys.SYNC, action.syncRevision()),
                        Compare.unchanged(Keys.TIMELINE, action.claimRevision())),
                ops);
    }

    private Transaction opened(
            Compare leader, TimelineClaim claim, long claimRevision, List<HistoryEntry> history) {
        return new Transaction(
                List.of(leader, Compare.unchanged(Keys.TIMELINE, claimRevision)),
                List.of(
                        Op.put(Keys.TIMELINE, KeyCodec.write(claim)),
                        Op.put(Keys.HISTORY, KeyCodec.write(stamped(history)))));
    }

    private Transaction finish(Action.FinishInitialize action, int generation) {
        List<Op> ops = new ArrayList<>(lead(action.lease(), Optional.empty(), generation));
        ops.add(initialize(action.system()));
        ops.add(Op.put(Keys.CONFIG, ownConfig.ofNewCluster()));
        return new Transaction(
                List.of(
                        new Compare.Absent(Keys.LEADER),
                        new Compare.AtRevision(Keys.INITIALIZE, action.initializeRevision())),
                ops);
    }

    /** The leader key with the record of who took it, which outlives it. */
    private List<Op> lead(LeaseId lease, Optional<Lsn> handedOverAt, int generation) {
        return List.of(
                Op.put(Keys.LEADER, KeyCodec.write(me), lease),
                Op.put(
                        Keys.EPOCH,
                        KeyCodec.write(
                                new EpochRecord(me, lease, false, handedOverAt, generation))));
    }

    private Op released(int generation) {
        // Whose lease it was does not matter any more; 1 stands for none, since 0 is not a lease.
        return Op.put(
                Keys.EPOCH,
                KeyCodec.write(
                        new EpochRecord(me, new LeaseId(1), true, Optional.empty(), generation)));
    }

    private static Compare leaderAt(Epoch epoch) {
        return new Compare.AtRevision(Keys.LEADER, epoch.revision());
    }

    /** The newest line gets the time at which it is written. */
    private List<HistoryEntry> stamped(List<HistoryEntry> history) {
        if (history.isEmpty() || !history.getLast().timestamp().isEmpty()) {
            return history;
        }
        HistoryEntry last = history.getLast();
        List<HistoryEntry> stamped = new ArrayList<>(history);
        stamped.set(
                history.size() - 1,
                new HistoryEntry(
                        last.timeline(),
                        last.lsn(),
                        last.reason(),
                        TIMESTAMP.format(calendar.instant()),
                        last.newLeader()));
        return stamped;
    }
}
