package dev.holdfast.core.cluster;

import dev.holdfast.core.MemberName;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The key {@code sync}: who may become leader without losing an acknowledged commit. Each set of
 * {@code quorum + 1} of the standbys named here holds each of them, in at least one of its members;
 * so in priority mode, where it is 0, each standby does by itself.
 *
 * @param leader the primary that wrote it; empty when no synchronous primary has been
 * @param standbys in ascending order, without repetition: those that may elect
 * @param quorum how many others of {@code standbys} one of them must have heard, and be level with,
 *     to be sure to have everything
 */
public record SyncState(Optional<MemberName> leader, List<MemberName> standbys, int quorum) {
    public SyncState {
        standbys = standbys.stream().sorted().distinct().toList();
    }

    public static SyncState none() {
        return new SyncState(Optional.empty(), List.of(), 0);
    }

    public static SyncState of(MemberName leader, Collection<MemberName> standbys) {
        return new SyncState(Optional.of(leader), List.copyOf(standbys), 0);
    }

    public static SyncState of(MemberName leader, Collection<MemberName> standbys, int quorum) {
        return new SyncState(Optional.of(leader), List.copyOf(standbys), quorum);
    }

    /**
     * Whether {@code member} has every commit that was acknowledged while this stood: by itself,
     * or, where a quorum is needed, once it has heard {@code quorum} others.
     */
    public boolean entitles(MemberName member) {
        return leader.filter(member::equals).isPresent() || standbys.contains(member);
    }

    /** Whether {@code member} is entitled only together with others. */
    public boolean needsVotes(MemberName member) {
        return quorum > 0 && standbys.contains(member);
    }
}
