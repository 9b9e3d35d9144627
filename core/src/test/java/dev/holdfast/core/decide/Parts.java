package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The keys of a view, one by one, for tests that change some of them. */
final class Parts {
    private long revision;
    private Optional<LeaderKey> leader;
    private Optional<Versioned<EpochRecord>> epoch;
    private Optional<Versioned<TimelineClaim>> timeline;
    private final SortedMap<MemberName, MemberRecord.Stored> members;
    private Optional<Versioned<ClusterView.Initialize>> initialize;
    private Optional<Versioned<ClusterConfig>> config;
    private List<HistoryEntry> history;
    private Versioned<SyncState> sync;
    private Optional<Versioned<FailoverRequest>> failover;
    private Optional<Lsn> optime;
    private SlotStatus slots;
    private Optional<Versioned<SortedMap<MemberName, String>>> failsafe;
    private final SortedMap<MemberName, Versioned<MemberSettings>> settings;

    Parts(ClusterView view) {
        revision = view.revision();
        leader = view.leader();
        epoch = view.epoch();
        timeline = view.timeline();
        members = new TreeMap<>(view.members());
        initialize = view.initialize();
        config = view.config();
        history = view.history();
        sync = view.sync();
        failover = view.failover();
        optime = view.optime();
        slots = view.slots();
        failsafe = view.failsafe();
        settings = new TreeMap<>(view.settings());
    }

    Parts revision(long value) {
        revision = value;
        return this;
    }

    Parts failsafe(SortedMap<MemberName, String> members, long at) {
        failsafe = Optional.of(new Versioned<>(members, at));
        return this;
    }

    Parts leader(Optional<LeaderKey> value) {
        leader = value;
        return this;
    }

    Parts epoch(EpochRecord record, long at) {
        epoch = Optional.of(new Versioned<>(record, at));
        revision = Math.max(revision, at);
        return this;
    }

    Parts noEpoch() {
        epoch = Optional.empty();
        return this;
    }

    Parts claim(TimelineClaim claim) {
        timeline = Optional.of(new Versioned<>(claim, 60));
        return this;
    }

    Parts without(MemberName member) {
        members.remove(member);
        return this;
    }

    Parts member(MemberName member, UnaryOperator<MemberRecord> change) {
        members.computeIfPresent(
                member,
                (name, stored) ->
                        new MemberRecord.Stored(
                                name,
                                change.apply(stored.member()),
                                stored.revision(),
                                stored.lease()));
        return this;
    }

    Parts initialize(ClusterView.Initialize value) {
        initialize = Optional.of(new Versioned<>(value, Values.INITIALIZED));
        return this;
    }

    Parts config(ClusterConfig value) {
        config = Optional.of(new Versioned<>(value, Values.INITIALIZED));
        return this;
    }

    Parts sync(SyncState state, long at) {
        sync = new Versioned<>(state, at);
        revision = Math.max(revision, at);
        return this;
    }

    Parts failover(FailoverRequest request) {
        failover = Optional.of(new Versioned<>(request, 119));
        return this;
    }

    Parts slots(SlotStatus value) {
        slots = value;
        return this;
    }

    Parts optime(Lsn position) {
        optime = Optional.of(position);
        return this;
    }

    Parts history(HistoryEntry entry) {
        history = List.of(entry);
        return this;
    }

    Parts settings(MemberName member, MemberSettings decided) {
        settings.put(member, new Versioned<>(decided, revision));
        return this;
    }

    ClusterView view() {
        return new ClusterView(
                revision,
                leader,
                epoch,
                timeline,
                members,
                initialize,
                config,
                sync,
                failover,
                optime,
                history,
                failsafe,
                slots,
                settings);
    }
}
