package dev.holdfast.sim;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The WAL that one server wrote on one timeline: positions from where it left its parent. Who holds
 * a branch up to a position holds all that lies before it on its ancestors. Two branches may carry
 * the same timeline number; they are different WAL all the same.
 */
final class Branch {
    private final Timeline timeline;
    private final @Nullable Branch parent;
    private final long fork;
    private long end;

    /** Up to here clients were told that it is safe, or were shown it where it had to be. */
    private long promised;

    private Branch(Timeline timeline, @Nullable Branch parent, long fork) {
        this.timeline = timeline;
        this.parent = parent;
        this.fork = fork;
        this.end = fork;
    }

    static Branch first() {
        return new Branch(new Timeline(1), null, 0x100_0000);
    }

    /** A branch that leaves this one at {@code at}. */
    Branch fork(Timeline next, long at) {
        return new Branch(next, this, at);
    }

    Timeline timeline() {
        return timeline;
    }

    /** Where it left its parent. */
    long begin() {
        return fork;
    }

    long end() {
        return end;
    }

    /** Writes a record and tells where it ends. */
    long append(long bytes) {
        end += bytes;
        return end;
    }

    /** What was not flushed is lost in a crash. */
    void truncate(long to) {
        end = Math.max(fork, to);
    }

    void promise(long upTo) {
        promised = Math.max(promised, upTo);
    }

    long promised() {
        return promised;
    }

    /** What was promised here beyond {@code to} is given up. */
    void forgive(long to) {
        promised = Math.min(promised, to);
    }

    /** The branch that holds the record which ends at {@code position}, seen from here. */
    Branch holding(long position) {
        Branch branch = this;
        while (branch.parent != null && position <= branch.fork) {
            branch = branch.parent;
        }
        return branch;
    }

    /**
     * Up to where a server that holds this branch up to {@code position} holds {@code other}; -1
     * when it holds nothing of it.
     */
    long holds(Branch other, long position) {
        long upTo = position;
        for (Branch branch = this; branch != null; branch = branch.parent) {
            if (branch == other) {
                return upTo;
            }
            upTo = Math.min(upTo, branch.fork);
        }
        return -1;
    }

    /** Whether who holds {@code other} up to {@code position} can go on with this branch. */
    boolean continues(Branch other, long position) {
        return holds(other.holding(position), end) >= position;
    }

    /** Whether a timeline of this number is in its history. */
    boolean knows(Timeline sought) {
        for (Branch branch = this; branch != null; branch = branch.parent) {
            if (branch.timeline.equals(sought)) {
                return true;
            }
        }
        return false;
    }

    /** The last position at which this branch and what {@code other} holds are the same. */
    long commonWith(Branch other, long otherPosition) {
        for (Branch branch = other; branch != null; branch = branch.parent) {
            long mine = holds(branch, end);
            if (mine >= 0) {
                return Math.min(mine, other.holds(branch, otherPosition));
            }
        }
        throw new IllegalStateException("two branches of one cluster have no common ancestor");
    }

    /** Whether this goes on from another promotion at the same point to the same number. */
    boolean hasTwinOf(Branch other) {
        Branch promoted = other.promotion();
        for (Branch branch = this; branch != null; branch = branch.parent) {
            Branch mine = branch.promotion();
            if (mine != promoted
                    && mine.fork == promoted.fork
                    && mine.timeline.equals(promoted.timeline)) {
                return true;
            }
        }
        return false;
    }

    /** Whether this goes on from another promotion to the same number, at whatever point. */
    boolean hasNamesakeOf(Branch other) {
        for (Branch branch = this; branch != null; branch = branch.parent) {
            if (branch.timeline.equals(other.timeline) && branch.promotion() != other.promotion()) {
                return true;
            }
        }
        return false;
    }

    /** The branch with which this timeline began: a crash leaves a branch of the same number. */
    private Branch promotion() {
        Branch branch = this;
        while (branch.parent != null && branch.parent.timeline.equals(branch.timeline)) {
            branch = branch.parent;
        }
        return branch;
    }

    TimelineHistory history() {
        List<TimelineHistory.Switch> switches = new ArrayList<>();
        for (Branch branch = this; branch.parent != null; branch = branch.parent) {
            if (!branch.parent.timeline.equals(branch.timeline)) {
                switches.addFirst(
                        new TimelineHistory.Switch(
                                branch.parent.timeline, new Lsn(branch.fork), "simulated"));
            }
        }
        return new TimelineHistory(timeline, switches);
    }
}
