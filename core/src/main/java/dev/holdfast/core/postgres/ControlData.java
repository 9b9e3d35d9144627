package dev.holdfast.core.postgres;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;

/**
 * What {@code pg_controldata} says of a data directory.
 *
 * @param checkpoint location of the latest checkpoint record
 * @param timeline timeline of the latest checkpoint
 * @param minRecoveryPoint how far a standby must replay to be consistent; 0/0 for a primary
 * @param minRecoveryTimeline the timeline of that point, or that of the checkpoint when there is
 *     none
 */
public record ControlData(
        SystemIdentifier system,
        State state,
        Lsn checkpoint,
        Timeline timeline,
        Lsn redo,
        Lsn minRecoveryPoint,
        Timeline minRecoveryTimeline,
        boolean checksums,
        boolean walLogHints) {

    /** "Database cluster state". */
    public enum State {
        STARTING_UP,
        SHUT_DOWN,
        SHUT_DOWN_IN_RECOVERY,
        SHUTTING_DOWN,
        IN_CRASH_RECOVERY,
        IN_ARCHIVE_RECOVERY,
        IN_PRODUCTION
    }

    /**
     * The last word of this directory was spoken as a primary, so it may hold WAL that nobody else
     * has.
     */
    public boolean wasPrimary() {
        return switch (state) {
            case SHUT_DOWN, SHUTTING_DOWN, IN_PRODUCTION, IN_CRASH_RECOVERY -> true;
            case SHUT_DOWN_IN_RECOVERY -> leftCrashRecovery();
            case STARTING_UP, IN_ARCHIVE_RECOVERY -> false;
        };
    }

    /** Nothing is left to recover: the server ended in order, as a primary or as a standby. */
    public boolean isShutDown() {
        return switch (state) {
            case SHUT_DOWN -> true;
            case SHUT_DOWN_IN_RECOVERY -> !leftCrashRecovery();
            case STARTING_UP,
                    SHUTTING_DOWN,
                    IN_CRASH_RECOVERY,
                    IN_ARCHIVE_RECOVERY,
                    IN_PRODUCTION ->
                    false;
        };
    }

    /**
     * Since PostgreSQL 15 a primary that is stopped while it recovers from a crash leaves the state
     * of a standby that was shut down. But a standby always has a point that it must recover to.
     */
    private boolean leftCrashRecovery() {
        return minRecoveryPoint.equals(Lsn.ZERO);
    }

    /** The newest timeline that the directory is known to be on. */
    public Timeline newestTimeline() {
        return minRecoveryTimeline.isAfter(timeline) ? minRecoveryTimeline : timeline;
    }
}
