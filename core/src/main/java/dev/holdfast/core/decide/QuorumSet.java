package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.postgres.WalSender;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What {@link SyncSet} is for the priority mode, for {@code synchronous_mode: quorum}, and for the
 * way from it to the priority mode. Invariant, at every instant and wherever the sequence is
 * interrupted: <em>every set of standbys by whose word a commit may have returned meets every set
 * of voters that may elect</em> ({@link SyncNames#keep}).
 *
 * <p>So the order is the other way round than in the priority mode: a voter is added to {@code
 * /sync} first, together with a higher quorum, and to the names then; it is taken out of the names
 * first. A change of {@code /sync} after which more must agree than before needs no proof. One
 * after which fewer need to has one: so many of the voters that stay have flushed what the primary
 * showed when the names counted that no vote can be won without one of them.
 *
 * <p>A {@code /sync} without voters entitles the primary alone, whatever the names are.
 */
final class QuorumSet {
    private QuorumSet() {}

    static SyncSet.Step next(SyncSet.Input in) {
        SyncState sync = in.sync();
        boolean mine = sync.leader().equals(Optional.of(in.self()));
        if (in.names().isEmpty()) {
            return sync.standbys().isEmpty() || !mine
                    ? SyncSet.start(in)
                    : new SyncSet.Step.SetNames(least(sync));
        }
        if (!mine) {
            return new SyncSet.Step.Write(SyncState.of(in.self(), List.of()));
        }
        SyncNames names = in.names().get();
        if (!names.keep(sync)) {
            return new SyncSet.Step.SetNames(least(sync));
        }
        SortedSet<MemberName> voters = new TreeSet<>(sync.standbys());
        SortedSet<MemberName> target = SyncSet.choose(in, voters, names);
        if (target.isEmpty()) {
            return voters.isEmpty()
                    ? SyncSet.withoutStandby(in, names)
                    : SyncSet.remove(in, voters, target);
        }
        SortedSet<MemberName> staying = new TreeSet<>(voters);
        staying.retainAll(target);
        if (staying.size() == voters.size()) {
            return towards(in, names, target, SyncSet.number(in, target));
        }
        // Who has gone is taken out before anybody is added: nobody can be asked for its vote.
        int number =
                Math.min(staying.size(), Math.max(SyncSet.number(in, target), confirming(sync)));
        return staying.isEmpty()
                ? new SyncSet.Step.Write(SyncState.of(in.self(), List.of()))
                : towards(in, names, staying, number);
    }

    /** The names that keep {@code sync}, and ask for no more than that. */
    static SyncNames least(SyncState sync) {
        return sync.quorum() == 0
                ? SyncNames.all(sync.standbys())
                : SyncNames.any(confirming(sync), sync.standbys());
    }

    /**
     * What a new leader that was elected by {@code before} writes before it promotes. Voters are
     * kept only while they need as many others as before, so that what was acknowledged until now
     * is among them, and enough that what {@code own} names let by is, too.
     *
     * @param voters those of before that are there, without the leader
     */
    static SyncState inherited(
            SyncState before, MemberName leader, SortedSet<MemberName> voters, SyncNames own) {
        SortedSet<MemberName> all = new TreeSet<>(voters);
        all.addAll(own.names());
        int quorum = Math.max(before.quorum(), all.size() - own.number());
        return quorum < voters.size()
                ? SyncState.of(leader, voters, quorum)
                : SyncState.of(leader, List.of());
    }

    /** How many of the voters at least have each commit that was acknowledged. */
    private static int confirming(SyncState sync) {
        return sync.standbys().size() - sync.quorum();
    }

    /** To {@code number} of {@code members} that confirm, and all of them that vote. */
    private static SyncSet.Step towards(
            SyncSet.Input in, SyncNames names, SortedSet<MemberName> members, int number) {
        SyncState sync = in.sync();
        SyncNames wanted = SyncNames.any(number, members);
        SyncState done = SyncState.of(in.self(), members, members.size() - number);
        if (!names.equals(wanted)) {
            return wanted.keep(sync)
                    ? new SyncSet.Step.SetNames(wanted)
                    : new SyncSet.Step.Write(harder(sync, members, number));
        }
        if (done.equals(sync)) {
            return new SyncSet.Step.Rest();
        }
        return isHarder(done, sync) ? new SyncSet.Step.Write(done) : prove(in, done);
    }

    /** Room for {@code number} of {@code members} as names: more must agree until they count. */
    private static SyncState harder(SyncState sync, SortedSet<MemberName> members, int number) {
        SortedSet<MemberName> all = new TreeSet<>(sync.standbys());
        all.addAll(members);
        int added = all.size() - sync.standbys().size();
        return new SyncState(
                sync.leader(),
                List.copyOf(all),
                Math.max(sync.quorum() + added, all.size() - number));
    }

    /** Whether whoever elects by {@code next} would have elected by {@code now}. */
    private static boolean isHarder(SyncState next, SyncState now) {
        long added = next.standbys().stream().filter(m -> !now.standbys().contains(m)).count();
        return !now.standbys().isEmpty() && next.quorum() - added >= now.quorum();
    }

    private static SyncSet.Step prove(SyncSet.Input in, SyncState done) {
        SyncSet.Proof proof = SyncSet.proof(in, done.standbys());
        if (proof instanceof SyncSet.Proof.Lacking(SyncSet.Step step)) {
            return step;
        }
        Lsn needed = ((SyncSet.Proof.Noted) proof).needed();
        List<MemberName> silent = new ArrayList<>(done.standbys());
        silent.removeIf(m -> hasConfirmed(in, m, needed));
        int confirming = confirming(done);
        // A walsender that has not read yet that more must confirm lets commits go by the old
        // number: then each of them must show that it has. Of the number alone nothing tells.
        boolean raised =
                confirming > 1
                        && (in.sync().standbys().isEmpty() || confirming > confirming(in.sync()));
        boolean proved =
                raised ? silent.isEmpty() : done.standbys().size() - silent.size() >= confirming;
        return proved
                ? new SyncSet.Step.Write(done)
                : new SyncSet.Step.Wait(
                        silent + " are to confirm what was written since the names count");
    }

    private static boolean hasConfirmed(SyncSet.Input in, MemberName member, Lsn needed) {
        return SyncSet.sender(in, member)
                .filter(WalSender::isSynchronous)
                .filter(s -> s.syncPriority() > 0)
                .filter(s -> s.flushed().isAfter(needed) && s.hasFlushed(needed))
                .isPresent();
    }
}
