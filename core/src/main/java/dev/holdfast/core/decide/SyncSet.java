package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.WalSender;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The next step that brings {@code /sync} and {@code synchronous_standby_names} to what they should
 * be. Invariant, at every instant and wherever the sequence is interrupted: <em>whoever stands in
 * {@code /sync} is enforced by PostgreSQL</em>. So a standby is added to the names first and to
 * {@code /sync} when it has confirmed what came after; it is removed from {@code /sync} first and
 * from the names then. The function has no memory but what it is given: a sequence that was
 * interrupted is taken up from wherever it stands.
 *
 * <p>A write of {@code /sync} whose outcome is unknown may be executed late, and would then put a
 * standby back that the names have dropped meanwhile. So before a name is dropped, {@code /sync} is
 * written anew: that moves its revision, and no earlier write compares equal any more.
 */
public final class SyncSet {
    /** One segment of WAL. */
    private static final long NEAR_BYTES = 16L << 20;

    private SyncSet() {}

    /**
     * What the step depends on.
     *
     * @param mode which synchronous mode is on, if any
     * @param strict writes wait rather than go on without a synchronous standby
     * @param count how many synchronous standbys are wanted; how many confirm in quorum mode
     * @param sync {@code /sync} as the store holds it
     * @param names the value that counts; empty when it is not known what counts
     * @param flushed the primary's position
     * @param askedAt when the server was asked for it and for {@code senders}
     * @param senders {@code pg_stat_replication}
     * @param eligible members that live and may be synchronous, and their {@code sync_priority}
     * @param mostLag bytes by which one of them may be behind the best; 0 and less for any number
     * @param patience whether a standby that is not streaming is still waited for
     * @param add the standbys that are being added, if any are
     * @param late whether a write of ours may yet be executed
     * @param stalled who streams and has confirmed nothing for long
     */
    public record Input(
            MonoTime now,
            MemberName self,
            SyncMode mode,
            boolean strict,
            int count,
            SyncState sync,
            Optional<SyncNames> names,
            Lsn flushed,
            MonoTime askedAt,
            List<WalSender> senders,
            SortedMap<MemberName, Integer> eligible,
            long mostLag,
            Patience patience,
            Optional<Memory.SyncAdd> add,
            LateWrite late,
            SortedSet<MemberName> stalled) {
        boolean wanted() {
            return mode != SyncMode.OFF;
        }
    }

    /**
     * Whether a write of {@code /sync} may be under way that compares with its current revision.
     */
    public enum LateWrite {
        POSSIBLE,
        EXCLUDED
    }

    /** Whether to wait for a standby that is not there now. */
    public enum Patience {
        WAIT,
        SPENT
    }

    /** What to do next. */
    public sealed interface Step {
        record Rest() implements Step {}

        /** Something must happen outside first. */
        record Wait(String why) implements Step {}

        record SetNames(SyncNames names) implements Step {}

        record Write(SyncState sync) implements Step {}

        /** Write WAL, and remember whom it is for. */
        record Prove(Memory.SyncAdd add) implements Step {}
    }

    public static Step next(Input in) {
        if (!in.wanted()) {
            return switchOff(in);
        }
        boolean quorum = in.mode() == SyncMode.QUORUM || in.sync().quorum() > 0;
        Step step = quorum ? QuorumSet.next(in) : towardsTarget(in);
        return step instanceof Step.SetNames(SyncNames names)
                        && in.late() == LateWrite.POSSIBLE
                        && drops(in, names)
                ? new Step.Write(in.sync())
                : step;
    }

    /** Whether less would be enforced than now; it may be when nobody knows what is. */
    private static boolean drops(Input in, SyncNames next) {
        return in.names().map(now -> !next.asStrongAs(now)).orElse(true);
    }

    private static Step towardsTarget(Input in) {
        if (in.names().isEmpty()) {
            return in.sync().standbys().isEmpty()
                            || !in.sync().leader().equals(Optional.of(in.self()))
                    ? start(in)
                    : new Step.SetNames(SyncNames.all(in.sync().standbys()));
        }
        if (!in.sync().leader().equals(Optional.of(in.self()))) {
            return new Step.Write(SyncState.of(in.self(), List.of()));
        }
        SyncNames names = in.names().get();
        SortedSet<MemberName> recorded = new TreeSet<>(in.sync().standbys());
        SortedSet<MemberName> target = choose(in, recorded, names);
        if (!names.enforced().containsAll(recorded)) {
            return new Step.SetNames(SyncNames.all(recorded));
        }
        if (!target.containsAll(recorded)) {
            return remove(in, recorded, target);
        }
        if (target.isEmpty()) {
            return withoutStandby(in, names);
        }
        SyncNames wanted = SyncNames.all(target);
        if (!names.equals(wanted)) {
            return new Step.SetNames(wanted);
        }
        return target.equals(recorded) ? new Step.Rest() : add(in, recorded, target);
    }

    /** Who streams under exactly one session, by whom it would be best to keep or take. */
    static SortedSet<MemberName> choose(Input in, SortedSet<MemberName> recorded, SyncNames names) {
        List<MemberName> streaming = streaming(in);
        Lsn best = mostFlushed(in, streaming);
        streaming.removeIf(m -> in.mostLag() > 0 && best.bytesPast(flushed(in, m)) > in.mostLag());
        Comparator<MemberName> byMerit =
                Comparator.comparingInt((MemberName m) -> -priority(in, m, recorded, names, best))
                        .thenComparing(m -> !recorded.contains(m))
                        .thenComparing(m -> !names.enforced().contains(m))
                        .thenComparing(m -> flushed(in, m), Comparator.reverseOrder())
                        .thenComparing(Comparator.naturalOrder());
        streaming.sort(byMerit);
        int most = in.mode() == SyncMode.QUORUM ? streaming.size() : in.count();
        return new TreeSet<>(streaming.subList(0, Math.min(most, streaming.size())));
    }

    private static List<MemberName> streaming(Input in) {
        List<MemberName> streaming = new ArrayList<>();
        for (MemberName member : in.eligible().keySet()) {
            if (sender(in, member).filter(WalSender::isStreaming).isPresent()) {
                streaming.add(member);
            }
        }
        return in.mode() == SyncMode.QUORUM ? streaming : moving(in, streaming);
    }

    /** One that has stalled is as good as any while all have. */
    private static List<MemberName> moving(Input in, List<MemberName> streaming) {
        List<MemberName> moving = new ArrayList<>(streaming);
        moving.removeAll(in.stalled());
        return moving.isEmpty() ? streaming : moving;
    }

    private static Lsn flushed(Input in, MemberName member) {
        return sender(in, member).map(WalSender::flushed).orElse(Lsn.ZERO);
    }

    /** Of several standbys the best, else the primary. */
    private static Lsn mostFlushed(Input in, List<MemberName> standbys) {
        return standbys.size() < 2
                ? in.flushed()
                : standbys.stream()
                        .map(m -> flushed(in, m))
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
    }

    /**
     * A member that is preferred takes another's place only when it is almost where the others are:
     * commits wait for it from then on.
     */
    private static int priority(
            Input in,
            MemberName member,
            SortedSet<MemberName> recorded,
            SyncNames names,
            Lsn best) {
        boolean near =
                recorded.contains(member)
                        || names.names().contains(member)
                        || best.bytesPast(flushed(in, member)) <= NEAR_BYTES;
        int priority = Optional.ofNullable(in.eligible().get(member)).orElse(1);
        return near ? priority : Math.min(priority, 1);
    }

    /** How many of {@code target} are to confirm each commit. */
    static int number(Input in, SortedSet<MemberName> target) {
        return in.mode() == SyncMode.QUORUM ? Math.min(in.count(), target.size()) : target.size();
    }

    static Optional<WalSender> sender(Input in, MemberName member) {
        return WalSender.only(in.senders(), member);
    }

    private static Step switchOff(Input in) {
        if (in.sync().leader().isPresent() || !in.sync().standbys().isEmpty()) {
            return new Step.Write(SyncState.none());
        }
        return in.names().filter(SyncNames::isEmpty).isPresent()
                ? new Step.Rest()
                : new Step.SetNames(SyncNames.NONE);
    }

    /**
     * Nobody relies on the names and it is not known which of them count: begin with a value of our
     * own.
     */
    static Step start(Input in) {
        SortedSet<MemberName> target = choose(in, new TreeSet<>(), SyncNames.NONE);
        if (!target.isEmpty()) {
            return new Step.SetNames(
                    in.mode() == SyncMode.QUORUM
                            ? SyncNames.any(number(in, target), target)
                            : SyncNames.all(target));
        }
        if (in.strict()) {
            return new Step.SetNames(SyncNames.nobody());
        }
        return in.patience() == Patience.WAIT
                ? new Step.Wait("no standby streams yet")
                : new Step.SetNames(SyncNames.NONE);
    }

    static Step remove(Input in, SortedSet<MemberName> recorded, SortedSet<MemberName> target) {
        SortedSet<MemberName> kept = new TreeSet<>(recorded);
        kept.retainAll(target);
        if (!target.isEmpty()) {
            return new Step.Write(SyncState.of(in.self(), kept));
        }
        if (in.strict()) {
            return new Step.Wait("strict mode: writes wait for " + recorded);
        }
        return in.patience() == Patience.WAIT
                ? new Step.Wait(recorded + " may come back")
                : new Step.Write(SyncState.of(in.self(), List.of()));
    }

    static Step withoutStandby(Input in, SyncNames names) {
        if (in.strict()) {
            return names.isEmpty()
                    ? new Step.SetNames(SyncNames.nobody())
                    : new Step.Wait("strict mode: writes wait for a synchronous standby");
        }
        if (names.isEmpty()) {
            return new Step.Rest();
        }
        return in.patience() == Patience.WAIT
                ? new Step.Wait("a standby is expected to connect")
                : new Step.SetNames(SyncNames.NONE);
    }

    private static Step add(
            Input in, SortedSet<MemberName> recorded, SortedSet<MemberName> target) {
        MemberName next =
                target.stream().filter(m -> !recorded.contains(m)).findFirst().orElseThrow();
        Proof proof = proof(in, List.of(next));
        if (proof instanceof Proof.Lacking(Step step)) {
            return step;
        }
        Lsn needed = ((Proof.Noted) proof).needed();
        boolean confirmed =
                sender(in, next)
                        .filter(s -> s.syncState().equals("sync") && s.syncPriority() > 0)
                        .filter(s -> s.flushed().isAfter(needed) && s.hasFlushed(needed))
                        .isPresent();
        if (!confirmed) {
            return new Step.Wait(
                    next + " is to confirm what was written since it became synchronous");
        }
        SortedSet<MemberName> grown = new TreeSet<>(recorded);
        grown.add(next);
        return new Step.Write(SyncState.of(in.self(), grown));
    }

    /** What standbys must have confirmed to be written into {@code /sync}. */
    sealed interface Proof {
        /** It is not known yet. */
        record Lacking(Step step) implements Proof {}

        /** The primary has written past what it had when the names counted. */
        record Noted(Lsn needed) implements Proof {}
    }

    static Proof proof(Input in, List<MemberName> standbys) {
        Optional<Memory.SyncAdd> begun = in.add().filter(a -> a.standbys().equals(standbys));
        if (begun.isEmpty()) {
            return new Proof.Lacking(
                    new Step.Prove(new Memory.SyncAdd(standbys, in.now(), Optional.empty())));
        }
        MonoTime since = begun.get().since();
        if (begun.get().flushed().isEmpty()) {
            // Only what is asked after the names counted covers all that was acknowledged before.
            return new Proof.Lacking(
                    in.askedAt().isAfter(since)
                            ? new Step.Prove(
                                    new Memory.SyncAdd(standbys, since, Optional.of(in.flushed())))
                            : new Step.Wait("the primary is asked where it stands"));
        }
        Lsn needed = begun.get().flushed().get();
        return in.flushed().isAfter(needed)
                ? new Proof.Noted(needed)
                : new Proof.Lacking(new Step.Prove(begun.get()));
    }
}
