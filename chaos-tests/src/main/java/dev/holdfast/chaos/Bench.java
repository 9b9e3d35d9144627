package dev.holdfast.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Measures what clients notice: the longest time without an acknowledged write while the leader is
 * changed, killed, or lost with its host, what was acknowledged and is gone, and what was
 * acknowledged before a standby had it. Then what an idle agent costs.
 *
 * <p>Whether a standby had a row is not asked of the primary, whose word is what is in question.
 * Standbys reach it through {@link ReplicationRelay}s, which note when which of them said it had
 * flushed how far. A commit that waited cannot be acknowledged before such a note, and one that did
 * not wait is caught unless a standby happened to be faster: and then the row was not in danger.
 *
 * <p>The exit status says only whether something was lost or doubled: times differ with machines.
 */
public final class Bench {
    private static final int RUNS = 5;
    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final double SETTLED = 0.85;
    private static final int MOST_WINDOWS = 8;
    private static final int TICKS_PER_SECOND = 100;
    private static final long TARGET_RESIDENT_KIBIBYTES = 120 * 1024;
    private static final double TARGET_CPU_PERCENT = 1.0;

    private final TestCluster cluster;
    private final List<String> faults = new ArrayList<>();

    /** What one kind of event came to. */
    private record Row(
            String event, long targetMillis, List<Duration> gaps, long lost, long unconfirmed) {
        private Duration median() {
            return gaps.stream().sorted().toList().get(gaps.size() / 2);
        }

        private Duration worst() {
            return gaps.stream().max(Comparator.naturalOrder()).orElseThrow();
        }

        private boolean isReached() {
            return worst().toMillis() <= targetMillis && lost == 0 && unconfirmed == 0;
        }
    }

    private Bench(TestCluster cluster) {
        this.cluster = cluster;
    }

    public static void main(String[] arguments) {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : RUNS;
        say(
                "Starting etcd, three members (ttl 10, synchronous_mode on) and HAProxy (inter 1s fall 2 rise 1).");
        List<String> faults;
        try (TestCluster cluster = TestCluster.start(ClusterPlan.usual())) {
            Bench bench = new Bench(cluster);
            try {
                bench.run(runs);
            } finally {
                Path logs = Checkout.found().directory().resolve("chaos-tests/target/bench-logs");
                cluster.copyLogs(logs);
                say("What every process logged: " + logs);
            }
            faults = bench.faults;
        }
        faults.forEach(Bench::say);
        System.exit(faults.isEmpty() ? 0 : 1);
    }

    private void run(int runs) {
        List<Row> rows =
                List.of(
                        measure("switchover", 500, runs, this::switchOver),
                        measure("postmaster killed", 1000, runs, this::killPostmaster),
                        measure("member killed", 12_000, runs, this::killMember));
        say("");
        say(
                "longest gap between two acknowledged writes, %d runs each, 4 writers through HAProxy"
                        .formatted(runs));
        say(
                "%-18s %9s %9s %9s %6s %22s  %s"
                        .formatted(
                                "",
                                "median",
                                "worst",
                                "target",
                                "lost",
                                "without sync standby",
                                ""));
        for (Row row : rows) {
            say(
                    "%-18s %7d ms %7d ms %7d ms %6d %22d  %s"
                            .formatted(
                                    row.event(),
                                    row.median().toMillis(),
                                    row.worst().toMillis(),
                                    row.targetMillis(),
                                    row.lost(),
                                    row.unconfirmed(),
                                    verdict(row.isReached())));
        }
        say("");
        idle();
    }

    private Row measure(String event, long targetMillis, int runs, Consumer<Member> happen) {
        List<Duration> gaps = new ArrayList<>();
        long lost = 0;
        long unconfirmed = 0;
        for (int run = 1; run <= runs; run++) {
            Member primary = cluster.awaitHealthy();
            try (Writers writers = Writers.start(cluster.writerPort())) {
                long begin = System.nanoTime();
                happen.accept(primary);
                writers.awaitProgress();
                Member now = cluster.heal();
                writers.awaitProgress();
                writers.stop();
                Writers.Verdict verdict = writers.check(now);
                writers.awaitSameRows(now, cluster.others(now));
                long early = writers.unconfirmed(cluster.members(), begin).size();
                Duration gap = writers.longestGap(begin);
                say(
                        "%-18s run %d of %d: %s -> %s, gap %d ms, %d rows acknowledged, %d lost, %d doubled, %d without a synchronous standby, %d attempts failed"
                                .formatted(
                                        event,
                                        run,
                                        runs,
                                        primary,
                                        now,
                                        gap.toMillis(),
                                        verdict.acknowledged(),
                                        verdict.lost().size(),
                                        verdict.doubled().size(),
                                        early,
                                        writers.failures()));
                if (!verdict.isClean()) {
                    faults.add("%s, run %d: lost or doubled: %s".formatted(event, run, verdict));
                }
                gaps.add(gap);
                lost += verdict.lost().size();
                unconfirmed += early;
            }
        }
        return new Row(event, targetMillis, gaps, lost, unconfirmed);
    }

    private void switchOver(Member primary) {
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

    private void killPostmaster(Member primary) {
        Signal.KILL.send(primary.postmasterPid().orElseThrow());
    }

    private void killMember(Member primary) {
        primary.killAll();
        Member _ = cluster.awaitPrimaryOf(cluster.others(primary));
    }

    /**
     * A JVM that has just started compiles for a minute or two. Windows are measured until one is
     * no better than the one before; the last counts.
     */
    private void idle() {
        Member leader = cluster.awaitHealthy();
        List<Double> percents = window();
        double before;
        int windows = 1;
        do {
            before = sum(percents);
            percents = window();
            windows++;
        } while (sum(percents) < SETTLED * before && windows < MOST_WINDOWS);
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
                                    verdict(
                                            kibibytes <= TARGET_RESIDENT_KIBIBYTES
                                                    && percent <= TARGET_CPU_PERCENT)));
        }
    }

    /** What each agent used in one idle span, in percent of a core. */
    private List<Double> window() {
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

    private static String verdict(boolean reached) {
        return reached ? "PASS" : "FAIL";
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
