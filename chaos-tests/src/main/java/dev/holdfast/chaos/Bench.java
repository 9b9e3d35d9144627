package dev.holdfast.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures what clients notice: the longest time without an acknowledged write while the leader is
 * changed, killed, or lost with its host, what was acknowledged and is gone, and what was
 * acknowledged before a standby had it. Then what an idle agent costs. Then the same of every
 * {@link Scenario}, with a longer and a shorter TTL, and whether two servers ever accepted writes
 * at once.
 *
 * <p>The median is what is held against a target. The worst is printed beside it: a check that the
 * balancer ended in the instant before a crash comes again a second later, whatever the agents do.
 *
 * <p>Whether a standby had a row is not asked of the primary, whose word is what is in question.
 * Standbys reach it through {@link ReplicationRelay}s, which note when which of them said it had
 * flushed how far. A commit that waited cannot be acknowledged before such a note, and one that did
 * not wait is caught unless a standby happened to be faster: and then the row was not in danger.
 *
 * <p>The exit status says only whether something was lost or doubled, or two servers accepted
 * writes at once: times differ with machines.
 */
public final class Bench {
    private static final int RUNS = 5;

    /** The balancer's {@code inter}. */
    private static final Duration POLL = Duration.ofSeconds(1);

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final double SETTLED = 0.85;
    private static final int SETTLED_WINDOWS = 2;
    private static final int MOST_WINDOWS = 10;
    private static final int TICKS_PER_SECOND = 100;
    private static final long TARGET_RESIDENT_KIBIBYTES = 120 * 1024;
    private static final double TARGET_CPU_PERCENT = 1.0;

    /** A lease, what notices that it is over, and a promotion. */
    private static final List<Integer> TTLS_SECONDS = List.of(10, 4);

    private static final int BEYOND_TTL_SECONDS = 2;

    private final List<String> faults = new ArrayList<>();

    /** What one kind of event came to. */
    private record Row(String event, long targetMillis, List<Trial.Outcome> runs) {
        private Duration median() {
            return runs.stream().map(Trial.Outcome::gap).sorted().toList().get(runs.size() / 2);
        }

        private Duration worst() {
            return runs.stream()
                    .map(Trial.Outcome::gap)
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }

        private long lost() {
            return runs.stream().mapToLong(run -> run.rows().lost().size()).sum();
        }

        private long unconfirmed() {
            return runs.stream().mapToLong(Trial.Outcome::unconfirmed).sum();
        }

        private long twoWriters() {
            return runs.stream().mapToLong(Trial.Outcome::twoWriters).sum();
        }

        private String verdict() {
            if (median().toMillis() > targetMillis
                    || unconfirmed() > 0
                    || !runs.stream().allMatch(Trial.Outcome::isClean)) {
                return "FAIL";
            }
            return worst().toMillis() <= targetMillis ? "PASS" : "PASS, but the worst";
        }
    }

    private Bench() {}

    /**
     * Prints what it measures as it goes.
     *
     * @param arguments how often each of the first events; the TTLs with which the scenarios run
     */
    public static void main(String[] arguments) {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : RUNS;
        List<Integer> ttls =
                arguments.length > 1
                        ? Stream.of(arguments).skip(1).map(Integer::valueOf).toList()
                        : TTLS_SECONDS;
        Bench bench = new Bench();
        if (runs > 0) {
            bench.everyday(runs);
        }
        ttls.forEach(bench::scenarios);
        bench.faults.forEach(Bench::say);
        System.exit(bench.faults.isEmpty() ? 0 : 1);
    }

    private static void on(ClusterPlan plan, String name, Consumer<TestCluster> what) {
        say(
                "Starting etcd, three members (ttl %d, synchronous_mode on) and HAProxy (inter 1s fall 2 rise 1)."
                        .formatted(plan.ttlSeconds()));
        try (TestCluster cluster = TestCluster.start(plan)) {
            try {
                what.accept(cluster);
            } finally {
                Path logs =
                        Checkout.found()
                                .directory()
                                .resolve("chaos-tests/target/bench-logs")
                                .resolve(name);
                cluster.copyLogs(logs);
                say("What every process logged: " + logs);
            }
        }
    }

    private void everyday(int runs) {
        on(
                ClusterPlan.usual(),
                "everyday",
                cluster -> {
                    List<Row> rows = new ArrayList<>(quick(cluster, runs));
                    rows.add(measure(cluster, "member killed", 12_000, runs, Bench::killMember));
                    table("%d runs each, 4 writers through HAProxy".formatted(runs), rows);
                    idle(cluster);
                    cluster.tellBalancer();
                    table(
                            "%d runs each, HAProxy told of a new primary".formatted(runs),
                            quick(cluster, runs));
                });
    }

    /** What is over before a balancer has asked twice. */
    private List<Row> quick(TestCluster cluster, int runs) {
        return List.of(
                measure(cluster, "switchover", 500, runs, Bench::switchOver),
                measure(
                        cluster,
                        "postmaster killed",
                        1000,
                        runs,
                        (_, primary) -> killPostmaster(primary)));
    }

    /** All of them once, those that need a cluster of another kind on one of their own. */
    private void scenarios(int ttlSeconds) {
        ClusterPlan usual = ClusterPlan.usual().withTtlSeconds(ttlSeconds);
        List<Row> rows = new ArrayList<>();
        Map<ClusterPlan, List<Scenario>> byPlan =
                Stream.of(Scenario.values())
                        .filter(scenario ->
                                scenario.on(usual).where() == ClusterPlan.Where.ONE_MACHINE)
                        .collect(
                                Collectors.groupingBy(
                                        scenario -> scenario.on(usual),
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        byPlan.forEach((plan, scenarios) -> {
            if (plan.smallDisk().isPresent() && !SmallDisk.isPossible()) {
                say(scenarios + " left out: a file system of its own needs root");
                return;
            }
            on(
                    plan,
                    "ttl-" + ttlSeconds + plan.smallDisk().map(_ -> "-small-disk").orElse(""),
                    cluster ->
                            scenarios.forEach(
                                    scenario -> rows.add(scenario(cluster, scenario, ttlSeconds))));
        });
        table(
                "ttl %d, one run each, 4 writers through HAProxy and 2 on each server"
                        .formatted(ttlSeconds),
                rows);
    }

    private Row scenario(TestCluster cluster, Scenario scenario, int ttlSeconds) {
        Trial.Outcome outcome = scenario.run(cluster, Scenario.Lasting.WHOLE);
        noted("%s, ttl %d".formatted(scenario.title(), ttlSeconds), outcome);
        return new Row(
                scenario.title(), (ttlSeconds + BEYOND_TTL_SECONDS) * 1000L, List.of(outcome));
    }

    /**
     * A cluster becomes healthy in step with the balancer's checks, so the runs are spread over the
     * span between two of them: else all would fall right after one, or all right before.
     */
    private Row measure(
            TestCluster cluster,
            String event,
            long targetMillis,
            int runs,
            BiConsumer<TestCluster, Member> happen) {
        List<Trial.Outcome> outcomes = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            Duration phase = POLL.multipliedBy(run - 1).dividedBy(runs);
            Trial.Outcome outcome =
                    Trial.run(
                            cluster,
                            Trial.Clients.BALANCED,
                            primary -> {
                                Await.pass(phase);
                                long began = System.nanoTime();
                                happen.accept(cluster, primary);
                                return Trial.Happened.at(began);
                            });
            noted("%s, run %d of %d".formatted(event, run, runs), outcome);
            outcomes.add(outcome);
        }
        return new Row(event, targetMillis, outcomes);
    }

    private void noted(String event, Trial.Outcome outcome) {
        say(event + ": " + outcome);
        if (!outcome.isClean()) {
            faults.add(
                    "%s: lost or doubled: %s; two writers: %s"
                            .formatted(event, outcome.rows(), outcome.overlaps()));
        }
    }

    private static void table(String what, List<Row> rows) {
        String columns = "%-34s %9s %9s %9s %6s %21s %12s  %s";
        say("");
        say("longest gap between two acknowledged writes, " + what);
        say(
                columns.formatted(
                        "",
                        "median",
                        "worst",
                        "target",
                        "lost",
                        "without sync standby",
                        "two writers",
                        ""));
        for (Row row : rows) {
            say(
                    columns.formatted(
                            row.event(),
                            row.median().toMillis() + " ms",
                            row.worst().toMillis() + " ms",
                            row.targetMillis() + " ms",
                            row.lost(),
                            row.unconfirmed(),
                            row.twoWriters(),
                            row.verdict()));
        }
        say("");
    }

    private static void switchOver(TestCluster cluster, Member primary) {
        Member candidate = cluster.syncStandby();
        Rest.Answer answer =
                primary.rest()
                        .command(
                                "POST",
                                "/switchover",
                                "{\"leader\": \"%s\", \"candidate\": \"%s\"}"
                                        .formatted(primary.name(), candidate.name()));
        if (answer.status() != 200) {
            throw new IllegalStateException("the switchover was refused: " + answer);
        }
        Await.until(candidate + " is the primary", candidate::isPrimary);
    }

    private static void killPostmaster(Member primary) {
        Signal.KILL.send(primary.postmasterPid().orElseThrow());
    }

    private static void killMember(TestCluster cluster, Member primary) {
        primary.killAll();
        Member _ = cluster.awaitPrimaryOf(cluster.others(primary));
    }

    /**
     * A JVM that has just started compiles for a minute or two. Windows are measured until two in a
     * row are no better than the best before; the last counts.
     */
    private static void idle(TestCluster cluster) {
        Member leader = cluster.awaitHealthy();
        List<Double> percents = window(cluster);
        double best = sum(percents);
        int windows = 1;
        for (int settled = 0; settled < SETTLED_WINDOWS && windows < MOST_WINDOWS; windows++) {
            percents = window(cluster);
            settled = sum(percents) < SETTLED * best ? 0 : settled + 1;
            best = Math.min(best, sum(percents));
        }
        say(
                "agent, idle for %d s, in the %d. window since the last fault"
                        .formatted(IDLE.toSeconds(), windows));
        say("%-18s %13s %13s %13s %13s".formatted("", "resident", "target", "of a core", "target"));
        for (int i = 0; i < cluster.members().size(); i++) {
            Member member = cluster.members().get(i);
            double percent = percents.get(i);
            long kibibytes = ProcFs.residentKibibytes(member.agentPid());
            say(
                    "%-18s %9.1f MiB %9d MiB %11.2f %% %11.2f %%  %s"
                            .formatted(
                                    member + (member.equals(leader) ? " (leader)" : " (standby)"),
                                    kibibytes / 1024.0,
                                    TARGET_RESIDENT_KIBIBYTES / 1024,
                                    percent,
                                    TARGET_CPU_PERCENT,
                                    kibibytes <= TARGET_RESIDENT_KIBIBYTES
                                                    && percent <= TARGET_CPU_PERCENT
                                            ? "PASS"
                                            : "FAIL"));
        }
    }

    /** What each agent used in one idle span, in percent of a core. */
    private static List<Double> window(TestCluster cluster) {
        List<Long> before =
                cluster.members().stream().map(m -> ProcFs.ticks(m.agentPid())).toList();
        long begin = System.nanoTime();
        Await.pass(IDLE);
        double seconds = (System.nanoTime() - begin) / 1e9;
        List<Double> percents = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            long used = ProcFs.ticks(cluster.members().get(i).agentPid()) - before.get(i);
            percents.add(100.0 * used / TICKS_PER_SECOND / seconds);
        }
        return percents;
    }

    private static double sum(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sum();
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
