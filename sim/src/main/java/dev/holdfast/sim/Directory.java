package dev.holdfast.sim;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A data directory: what of PostgreSQL outlives a crash. */
final class Directory {
    final SystemIdentifier system;

    /** The WAL that it holds, up to {@link #flushed}. */
    Branch branch;

    long flushed;

    ControlData.State state;
    long checkpoint;
    Timeline checkpointTimeline;
    long redo;
    long minRecovery;
    Timeline minRecoveryTimeline;

    /** Before this is replayed, sessions are refused. */
    long consistentAt;

    boolean standbySignal;
    boolean backupLabel;
    Optional<String> broken = Optional.empty();
    Optional<ServerFiles> files = Optional.empty();
    final SortedMap<String, Slot> slots = new TreeMap<>();

    /** The newest timeline of which it has the history file. */
    Timeline newestKnown;

    Directory(SystemIdentifier system, Branch branch, long flushed) {
        this.system = system;
        this.branch = branch;
        this.flushed = flushed;
        this.state = ControlData.State.SHUT_DOWN;
        this.checkpoint = flushed;
        this.checkpointTimeline = branch.holding(flushed).timeline();
        this.redo = flushed;
        this.minRecoveryTimeline = checkpointTimeline;
        this.newestKnown = branch.timeline();
    }

    ControlData control() {
        return new ControlData(
                system,
                backupLabel ? ControlData.State.IN_ARCHIVE_RECOVERY : state,
                new Lsn(checkpoint),
                checkpointTimeline,
                new Lsn(redo),
                new Lsn(minRecovery),
                minRecovery == 0 ? checkpointTimeline : minRecoveryTimeline,
                true,
                true);
    }

    /** Whether the next start recovers from a crash first. */
    boolean endedInCrash() {
        return switch (state) {
            case IN_PRODUCTION, SHUTTING_DOWN, IN_CRASH_RECOVERY -> true;
            case SHUT_DOWN_IN_RECOVERY -> minRecovery == 0;
            case STARTING_UP, SHUT_DOWN, IN_ARCHIVE_RECOVERY -> false;
        };
    }

    /** A slot that was used holds WAL back. */
    void reserve(String slot) {
        slots.computeIfPresent(
                slot, (name, _) -> Slot.physical(name, false, Optional.of(new Lsn(flushed))));
    }

    /** A checkpoint whose record begins at {@code record}, the last one that is flushed. */
    void checkpointed(long record, long from) {
        checkpoint = record;
        redo = from;
        checkpointTimeline = branch.holding(flushed).timeline();
        minRecovery = 0;
    }

    /** A standby has written pages of this position. */
    void recoveredTo(long position) {
        if (position > minRecovery) {
            minRecovery = position;
            minRecoveryTimeline = branch.holding(position).timeline();
        }
    }
}
