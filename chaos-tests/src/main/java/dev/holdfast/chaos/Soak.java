package dev.holdfast.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs pairs of faults, one seed after the other, until the time is over. What each came to is a
 * {@link Chronicle}. The exit status says whether anything was lost, doubled, out of order,
 * acknowledged without a standby that {@code /sync} named, or accepted by two servers at once.
 */
public final class Soak {
    private static final int TTL_SECONDS = 4;
    private static final double SECONDS_PER_HOUR = 3600;

    private Soak() {}

    /**
     * Prints what it does as it goes.
     *
     * @param arguments for how many hours, and the first seed, 1 if it is not given
     */
    public static void main(String[] arguments) {
        long end =
                System.nanoTime()
                        + Duration.ofSeconds(
                                        (long)
                                                (Double.parseDouble(arguments[0])
                                                        * SECONDS_PER_HOUR))
                                .toNanos();
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        List<Long> broken = new ArrayList<>();
        for (; System.nanoTime() - end < 0; seed++) {
            if (!isKept(seed)) {
                broken.add(seed);
            }
        }
        System.out.println(
                broken.isEmpty()
                        ? "All promises were kept."
                        : "Broken promises, or a cluster that did not come back, with seeds "
                                + broken
                                + ": run each by make chaos-soak HOURS=0.01 SEED=n");
        System.exit(broken.isEmpty() ? 0 : 1);
    }

    /** On a cluster of its own, so that a seed does the same alone as after others. */
    private static boolean isKept(long seed) {
        Pair pair = Pair.of(seed);
        System.out.println(pair.title());
        ClusterPlan plan = ClusterPlan.usual().withTtlSeconds(TTL_SECONDS).onHosts();
        try (TestCluster cluster = TestCluster.start(plan)) {
            try {
                Trial.Outcome outcome = pair.run(cluster);
                System.out.println("    " + outcome);
                Chronicle.of(pair.title(), plan.toString(), outcome).write(Chronicle.directory());
                if (!outcome.isClean()) {
                    System.out.println(cluster.logs());
                }
                return outcome.isClean();
            } catch (RuntimeException e) {
                // One that does not come back is kept in mind, and the next seed tried.
                System.out.println("    did not come back: " + e);
                System.out.println(cluster.logs());
                return false;
            }
        } catch (RuntimeException e) {
            // On a machine that is too busy for a cluster to come up, the next one may.
            System.out.println("    there was no healthy cluster to begin with: " + e);
            return false;
        }
    }
}
