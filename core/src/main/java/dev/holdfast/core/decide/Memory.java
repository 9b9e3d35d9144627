package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All that a decision remembers of earlier ones. Everything in it may be lost (the agent restarts)
 * without harm to a promise; what must not be lost is in the store.
 *
 * @param leadership who holds the leader key, and since when that is so
 * @param gate what clients of this start of the primary still wait for
 * @param switchover the planned hand-over under way
 * @param crashes how often the server ended by itself lately
 * @param sync where the sequence of the sync set stands
 * @param silentSince since when the server has not answered at all
 * @param slots what is remembered of replication slots
 * @param wake how often this standby was woken for the same news of its primary
 * @param lead the last primary seen here, for what a crash needs to know
 * @param diverged the leader whose history this member's WAL was found to contradict
 * @param reign what else a leader remembers
 */
public record Memory(
        Optional<Leadership> leadership,
        Optional<Gate> gate,
        Optional<Switchover> switchover,
        Crashes crashes,
        Sync sync,
        Optional<MonoTime> silentSince,
        Slots slots,
        Wake wake,
        Optional<Lead> lead,
        Optional<Epoch> diverged,
        Reign reign) {

    /**
     * The leader key as it was first seen.
     *
     * @param epoch empty while nobody holds it
     * @param claimRevision that of the key {@code timeline} then
     */
    public record Leadership(
            Optional<Epoch> epoch, MonoTime since, Standing standing, long claimRevision) {
        public Leadership(Optional<Epoch> epoch, MonoTime since) {
            this(epoch, since, Standing.FIRM, 0);
        }

        Leadership doubtful() {
            return new Leadership(epoch, since, Standing.DOUBTFUL, claimRevision);
        }
    }

    /** Whether something may be on its way to the store that gives this epoch away. */
    public enum Standing {
        FIRM,
        /** It was sent here and not answered, or an agent before this one may have sent it. */
        DOUBTFUL
    }

    /**
     * What clients of one start of the primary wait for.
     *
     * @param startMicros the start of the server it is about
     * @param epoch the epoch it is about: a promotion opens a new gate on the same start
     * @param needed the position that the sync set must have flushed
     * @param open it latches
     */
    public record Gate(long startMicros, Epoch epoch, Lsn needed, boolean open) {}

    /**
     * A planned hand-over.
     *
     * @param candidate who is to lead; empty when the agent only wants to stop and nobody is fit
     * @param since when it began
     * @param stopping the checkpoint is done (or was given up): the server is to be stopped
     * @param reachedAt when the checkpoint was first seen done; once stopping, when the server was
     *     first seen stopped
     */
    public record Switchover(
            Optional<MemberName> candidate,
            MonoTime since,
            boolean stopping,
            Optional<MonoTime> reachedAt) {}

    /**
     * Starts in a row.
     *
     * @param count crashes or failed starts in a row
     * @param lastAt when the last one was seen
     */
    public record Crashes(int count, MonoTime lastAt) {
        public static final Crashes NONE = new Crashes(0, MonoTime.BEGINNING);
    }

    /**
     * The sequence of the sync set.
     *
     * @param add the standbys that are about to be written into {@code /sync}
     * @param noneSince since when a primary that wants a synchronous standby sees none streaming
     * @param written the revision of {@code /sync} that the last write of ours compared with: while
     *     it is still the current one, that write may yet be executed. Empty when an agent before
     *     this one may have written
     */
    public record Sync(
            Optional<SyncAdd> add, Optional<MonoTime> noneSince, Optional<Long> written) {
        public static final Sync NONE =
                new Sync(Optional.empty(), Optional.empty(), Optional.empty());

        Sync withWritten(long revision) {
            return new Sync(add, noneSince, Optional.of(revision));
        }
    }

    /**
     * Standbys on their way into {@code /sync}: one at a time in priority mode.
     *
     * @param since when the names were first seen to count
     * @param flushed where the primary stood when it was asked after that: they must get past it.
     *     Empty until it was asked
     */
    public record SyncAdd(List<MemberName> standbys, MonoTime since, Optional<Lsn> flushed) {
        public SyncAdd {
            standbys = List.copyOf(standbys);
        }
    }

    /**
     * Replication slots of this server.
     *
     * @param seen when the owner of each member's slot was last there
     * @param idle since when each slot that is nobody's has not been used
     * @param permanent those that the configuration has named since they were first seen
     * @param copiedAt when logical slots were last copied from the leader
     */
    public record Slots(
            SortedMap<String, MonoTime> seen,
            SortedMap<String, MonoTime> idle,
            SortedSet<String> permanent,
            Optional<MonoTime> copiedAt) {
        public static final Slots NONE =
                new Slots(new TreeMap<>(), new TreeMap<>(), new TreeSet<>(), Optional.empty());

        public Slots {
            seen = FrozenMap.copyOf(seen);
            idle = FrozenMap.copyOf(idle);
            permanent = Collections.unmodifiableSortedSet(new TreeSet<>(permanent));
        }

        Slots withSeen(SortedMap<String, MonoTime> value) {
            return new Slots(value, idle, permanent, copiedAt);
        }

        Slots copying(MonoTime now) {
            return new Slots(seen, idle, permanent, Optional.of(now));
        }
    }

    /**
     * How a standby was woken.
     *
     * @param revision of the record of the member to stream from
     * @param count how often this standby was woken for it
     * @param lastAt when it was last woken
     * @param pass whether the standby that its tag names is passed over, since it let this one down
     */
    public record Wake(long revision, int count, MonoTime lastAt, Optional<Pass> pass) {
        public static final Wake NONE = new Wake(0, 0, MonoTime.BEGINNING);

        public Wake(long revision, int count, MonoTime lastAt) {
            this(revision, count, lastAt, Optional.empty());
        }

        Wake again(long ofRevision, int next, MonoTime now) {
            return new Wake(ofRevision, next, now, pass);
        }
    }

    /**
     * A standby to stream from that did not let this one stream.
     *
     * @param until when it is tried again
     * @param times how often in a row that happened
     */
    public record Pass(MonoTime until, int times) {}

    /**
     * The last primary seen here.
     *
     * @param startMicros the start of the server it is about
     * @param flushed its last known position
     * @param healthyStandby a standby was streaming, fit to lead and, in a synchronous mode, in the
     *     sync set
     */
    public record Lead(Epoch epoch, long startMicros, Lsn flushed, boolean healthyStandby) {}

    /** What a leader remembers beside its lead; see the methods of the same names. */
    public record Reign(
            Optional<MonoTime> retreatSince,
            Alone alone,
            Optional<FailsafeWrite> failsafeWrite,
            SortedMap<MemberName, Stall> stalls) {
        public static final Reign NONE =
                new Reign(Optional.empty(), Alone.NEVER, Optional.empty(), new TreeMap<>());

        public Reign {
            stalls = FrozenMap.copyOf(stalls);
        }
    }

    /**
     * A standby that confirms no more.
     *
     * @param pid of its session
     * @param flushed what it has confirmed
     * @param since when that was first seen while there was more
     */
    public record Stall(int pid, Lsn flushed, MonoTime since) {}

    /**
     * A primary of a synchronous mode that is not strict and has nobody in {@code /sync}: what it
     * acknowledges then, no other member is sure to have.
     *
     * @param since when that began; empty while it is not so
     * @param times how often it has begun since the agent started
     */
    public record Alone(Optional<MonoTime> since, int times) {
        public static final Alone NEVER = new Alone(Optional.empty(), 0);
    }

    /**
     * Writes of {@code failsafe} whose outcome may not be known.
     *
     * @param expectedRevision the revision that they compared with: while it is still the current
     *     one, they may yet be executed
     * @param members all whom they named
     */
    public record FailsafeWrite(long expectedRevision, SortedMap<MemberName, String> members) {
        public FailsafeWrite {
            members = FrozenMap.copyOf(members);
        }
    }

    public static Memory empty() {
        return new Memory(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Crashes.NONE,
                Sync.NONE,
                Optional.empty(),
                Slots.NONE,
                Wake.NONE,
                Optional.empty(),
                Optional.empty(),
                Reign.NONE);
    }

    /** Since when nobody holds the leader key; empty while somebody does. */
    public Optional<MonoTime> leaderAbsentSince() {
        return leadership.filter(l -> l.epoch().isEmpty()).map(Leadership::since);
    }

    public Memory withLeadership(Optional<Leadership> value) {
        return new Memory(
                value,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withGate(Optional<Gate> value) {
        return new Memory(
                leadership,
                value,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withSwitchover(Optional<Switchover> value) {
        return new Memory(
                leadership,
                gate,
                value,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withCrashes(Crashes value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                value,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withSync(Sync value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                value,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withSilentSince(Optional<MonoTime> value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                value,
                slots,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withSlots(Slots value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                value,
                wake,
                lead,
                diverged,
                reign);
    }

    public Memory withWake(Wake value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                value,
                lead,
                diverged,
                reign);
    }

    public Memory withLead(Optional<Lead> value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                value,
                diverged,
                reign);
    }

    public Memory withDiverged(Optional<Epoch> value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                value,
                reign);
    }

    private Memory withReign(Reign value) {
        return new Memory(
                leadership,
                gate,
                switchover,
                crashes,
                sync,
                silentSince,
                slots,
                wake,
                lead,
                diverged,
                value);
    }

    /** When this leader began to give its lease up because it is not well. */
    public Optional<MonoTime> retreatSince() {
        return reign.retreatSince();
    }

    public Memory withRetreatSince(Optional<MonoTime> value) {
        return withReign(new Reign(value, reign.alone(), reign.failsafeWrite(), reign.stalls()));
    }

    /** How this primary went on without a synchronous standby. */
    public Alone alone() {
        return reign.alone();
    }

    public Memory withAlone(Alone value) {
        return withReign(
                new Reign(reign.retreatSince(), value, reign.failsafeWrite(), reign.stalls()));
    }

    /** The last write of the key {@code failsafe}, which may yet be executed. */
    public Optional<FailsafeWrite> failsafeWrite() {
        return reign.failsafeWrite();
    }

    public Memory withFailsafeWrite(Optional<FailsafeWrite> value) {
        return withReign(new Reign(reign.retreatSince(), reign.alone(), value, reign.stalls()));
    }

    /** Standbys of this primary that confirm no more; see {@link Stalls}. */
    public SortedMap<MemberName, Stall> stalls() {
        return reign.stalls();
    }

    public Memory withStalls(SortedMap<MemberName, Stall> value) {
        return withReign(
                new Reign(reign.retreatSince(), reign.alone(), reign.failsafeWrite(), value));
    }
}
