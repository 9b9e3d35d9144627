package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * What can be done. The actions of one decision may run side by side and in any order: where an
 * order matters, the later action is decided only when a fact shows the earlier one done. An action
 * that is still under way is not started again; it is under way until the facts that it changes
 * were asked for anew.
 */
public sealed interface Action {

    /** Changes the store; a comparison that does not hold changes nothing. */
    sealed interface Store extends Action {}

    /** Changes or asks the running server, the guard or another member, and ends soon. */
    sealed interface Brief extends Action {}

    /** Takes its time: at most one is under way. */
    sealed interface Lengthy extends Action {}

    // --- the store

    /**
     * Take the leader key if nobody has it, and the keys {@code epoch}, {@code timeline} and {@code
     * initialize} are still at these revisions (0: absent). Where somebody removed {@code epoch},
     * the claim still tells that another was promoted meanwhile; and nobody may have begun to make
     * a new cluster.
     */
    record CreateLeader(
            LeaseId lease, long epochRevision, long claimRevision, long initializeRevision)
            implements Store {
        static CreateLeader of(LeaseId lease, ClusterView cluster) {
            return new CreateLeader(
                    lease,
                    cluster.epochRevision(),
                    cluster.claimRevision(),
                    cluster.initializeRevision());
        }
    }

    /**
     * Write the leader key anew under the same lease, if it is still at this epoch and {@code
     * /sync} at its revision: the key gets a new epoch, and nothing that was sent under the old
     * one, and is executed late, applies any more.
     */
    record RenewEpoch(Epoch epoch, LeaseId lease, Optional<Lsn> handedOverAt, long syncRevision)
            implements Store {}

    /** Give the leader key back. Only after PostgreSQL was proved gone. */
    record ReleaseLeader(Epoch epoch, Fenced fenced) implements Store {}

    /**
     * Say that whoever leads next need not wait for this member, which nobody shows as leader any
     * more: the leader key was removed by hand. If nobody holds it and the key {@code epoch} is
     * still at this revision; that gets a new one, so that nothing this member sent before can take
     * the leader key any more.
     */
    record ReleaseEpoch(long epochRevision, Fenced fenced) implements Store {}

    /**
     * Give the leader key to {@code candidate}, whose lease it then hangs on, after a clean
     * shutdown at {@code checkpoint}.
     */
    record HandOver(
            Epoch epoch,
            MemberName candidate,
            LeaseId candidateLease,
            Lsn checkpoint,
            Fenced fenced)
            implements Store {}

    record WriteSync(Epoch epoch, SyncState sync, long expectedRevision) implements Store {}

    /**
     * Before a promotion, in one transaction: {@code /sync} as it will be, and the timeline that
     * will be created.
     */
    record PreparePromotion(
            Epoch epoch,
            Optional<SyncState> sync,
            long syncRevision,
            TimelineClaim claim,
            long claimRevision)
            implements Store {}

    /** After a promotion: the claim was used, and the history has one line more. */
    record RecordPromotion(
            Epoch epoch, TimelineClaim claim, long claimRevision, List<HistoryEntry> history)
            implements Store {}

    /**
     * The same by the member that made the claim, opened the timeline, and was lost before it had
     * recorded that; if nobody leads, and nobody else has claimed a timeline since.
     */
    record RecordOpening(TimelineClaim claim, long claimRevision, List<HistoryEntry> history)
            implements Store {}

    /**
     * A standby cluster has followed another one to this timeline, which nobody here opened, and
     * this is how that one came to it.
     */
    record FollowTimeline(
            Epoch epoch, TimelineClaim claim, long claimRevision, List<HistoryEntry> history)
            implements Store {}

    /** Write the key {@code failsafe}: who may be elected while it stands; empty removes it. */
    record WriteFailsafe(
            Epoch epoch, Optional<SortedMap<MemberName, String>> members, long expectedRevision)
            implements Store {}

    /** Remove the operator's request, unless it was changed meanwhile. */
    record ClearFailover(long revision) implements Store {}

    /**
     * The time of a scheduled switchover has come: write it anew as one for now, unless it was
     * changed meanwhile.
     */
    record BeginSwitchover(Epoch epoch, FailoverRequest request, long expectedRevision)
            implements Store {}

    /**
     * Begin a new cluster, where nobody has ever led one: nobody else may while this key hangs on
     * the own lease.
     */
    record ClaimInitialize(LeaseId lease) implements Store {}

    /** The new cluster stands: write its identifier and configuration, and take the leader key. */
    record FinishInitialize(LeaseId lease, long initializeRevision, SystemIdentifier system)
            implements Store {}

    /** A cluster that existed before Holdfast, or before its store: write its identifier. */
    record WriteInitialize(Epoch epoch, SystemIdentifier system) implements Store {}

    /** The store holds no dynamic configuration of the cluster: write what is known of it here. */
    record WriteConfig(Epoch epoch) implements Store {}

    // --- short

    /** Tell the guard what to do when the agent falls silent. */
    record SetGuard(GuardFact.Mode mode) implements Brief {}

    /** SIGKILL to all of PostgreSQL, through the guard, now. */
    record Kill() implements Brief {}

    /**
     * Renew the lease no more, so that it ends by itself: PostgreSQL cannot be shown to have ended,
     * and another member is to lead.
     */
    record LetLeaseRunOut() implements Brief {}

    /**
     * Send the renewal that waits for a write on its way to the disk, if it is due: no other member
     * would be better off.
     */
    record RenewAnyway() implements Brief {}

    /** Write the configuration, let the server reread it, and see that it did. */
    record ApplyFiles(ServerFiles files) implements Brief {}

    /**
     * Let the server reread its configuration, which wakes a standby that waits to try its primary
     * again.
     */
    record Reload() implements Brief {}

    record Checkpoint() implements Brief {}

    /**
     * Write a little WAL, so that a standby which is to be synchronous has something to confirm.
     */
    record EmitWal() implements Brief {}

    /** Make slots that hold WAL back from now on. */
    record CreateSlots(SortedSet<String> names) implements Brief {}

    record DropSlots(SortedSet<String> names) implements Brief {}

    record CreateLogicalSlots(SortedMap<String, Slot.Logical> slots) implements Brief {
        public CreateLogicalSlots {
            slots = FrozenMap.copyOf(slots);
        }
    }

    /** Move unused slots on to where their users are. */
    record AdvanceSlots(SortedMap<String, Advance> slots) implements Brief {
        public AdvanceSlots {
            slots = FrozenMap.copyOf(slots);
        }
    }

    /**
     * Where a slot is to be.
     *
     * @param database of a logical slot
     */
    record Advance(Optional<String> database, Lsn to) {}

    /** Write a sentence into the journal. */
    record Tell(String sentence) implements Brief {}

    /** Give up the long action that is under way. */
    record Cancel() implements Brief {}

    record AskPeers(SortedSet<MemberName> members) implements Brief {}

    /**
     * Ask others, by their REST addresses, to confirm that this member leads; the answers hold from
     * when this is sent.
     */
    record AskFailsafe(Epoch epoch, Duration validity, SortedMap<MemberName, String> members)
            implements Brief {}

    record AskPredecessor(LeaseId lease) implements Brief {}

    record AskSource(Upstream source, Epoch epoch) implements Brief {}

    /** Ask who has a weaker {@code synchronous_commit} than the synchronous mode needs. */
    record AskCommits() implements Brief {}

    /** Forget the restart that was scheduled, and order this one in its place. */
    record SettleSchedule(Optional<Orders.Restart> restart) implements Brief {}

    /** Look at the data directory anew. */
    record Inspect() implements Brief {}

    /** End the agent with this status; the sentence goes to standard error. */
    record Exit(int status, String sentence) implements Brief {}

    // --- long

    /**
     * Make a cluster in an empty directory.
     *
     * @param before the claim may be somebody else's from then on: it must have begun
     */
    record InitDb(MonoTime before) implements Lengthy {}

    /**
     * Start the first server of a new cluster, which no lease protects yet: the claim on {@code
     * initialize} does.
     */
    record StartNewCluster(ServerFiles files) implements Lengthy {}

    record StartStandby(ServerFiles files) implements Lengthy {}

    /**
     * Start as primary again, in place: the lease was held throughout, so nobody else can have been
     * promoted.
     */
    record StartPrimary(LeaderProof proof, ServerFiles files) implements Lengthy {}

    /** Stop; after {@code patience} by force. */
    record Stop(StopMode mode, Duration patience) implements Lengthy {}

    enum StopMode {
        FAST,
        IMMEDIATE
    }

    /**
     * Ask the operator's program whether this member may be promoted under this epoch: it may not,
     * unless the program ends with 0 in time.
     */
    record PrePromote(Epoch epoch) implements Lengthy {}

    record Promote(LeaderProof proof) implements Lengthy {}

    /** Keep a copy of the data directory before it is changed in place, as the policy says. */
    record KeepAside(Keeping how) implements Lengthy {}

    record Rewind(Upstream source) implements Lengthy {}

    /**
     * Replace the data directory by a base backup; what is there is moved aside under a name with
     * {@code reason} in it.
     *
     * @param methods names of those to try, in order; empty for the member's own
     */
    record Clone(Upstream source, List<String> methods, String reason) implements Lengthy {
        public Clone {
            methods = List.copyOf(methods);
        }
    }

    /**
     * As {@link Clone}, by the operator's methods that need no server to copy from: out of a
     * backup.
     */
    record Restore(List<String> methods, String reason) implements Lengthy {
        public Restore {
            methods = List.copyOf(methods);
        }
    }

    /**
     * Copy logical slots from the leader, and restart this standby with them. Until the leader
     * knows by itself, through its slot {@code through}, what they need, it is kept from removing
     * that. What cannot be copied stops nothing.
     *
     * @param files to start with again
     */
    record PlaceSlots(
            Upstream leader,
            String through,
            SortedMap<String, Slot.Logical> slots,
            ServerFiles files,
            Duration patience)
            implements Lengthy {
        public PlaceSlots {
            slots = FrozenMap.copyOf(slots);
        }
    }

    /** The guard said that no process of PostgreSQL is left: only that builds one. */
    final class Fenced {
        private Fenced() {}

        static Optional<Fenced> of(GuardFact guard) {
            return switch (guard) {
                case GuardFact.Away away -> Optional.empty();
                case GuardFact.Present present ->
                        present.isEmpty() ? Optional.of(new Fenced()) : Optional.empty();
            };
        }

        /**
         * A server that was seen in recovery, and that nobody can have begun to promote (the guard
         * is armed before that), has written nothing under this lease either.
         */
        static Optional<Fenced> unused(Observation o) {
            boolean standby = o.server().filter(Server.Standby.class::isInstance).isPresent();
            boolean busy = o.task() instanceof Task.Running;
            boolean armed =
                    !(o.guard() instanceof GuardFact.Present present)
                            || present.mode() instanceof GuardFact.Mode.Armed;
            return standby && !busy && !armed ? Optional.of(new Fenced()) : of(o.guard());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Fenced;
        }

        @Override
        public int hashCode() {
            return 1;
        }

        @Override
        public String toString() {
            return "fenced";
        }
    }
}
