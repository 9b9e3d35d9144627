package dev.holdfast.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Two faults, the second while the first lasts. Which, on whom and when follows from a seed.
 *
 * @param apart between their begins
 * @param length from the second's begin to the end of both
 */
record Pair(long seed, Drawn first, Drawn second, Duration apart, Duration length) {
    private static final int LONGEST_WAIT_MILLIS = 6000;
    private static final int LONGEST_MILLIS = 20_000;
    private static final int SHORTEST_MILLIS = 2000;

    /** A fault, and the place of its victim: the primary, or the one or the other standby. */
    record Drawn(Fault fault, int victim) {
        private Member on(List<Member> members) {
            return members.get(victim);
        }
    }

    static Pair of(long seed) {
        // The first numbers of seeds that are neighbours are alike.
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        Drawn first = drawn(random);
        Drawn second = drawn(random);
        while (isExcepted(first.fault(), second.fault())) {
            second = drawn(random);
        }
        return new Pair(
                seed,
                first,
                second,
                Duration.ofMillis(random.nextInt(LONGEST_WAIT_MILLIS)),
                Duration.ofMillis(random.nextInt(SHORTEST_MILLIS, LONGEST_MILLIS)));
    }

    /** A guard that nobody starts again fences nobody: what starts it is the agent, or its unit. */
    private static boolean isExcepted(Fault first, Fault second) {
        return (isGuard(first) && isAgent(second)) || (isAgent(first) && isGuard(second));
    }

    private static boolean isGuard(Fault fault) {
        return fault.equals(new Fault.Killed(Fault.Part.GUARD));
    }

    private static boolean isAgent(Fault fault) {
        return fault.equals(new Fault.Killed(Fault.Part.AGENT))
                || fault.equals(new Fault.Stopped(Fault.Part.AGENT));
    }

    private static Drawn drawn(Random random) {
        List<Fault> all = all();
        // The primary as often as the others together.
        return new Drawn(all.get(random.nextInt(all.size())), Math.max(0, random.nextInt(4) - 1));
    }

    /**
     * Those that every cluster on hosts can have. A host that is stopped whole is S1's exception.
     */
    private static List<Fault> all() {
        List<Fault> all = new ArrayList<>();
        for (Fault.Part part : Fault.Part.values()) {
            all.add(new Fault.Killed(part));
        }
        for (Fault.Part part :
                List.of(
                        Fault.Part.AGENT,
                        Fault.Part.POSTMASTER,
                        Fault.Part.SERVER,
                        Fault.Part.ETCD)) {
            all.add(new Fault.Stopped(part));
        }
        for (Cut.From from : Cut.From.values()) {
            for (Cut.Direction direction : Cut.Direction.values()) {
                all.add(new Fault.CutOff(from, direction));
            }
        }
        for (Fault.EtcdLost.Nodes nodes : Fault.EtcdLost.Nodes.values()) {
            all.add(new Fault.EtcdLost(nodes));
        }
        return all;
    }

    Trial.Outcome run(TestCluster cluster) {
        return Trial.run(cluster, Trial.Clients.EVERYWHERE, primary -> happen(cluster, primary));
    }

    private Trial.Happened happen(TestCluster cluster, Member primary) {
        List<Member> members = new ArrayList<>(List.of(primary));
        members.addAll(cluster.others(primary));
        List<Trial.Mark> marks = new ArrayList<>();
        long began = System.nanoTime();
        begin(cluster, first, members, marks);
        Await.pass(apart);
        begin(cluster, second, members, marks);
        Await.pass(length);
        first.fault().end(cluster, first.on(members));
        second.fault().end(cluster, second.on(members));
        return new Trial.Happened(began, Optional.empty(), marks);
    }

    private static void begin(
            TestCluster cluster, Drawn drawn, List<Member> members, List<Trial.Mark> marks) {
        Member victim = drawn.on(members);
        marks.add(new Trial.Mark(System.nanoTime(), drawn.fault() + " on " + victim));
        drawn.fault().begin(cluster, victim);
    }

    String title() {
        return "seed " + seed + ": " + first.fault() + ", " + second.fault();
    }
}
