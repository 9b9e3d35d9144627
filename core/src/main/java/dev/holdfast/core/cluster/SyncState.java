package dev.holdfast.core.cluster;

import dev.holdfast.core.MemberName;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The key {@code sync}: who may become leader without losing an acknowledged commit. In priority
 * mode each standby named here is enforced by PostgreSQL.
 *
 * @param leader the primary that wrote it; empty when no synchronous primary has been
 * @param standbys in ascending order, without repetition
 * @param quorum Patroni's {@code quorum}: 0 in priority mode
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

    /** Whether {@code member} has every commit that was acknowledged while this stood. */
    public boolean entitles(MemberName member) {
        return leader.filter(member::equals).isPresent() || standbys.contains(member);
    }
}
