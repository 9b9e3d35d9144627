package dev.holdfast.core.cluster;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All keys of the cluster as they stood together at one revision of the store.
 *
 * @param revision the store's revision of this view
 * @param initialize empty until the cluster was bootstrapped; a present value without identifier
 *     means that a member is bootstrapping right now
 * @param optime the last position that the leader published, from {@code status}
 * @param failsafe the only members that may be elected, with the addresses of their REST
 *     interfaces; empty while failsafe mode is off, and naming nobody where it cannot be read
 * @param slots what the leader published of its slots, from {@code status}
 * @param settings what an operator has decided about members, of those that he has
 */
public record ClusterView(
        long revision,
        Optional<LeaderKey> leader,
        Optional<Versioned<EpochRecord>> epoch,
        Optional<Versioned<TimelineClaim>> timeline,
        SortedMap<MemberName, MemberRecord.Stored> members,
        Optional<Versioned<Initialize>> initialize,
        Optional<Versioned<ClusterConfig>> config,
        Versioned<SyncState> sync,
        Optional<Versioned<FailoverRequest>> failover,
        Optional<Lsn> optime,
        List<HistoryEntry> history,
        Optional<Versioned<SortedMap<MemberName, String>>> failsafe,
        SlotStatus slots,
        SortedMap<MemberName, Versioned<MemberSettings>> settings) {

    /**
     * The key {@code initialize}.
     *
     * @param system empty while a member is bootstrapping
     * @param lease the lease of the member that is bootstrapping
     */
    public record Initialize(Optional<SystemIdentifier> system, Optional<LeaseId> lease) {
        /** Whether it says that a member is bootstrapping, for as long as that member lives. */
        public boolean isClaim() {
            return system.isEmpty() && lease.isPresent();
        }
    }

    public ClusterView {
        members = FrozenMap.copyOf(members);
        history = List.copyOf(history);
        settings = FrozenMap.copyOf(settings);
    }

    /** The same keys at another revision of the store. */
    public ClusterView at(long otherRevision) {
        return new ClusterView(
                otherRevision,
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

    /** What an operator has decided about {@code member}. */
    public MemberSettings settingsOf(MemberName member) {
        Versioned<MemberSettings> decided = settings.get(member);
        return decided == null ? MemberSettings.USUAL : decided.value();
    }

    /**
     * How far the leader is: the higher one of what {@code status} and its own record say; 0/0 when
     * neither does.
     */
    public Lsn published() {
        Lsn leaders =
                leader.flatMap(l -> member(l.member()))
                        .flatMap(MemberRecord::xlogLocation)
                        .orElse(Lsn.ZERO);
        return Lsn.max(optime.orElse(Lsn.ZERO), leaders);
    }

    public boolean isLeader(MemberName member) {
        return leader.isPresent() && leader.get().member().equals(member);
    }

    /** The identifier that every member must share, once the cluster has one. */
    public Optional<SystemIdentifier> system() {
        return initialize.flatMap(i -> i.value().system());
    }

    /** The mod revision of the key {@code epoch}; 0 while there is none. */
    public long epochRevision() {
        return epoch.map(Versioned::revision).orElse(0L);
    }

    /** The generation of the key {@code epoch}; 0 while there is none. */
    public int generation() {
        return epoch.map(e -> e.value().generation()).orElse(0);
    }

    /** The newest generation that one of the members says it has seen; 0 where there is none. */
    public int newestGeneration() {
        return members.values().stream().mapToInt(m -> m.member().generation()).max().orElse(0);
    }

    /** The mod revision of the key {@code timeline}; 0 while there is none. */
    public long claimRevision() {
        return timeline.map(Versioned::revision).orElse(0L);
    }

    /** The mod revision of the key {@code initialize}; 0 while there is none. */
    public long initializeRevision() {
        return initialize.map(Versioned::revision).orElse(0L);
    }

    /** Up to where the newest leader must have replayed, when the lease was handed over to it. */
    public Optional<Lsn> handedOverAt() {
        return epoch.map(Versioned::value).flatMap(EpochRecord::handedOverAt);
    }

    /** The leader's own record, when its server runs as primary. */
    public Optional<MemberRecord.Stored> runningPrimary() {
        return runningLeader().filter(stored -> stored.member().role() == MemberRole.PRIMARY);
    }

    /** The leader's own record, when its server runs as what others can follow. */
    public Optional<MemberRecord.Stored> runningLeader() {
        return leader.map(l -> members.get(l.member()))
                .filter(stored ->
                        (stored.member().role() == MemberRole.PRIMARY
                                        || stored.member().role() == MemberRole.STANDBY_LEADER)
                                && stored.member().state() == MemberState.RUNNING);
    }

    /** The member that is there whose slot has this name. */
    public Optional<MemberRecord.Stored> userOfSlot(String slot) {
        for (MemberRecord.Stored member : members.values()) {
            if (member.name().slotName().equals(slot)) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }

    public Optional<MemberRecord> member(MemberName name) {
        return Optional.ofNullable(members.get(name)).map(MemberRecord.Stored::member);
    }
}
