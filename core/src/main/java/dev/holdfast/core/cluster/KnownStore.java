package dev.holdfast.core.cluster;

import java.util.Optional;

/**
 * The newest state of the store that this member has seen, kept beside the data directory, so that
 * a store that was restored to an older state is not believed (DESIGN.md, "A store restored to the
 * past"). etcd's revisions only grow: a key that is there with a smaller one than it had before was
 * brought back.
 *
 * <p>Keys that are absent say nothing: they are removed by hand where somebody is to lead whatever
 * was before. Who then begins the key {@code epoch} anew counts its generation up, so that what was
 * seen of an earlier one does not stand against it.
 *
 * @param generation of the key {@code epoch}; 0 before any was seen
 * @param epoch the mod revision of that key; 0 for one that was not there
 * @param timeline that of the key {@code timeline}
 * @param sync that of the key {@code sync}, which says who may be elected
 */
public record KnownStore(int generation, long epoch, long timeline, long sync) {
    public static final KnownStore NONE = new KnownStore(0, 0, 0, 0);

    /** Whether the store has shown something newer than {@code view}. */
    public boolean isAheadOf(ClusterView view) {
        return isAheadInEpoch(view)
                || (view.generation() == generation
                        && (isOlder(view.claimRevision(), timeline)
                                || isOlder(view.sync().revision(), sync)));
    }

    /** Whether somebody has led since what {@code view} shows. */
    public boolean isAheadInEpoch(ClusterView view) {
        return view.generation() > 0
                && (view.generation() < generation
                        || (view.generation() == generation
                                && isOlder(view.epochRevision(), epoch)));
    }

    private static boolean isOlder(long shown, long known) {
        return shown > 0 && shown < known;
    }

    /** What is known when {@code view} is seen after {@code before}. */
    public KnownStore seeing(ClusterView view, Optional<ClusterView> before) {
        if (view.generation() == 0) {
            return new KnownStore(generation, 0, 0, 0);
        }
        return isAheadOf(view) && !isGoneOnFrom(view, before)
                ? this
                : new KnownStore(
                        view.generation(),
                        view.epochRevision(),
                        view.claimRevision(),
                        view.sync().revision());
    }

    /**
     * The leader that was is still the leader, and has put right in the restored store whom it
     * waits for.
     */
    private boolean isGoneOnFrom(ClusterView view, Optional<ClusterView> before) {
        return view.leader().isPresent()
                && !isAheadInEpoch(view)
                && before.filter(b -> b.sync().revision() < view.sync().revision()).isPresent();
    }
}
