package dev.holdfast.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code seed N}: one run with its trace. {@code many N [FIRST]}: as many runs on all cores; the
 * first line of a failure is the command that replays it.
 */
final class Main {
    private static final int EXIT_BROKEN = 1;
    private static final int EXIT_USAGE = 2;

    private Main() {}

    static void main(String[] args) throws InterruptedException, ExecutionException {
        if (args.length >= 2 && args[0].equals("seed")) {
            System.exit(replay(Long.parseLong(args[1])));
        } else if (args.length >= 2 && args[0].equals("many")) {
            long first = args.length > 2 ? Long.parseLong(args[2]) : 1;
            System.exit(search(Integer.parseInt(args[1]), first));
        } else {
            System.err.println("usage: seed N | many COUNT [FIRST]");
            System.exit(EXIT_USAGE);
        }
    }

    private static int replay(long seed) {
        Simulation.Outcome outcome = Simulation.run(seed, Trace.to(System.out::println));
        System.out.println(summary(outcome));
        return outcome.isBroken() ? EXIT_BROKEN : 0;
    }

    private static String summary(Simulation.Outcome outcome) {
        return String.format(
                Locale.ROOT,
                "seed %d: %d events in %.0f s, %d commits under a promise, %d openings: %s",
                outcome.seed(),
                outcome.events(),
                outcome.simulatedNanos() / 1e9,
                outcome.acknowledged(),
                outcome.openings(),
                outcome.isBroken() ? "BROKEN: " + outcome.broken() : "all promises held");
    }

    private static int search(int count, long first)
            throws InterruptedException, ExecutionException {
        long began = System.nanoTime();
        AtomicLong next = new AtomicLong(first);
        AtomicLong simulated = new AtomicLong();
        AtomicLong faults = new AtomicLong();
        AtomicLong broken = new AtomicLong();
        try (ExecutorService cores =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                all.add(
                        cores.submit(() -> {
                            for (long seed = next.getAndIncrement();
                                    seed < first + count;
                                    seed = next.getAndIncrement()) {
                                Simulation.Outcome outcome = Simulation.run(seed, Trace.none());
                                simulated.addAndGet(outcome.simulatedNanos());
                                faults.addAndGet(outcome.faults());
                                if (outcome.isBroken()) {
                                    broken.incrementAndGet();
                                    System.out.println(
                                            "make sim SEED=" + seed + "   # " + outcome.broken());
                                }
                            }
                        }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        double minutes = (System.nanoTime() - began) / 6e10;
        double hours = simulated.get() / 3.6e12;
        System.out.printf(
                Locale.ROOT,
                "%d seeds from %d: %d broken; %.0f cluster-hours with %d faults in %.0f s;"
                        + " a minute: %.0f cluster-hours, %.0f seeds, %.0f faults%n",
                count,
                first,
                broken.get(),
                hours,
                faults.get(),
                minutes * 60,
                hours / minutes,
                count / minutes,
                faults.get() / minutes);
        return broken.get() == 0 ? 0 : EXIT_BROKEN;
    }
}
