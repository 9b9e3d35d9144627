package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.WalSender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A primary and up to five standbys at their worst: a commit is confirmed by as few as the names in
 * force allow, by each such set of standbys, and nobody else gets it before the sequence waits for
 * him. A set of standbys is a number, a bit for each. After every step each set that may have
 * confirmed a commit must meet each set that may elect.
 */
final class QuorumModel {
    static final int MOST = 5;

    /** What an operator and the network ask for. */
    record Goal(SyncMode mode, int count, int streaming) {
        @Override
        public String toString() {
            return mode + " " + count + " of " + members(streaming);
        }
    }

    private record Write(SyncState sync, long expected) {}

    private final List<Object> trace = new ArrayList<>();
    private MemberName leader = ALL.getFirst();
    private int universe = (1 << MOST) - 1;
    private Goal goal;

    // The store.
    private SyncState sync;
    private long revision = 10;
    private final List<Write> late = new ArrayList<>();

    // The server. Of each commit that was acknowledged, who has it.
    private final Set<SyncNames> inForce = new LinkedHashSet<>();
    private Set<Integer> holders = new LinkedHashSet<>();
    private long written = 1_000;
    private final long[] flushed = new long[MOST + 1];

    // The agent.
    private Optional<SyncNames> names;
    private Memory.Sync memory = Memory.Sync.NONE;
    private MonoTime now = Values.START;

    QuorumModel(Goal first) {
        goal = first;
        sync = SyncState.of(leader, List.of());
        names = Optional.of(SyncNames.NONE);
        inForce.add(SyncNames.NONE);
    }

    void goal(Goal next) {
        trace.add(next);
        goal = next;
    }

    /** Steps without a fault until there is nothing left to do. */
    int converge() {
        for (int steps = 0; steps < 60; steps++) {
            if (step() instanceof SyncSet.Step.Rest && isDone()) {
                return steps;
            }
        }
        throw failure("no end after 60 steps without a fault");
    }

    private boolean isDone() {
        int there = Integer.bitCount(goal.streaming());
        return switch (goal.mode()) {
            case OFF -> sync.leader().isEmpty();
            case ON ->
                    sync.quorum() == 0 && sync.standbys().size() == Math.min(goal.count(), there);
            case QUORUM ->
                    sync.standbys().equals(members(goal.streaming()))
                            && sync.quorum() == Math.max(0, there - goal.count());
        };
    }

    /** One decision, and all that comes of it. */
    SyncSet.Step step() {
        SyncSet.Step step = decide();
        switch (step) {
            case SyncSet.Step.SetNames _ -> namesCount();
            case SyncSet.Step.Write _ -> executeLast();
            case SyncSet.Step.Wait _ -> confirmOne();
            case SyncSet.Step.Rest _, SyncSet.Step.Prove _ -> {}
        }
        check();
        return step;
    }

    /** Decides, and begins what was decided; it may end late, or never. */
    SyncSet.Step decide() {
        now = now.plus(Duration.ofMillis(10));
        SyncSet.Step step = SyncSet.next(input());
        trace.add(step);
        switch (step) {
            case SyncSet.Step.SetNames(SyncNames next) -> {
                inForce.add(next);
                names = Optional.empty();
            }
            case SyncSet.Step.Write(SyncState next) -> late.add(new Write(next, revision));
            case SyncSet.Step.Prove _ -> written += 8;
            case SyncSet.Step.Rest _, SyncSet.Step.Wait _ -> {}
        }
        memory =
                new Memory.Sync(
                        step instanceof SyncSet.Step.Prove(Memory.SyncAdd add)
                                ? Optional.of(add)
                                : step instanceof SyncSet.Step.Wait
                                        ? memory.add()
                                        : Optional.empty(),
                        Optional.empty(),
                        step instanceof SyncSet.Step.Write
                                ? Optional.of(revision)
                                : memory.written());
        check();
        return step;
    }

    private SyncSet.Input input() {
        boolean excluded = memory.written().filter(w -> w < revision).isPresent();
        return new SyncSet.Input(
                now,
                leader,
                goal.mode(),
                false,
                goal.count(),
                sync,
                names,
                new Lsn(written),
                now,
                senders(),
                eligible(),
                -1,
                SyncSet.Patience.SPENT,
                memory.add(),
                excluded ? SyncSet.LateWrite.EXCLUDED : SyncSet.LateWrite.POSSIBLE,
                new TreeSet<>());
    }

    private SortedMap<MemberName, Integer> eligible() {
        SortedMap<MemberName, Integer> eligible = new TreeMap<>();
        members(universe).forEach(m -> eligible.put(m, 1));
        return eligible;
    }

    private List<WalSender> senders() {
        SyncNames shown = last();
        List<WalSender> senders = new ArrayList<>();
        for (MemberName member : members(goal.streaming() & universe)) {
            int at = shown.names().indexOf(member);
            boolean any = shown.form() == SyncNames.Form.ANY;
            String state =
                    at < 0 ? "async" : any ? "quorum" : at < shown.number() ? "sync" : "potential";
            Lsn where = new Lsn(flushed[bit(member)]);
            senders.add(
                    new WalSender(
                            1,
                            member.value(),
                            "streaming",
                            state,
                            any ? Math.min(at + 1, 1) : at + 1,
                            new Lsn(written),
                            where,
                            where,
                            where));
        }
        return senders;
    }

    private SyncNames last() {
        return List.copyOf(inForce).getLast();
    }

    /** The last change of the names counts, and the agent learns it. */
    void namesCount() {
        SyncNames last = last();
        inForce.clear();
        inForce.add(last);
        names = Optional.of(last);
    }

    void executeLast() {
        if (!late.isEmpty()) {
            execute(late.removeLast());
        }
    }

    /** Whatever is on its way to the store arrives now. */
    void executeAll() {
        while (!late.isEmpty()) {
            execute(late.removeFirst());
        }
        check();
    }

    private void execute(Write write) {
        boolean applies = write.expected() == revision;
        trace.add(applies ? "it is written:" : "it is refused:");
        trace.add(write.sync());
        if (applies) {
            sync = write.sync();
            revision++;
        }
    }

    /**
     * One of those that are waited for has flushed all there is; the others are as slow as can be.
     */
    private void confirmOne() {
        for (MemberName member : last().names()) {
            if (bits(member) != 0
                    && (goal.streaming() & bits(member)) != 0
                    && flushed[bit(member)] < written) {
                flushed[bit(member)] = written;
                Set<Integer> grown = new LinkedHashSet<>();
                holders.forEach(h -> have(grown, h | bits(member)));
                holders = grown;
                trace.add("has flushed all:");
                trace.add(member);
                return;
            }
        }
    }

    /** The agent is killed, and another one knows only what it sees. */
    void restartAgent() {
        trace.add("the agent is restarted");
        names = Optional.empty();
        memory = Memory.Sync.NONE;
    }

    /**
     * The primary is lost, and each voter in turn is elected by whoever may, with {@code goal}
     * still wanted and any of the others living.
     */
    void checkElections() {
        int standbys = bitsOf(sync.standbys());
        for (MemberName next : sync.standbys()) {
            int others = (standbys | goal.streaming()) & ~bits(next);
            for (int living = others; living > 0; living = (living - 1) & others) {
                SyncNames armed = armed(living);
                Set<Integer> having = without(next);
                subsets(living, armed.number()).forEach(set -> have(having, set));
                check(inherited(next, living, armed), having);
            }
        }
    }

    private SyncNames armed(int living) {
        return SyncNames.any(Math.min(goal.count(), Integer.bitCount(living)), members(living));
    }

    private SyncState inherited(MemberName next, int living, SyncNames armed) {
        SortedSet<MemberName> voters = new TreeSet<>(sync.standbys());
        voters.retainAll(members(living));
        return sync.quorum() > 0
                ? QuorumSet.inherited(sync, next, voters, armed)
                : SyncState.of(next, List.of());
    }

    private Set<Integer> without(MemberName next) {
        Set<Integer> without = new LinkedHashSet<>();
        holders.forEach(h -> have(without, h & ~bits(next)));
        return without;
    }

    /** A voter is elected, and leads with its names. */
    void elect(MemberName next, int living) {
        trace.add("is elected:");
        trace.add(next);
        SyncNames armed = armed(living);
        sync = inherited(next, living, armed);
        revision++;
        late.clear();
        leader = next;
        universe &= ~bits(next);
        goal = new Goal(goal.mode(), goal.count(), living);
        inForce.clear();
        inForce.add(armed);
        names = Optional.of(armed);
        memory = Memory.Sync.NONE;
        holders = without(next);
        check();
    }

    /** The sets that may elect now. */
    List<Integer> electing() {
        return electing(sync);
    }

    private static List<Integer> electing(SyncState by) {
        return subsets(bitsOf(by.standbys()), by.quorum() + 1);
    }

    SyncState sync() {
        return sync;
    }

    private void check() {
        for (SyncNames names : inForce) {
            List<Integer> sets =
                    names.number() == 0
                            ? List.of(0)
                            : subsets(bitsOf(names.names()), names.number());
            sets.forEach(set -> have(holders, set));
        }
        if (sync.leader().isEmpty()) {
            holders.clear();
            return;
        }
        check(sync, holders);
    }

    /**
     * Where two commits differ only in who else has one of them, that one need not be looked at.
     */
    private static void have(Set<Integer> commits, int holders) {
        if (commits.stream().noneMatch(c -> (c & holders) == c)) {
            commits.removeIf(c -> (c & holders) == holders);
            commits.add(holders);
        }
    }

    private void check(SyncState by, Set<Integer> having) {
        for (int elect : electing(by)) {
            for (int hold : having) {
                if ((elect & hold) == 0) {
                    throw failure(
                            members(elect)
                                    + " may elect by "
                                    + by
                                    + ", and only "
                                    + members(hold)
                                    + " have a commit that was acknowledged");
                }
            }
        }
    }

    private AssertionError failure(String what) {
        return new AssertionError(
                what
                        + "\n  "
                        + trace.stream().map(Object::toString).collect(Collectors.joining("\n  ")));
    }

    // --- sets

    private static final List<MemberName> ALL =
            IntStream.rangeClosed(0, MOST).mapToObj(i -> new MemberName("m" + i)).toList();

    static List<MemberName> members(int set) {
        List<MemberName> members = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            if ((set & (1 << i)) != 0) {
                members.add(ALL.get(i + 1));
            }
        }
        return members;
    }

    private static int bit(MemberName member) {
        return ALL.indexOf(member);
    }

    private static int bits(MemberName member) {
        return bit(member) < 1 ? 0 : 1 << (bit(member) - 1);
    }

    private static int bitsOf(Iterable<MemberName> members) {
        int bits = 0;
        for (MemberName member : members) {
            bits |= bits(member);
        }
        return bits;
    }

    static int without(int set, MemberName member) {
        return set & ~bits(member);
    }

    static int only(MemberName member) {
        return bits(member);
    }

    private static List<Integer> subsets(int of, int size) {
        List<Integer> subsets = new ArrayList<>();
        for (int set = of; set > 0; set = (set - 1) & of) {
            if (Integer.bitCount(set) == size) {
                subsets.add(set);
            }
        }
        return subsets;
    }
}
