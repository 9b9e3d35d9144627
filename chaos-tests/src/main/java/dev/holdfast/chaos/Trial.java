package dev.holdfast.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A healthy cluster, clients that write all the time, something that happens, and what came of it.
 */
final class Trial {
    /**
     * A host that was frozen with its guard may accept writes until the guard is scheduled again.
     * That is milliseconds; on a machine that is busy besides it is not more than this.
     */
    static final Duration WAKING = Duration.ofMillis(300);

    private Trial() {}

    /** What happens; returns when it has, and has led to what it leads to. */
    interface Event {
        Happened happen(Member primary);
    }

    /**
     * When it did.
     *
     * @param gapFromNanos from when on the gap is counted
     * @param woken the member that was frozen with its guard, when it has woken
     * @param marks what else there is to say of the time
     */
    record Happened(long gapFromNanos, Optional<Woken> woken, List<Mark> marks) {
        static Happened at(long nanos) {
            return new Happened(nanos, Optional.empty(), List.of());
        }
    }

    /** Something broke, or was whole again. */
    record Mark(long nanos, String what) {}

    /**
     * What there is to draw of a trial.
     *
     * @param cameBack how the primary of before is in the cluster again
     */
    record Course(
            long beganNanos,
            long endedNanos,
            List<Mark> marks,
            Map<String, List<Recorder.Sample>> seen,
            List<Long> acknowledgedNanos,
            String cameBack) {}

    /** A member went on at an instant after all of it had been stopped, guard too. */
    record Woken(Member member, long nanos) {
        private boolean isExcused(Acknowledged row) {
            return row.client().route() == Client.Route.DIRECT_LOCAL
                    && row.serverPort() == member.postgresPort()
                    && row.nanos() >= nanos
                    && row.nanos() <= nanos + WAKING.toNanos();
        }
    }

    /**
     * What came of it.
     *
     * @param gap the longest time without an acknowledged write through the balancer
     * @param unconfirmed rows acknowledged before a standby had said that it has them
     * @param unkept those of them that were acknowledged while {@code /sync} named a standby
     * @param overlaps of the times in which servers accepted writes
     * @param onWaking rows that the frozen member accepted on waking, and that no standby had to
     *     confirm
     * @param failures of clients through the balancer
     * @param anomalies of what the clients of the lists saw
     */
    record Outcome(
            Member before,
            Member after,
            Duration gap,
            Writers.Verdict rows,
            long unconfirmed,
            List<Acknowledged> unkept,
            List<Reigns.Overlap> overlaps,
            long onWaking,
            long failures,
            List<ListChecker.Anomaly> anomalies,
            Course course) {

        /** Instants in which two servers accepted writes. */
        long twoWriters() {
            return overlaps.stream().mapToLong(Reigns.Overlap::instants).sum();
        }

        boolean isClean() {
            return rows.isClean() && overlaps.isEmpty() && anomalies.isEmpty() && unkept.isEmpty();
        }

        @Override
        public String toString() {
            return "%s -> %s, gap %d ms, %d rows acknowledged, %d lost, %d doubled, %d without a synchronous standby (%d of them while /sync named one), %d instants with two writers%s, %d attempts failed, %d anomalies, the old primary %s"
                    .formatted(
                            before,
                            after,
                            gap.toMillis(),
                            rows.acknowledged(),
                            rows.lost().size(),
                            rows.doubled().size(),
                            unconfirmed,
                            unkept.size(),
                            twoWriters(),
                            onWaking > 0 ? " (%d rows on waking)".formatted(onWaking) : "",
                            failures,
                            anomalies.size(),
                            course.cameBack());
        }
    }

    /** Where clients write. */
    enum Clients {
        /** Through the balancer only, as applications do. */
        BALANCED,
        /** And straight to each server, to see what it accepts. */
        EVERYWHERE
    }

    /** Returns when the cluster is healthy again and its standbys have all rows. */
    static Outcome run(TestCluster cluster, Clients clients, Event event) {
        Member before = cluster.awaitHealthy();
        Rejoin rejoin = Rejoin.watch(before);
        try (Writers writers =
                        switch (clients) {
                            case BALANCED -> Writers.start(cluster.writer());
                            case EVERYWHERE -> Writers.startEverywhere(cluster);
                        };
                Lists lists = Lists.start(cluster, clients);
                Recorder recorder = Recorder.start(cluster)) {
            long begin = System.nanoTime();
            Happened happened = event.happen(before);
            long over = System.nanoTime();
            writers.awaitProgress();
            Member after = cluster.heal();
            writers.awaitProgress();
            lists.stop();
            writers.stop();
            recorder.stop();
            long end = System.nanoTime();
            Writers.Verdict rows = writers.check(after);
            writers.awaitSameRows(after, cluster.others(after));
            List<Acknowledged> all = writers.acknowledged();
            List<Acknowledged> counted =
                    all.stream()
                            .filter(row -> happened.woken().filter(w -> w.isExcused(row)).isEmpty())
                            .toList();
            List<Acknowledged> unconfirmed = writers.unconfirmed(cluster.members(), begin);
            SyncSeen sync = recorder.sync();
            List<Mark> marks = new ArrayList<>(List.of(new Mark(begin, "begin")));
            marks.addAll(happened.marks());
            marks.add(new Mark(over, "over"));
            return new Outcome(
                    before,
                    after,
                    writers.longestGap(happened.gapFromNanos()),
                    rows,
                    unconfirmed.size(),
                    unconfirmed.stream().filter(row -> sync.namedAt(row.nanos())).toList(),
                    Reigns.overlaps(counted),
                    all.size() - counted.size(),
                    writers.failures(),
                    ListChecker.check(lists.history(after)),
                    new Course(
                            begin,
                            end,
                            marks,
                            recorder.samples(),
                            writers.balanced().map(Acknowledged::nanos).toList(),
                            rejoin.how(after)));
        }
    }
}
