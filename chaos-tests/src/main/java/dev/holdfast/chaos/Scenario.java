package dev.holdfast.chaos;

import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What a cluster must outlive with one writer at every instant and nothing lost. The tests and the
 * benchmark run the same ones.
 */
enum Scenario {
    AGENT_STOPPED("agent stopped", 60, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            Span stopped = stop(cluster, primary, length, () -> Set.of(primary.agentPid()));
            return Trial.Happened.at(stopped.beganNanos());
        }
    },

    AGENT_KILLED("agent killed, not restarted", 0, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            long began = System.nanoTime();
            primary.signalAgent(Signal.KILL);
            awaitSuccessor(cluster, primary);
            return Trial.Happened.at(began);
        }
    },

    AGENT_AND_POSTGRES_STOPPED("agent and PostgreSQL stopped", 60, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            Span stopped =
                    stop(
                            cluster,
                            primary,
                            length,
                            () -> {
                                Set<Long> pids = new LinkedHashSet<>(primary.serverPids());
                                pids.add(primary.agentPid());
                                return pids;
                            });
            return Trial.Happened.at(stopped.beganNanos());
        }
    },

    POSTMASTER_STOPPED("postmaster alone stopped", 0, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            long began = System.nanoTime();
            Signal.STOP.send(primary.postmasterPid().orElseThrow());
            awaitSuccessor(cluster, primary);
            return Trial.Happened.at(began);
        }
    },

    /** The agent is stopped when another guard is there, which is what the guard's unit sees to. */
    GUARD_KILLED_AGENT_STOPPED("guard killed, then agent stopped", 60, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            long guard = primary.guardPid().orElseThrow();
            Signal.KILL.send(guard);
            Await.until(
                    primary + " has a guard again",
                    () -> primary.guardPid().filter(pid -> pid != guard).isPresent());
            Span stopped = stop(cluster, primary, length, () -> Set.of(primary.agentPid()));
            return Trial.Happened.at(stopped.beganNanos());
        }
    },

    HOST_FROZEN("whole host frozen, guard too", 60, Primary.ANOTHER) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            Span stopped = stop(cluster, primary, length, primary::allPids);
            return new Trial.Happened(
                    stopped.beganNanos(),
                    Optional.of(new Trial.Woken(primary, stopped.endedNanos())),
                    List.of());
        }
    },

    /** The gap is counted from when etcd is there again: nobody may write without it. */
    ETCD_AWAY("etcd killed", 40, Primary.ANY) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            cluster.etcd().kill();
            Await.pass(length);
            cluster.etcd().start();
            return Trial.Happened.at(System.nanoTime());
        }
    },

    ETCD_AWAY_FAILSAFE("etcd killed, failsafe_mode", 40, Primary.SAME) {
        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            cluster.switchFailsafeOn();
            long began = System.nanoTime();
            cluster.etcd().kill();
            Await.pass(length);
            cluster.etcd().start();
            cluster.awaitHealthy();
            cluster.switchFailsafeOff();
            return Trial.Happened.at(began);
        }
    },

    DISK_FULL("data directory's disk full", 0, Primary.ANOTHER) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.withSmallDiskOf("pg1");
        }

        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            SmallDisk disk = cluster.smallDisk().orElseThrow();
            disk.fill();
            long began = System.nanoTime();
            awaitSuccessor(cluster, primary);
            disk.empty();
            return Trial.Happened.at(began);
        }
    },

    HOST_DEAD("host dead", 0, Primary.ANOTHER) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.Killed(Fault.Part.HOST));
        }
    },

    CUT_OFF("primary cut off from everything", 0, Primary.ANOTHER) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.EVERYTHING, Cut.Direction.BOTH));
        }
    },

    CUT_OFF_SENDING("nothing arrives that the primary sends", 0, Primary.ANOTHER) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.EVERYTHING, Cut.Direction.SENT));
        }
    },

    CUT_OFF_RECEIVING("nothing arrives that is sent to the primary", 0, Primary.ANOTHER) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.EVERYTHING, Cut.Direction.RECEIVED));
        }
    },

    CUT_OFF_FROM_ETCD("primary cut off from etcd only", 0, Primary.ANOTHER) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.ETCD, Cut.Direction.BOTH));
        }
    },

    CUT_OFF_FROM_ETCD_FAILSAFE("primary cut off from etcd only, failsafe_mode", 20, Primary.SAME) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts();
        }

        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            cluster.switchFailsafeOn();
            long began = System.nanoTime();
            cluster.hosts().cut(Cut.off(primary, Cut.From.ETCD));
            Await.pass(length);
            cluster.hosts().mend();
            cluster.awaitHealthy();
            cluster.switchFailsafeOff();
            return Trial.Happened.at(began);
        }
    },

    CUT_OFF_FROM_MEMBERS("primary cut off from the other members, not from etcd", 20, Primary.ANY) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.MEMBERS, Cut.Direction.BOTH));
        }
    },

    CUT_OFF_FROM_CLIENTS("primary cut off from the clients", 10, Primary.SAME) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.CutOff(Cut.From.CLIENTS, Cut.Direction.BOTH));
        }
    },

    DISK_SLOW("the primary's disk takes 300 ms for a write", 20, Primary.ANY) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts().withFrozenDiskOf("pg1");
        }

        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.DiskSlow(Duration.ofMillis(300)));
        }
    },

    DISK_HUNG("the primary's disk hangs", 0, Primary.ANOTHER) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts().withFrozenDiskOf("pg1");
        }

        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.DiskHung());
        }
    },

    CLOCK_FORWARD("clock set forward by an hour", 20, Primary.SAME) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts().withClocks();
        }

        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.ClockSet(Duration.ofHours(1)));
        }
    },

    CLOCK_BACK("clock set back by an hour", 20, Primary.SAME) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts().withClocks();
        }

        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.ClockSet(Duration.ofHours(-1)));
        }
    },

    MEMORY_SHORT("half of the host's memory gone", 20, Primary.ANY) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.MemoryShort(0.5));
        }
    },

    /** Its session looks alive to PostgreSQL; its member key goes with its lease. */
    SYNC_STANDBY_SILENT("synchronous standby's host silent", 20, Primary.SAME) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts();
        }

        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            Member silent = cluster.syncStandby();
            long began = System.nanoTime();
            cluster.hosts().cut(Cut.off(silent, Cut.From.EVERYTHING));
            Await.until(
                    "/sync names another than " + silent,
                    () -> !cluster.syncStandby().equals(silent));
            cluster.hosts().mend();
            return Trial.Happened.at(began);
        }
    },

    ETCD_LEADER_LOST("etcd's leader killed", 10, Primary.SAME) {
        @Override
        Optional<Fault> fault() {
            return Optional.of(new Fault.EtcdLost(Fault.EtcdLost.Nodes.LEADER));
        }
    },

    /** The gap is counted from when there is a majority again. */
    ETCD_MAJORITY_LOST("two of three etcd nodes killed", 40, Primary.ANY) {
        @Override
        ClusterPlan on(ClusterPlan plan) {
            return plan.onHosts();
        }

        @Override
        Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
            Fault lost = new Fault.EtcdLost(Fault.EtcdLost.Nodes.MAJORITY);
            lost.begin(cluster, primary);
            Await.pass(length);
            lost.end(cluster, primary);
            return Trial.Happened.at(System.nanoTime());
        }
    };

    /** Who is the primary afterwards. */
    enum Primary {
        SAME,
        ANOTHER,
        ANY
    }

    private final String title;
    private final Duration length;
    private final Primary after;

    Scenario(String title, int lengthSeconds, Primary after) {
        this.title = title;
        this.length = Duration.ofSeconds(lengthSeconds);
        this.after = after;
    }

    String title() {
        return title;
    }

    Primary after() {
        return after;
    }

    /** What breaks on the primary's host, where that is all there is to it. */
    Optional<Fault> fault() {
        return Optional.empty();
    }

    /** What cluster it can happen to. */
    ClusterPlan on(ClusterPlan plan) {
        return fault().isPresent() ? plan.onHosts() : plan;
    }

    /** For as long as it lasts, or as short as leads to something. */
    Trial.Outcome run(TestCluster cluster, Lasting lasting) {
        Duration atLeast =
                switch (lasting) {
                    case WHOLE -> length;
                    case SHORT -> Duration.ZERO;
                };
        return Trial.run(
                cluster, Trial.Clients.EVERYWHERE, primary -> happen(cluster, primary, atLeast));
    }

    /** How long what is stopped stays so. */
    enum Lasting {
        /** For as long as the scenario says. */
        WHOLE,
        /** Until another member has taken over. */
        SHORT
    }

    /**
     * Makes it happen, and returns when it is over.
     *
     * @param length the least time for which it lasts, where it lasts
     */
    Trial.Happened happen(TestCluster cluster, Member primary, Duration length) {
        Fault breaks = fault().orElseThrow();
        long began = System.nanoTime();
        breaks.begin(cluster, primary);
        if (after == Primary.ANOTHER) {
            awaitSuccessor(cluster, primary);
        }
        passUntil(began + length.toNanos());
        breaks.end(cluster, primary);
        return Trial.Happened.at(began);
    }

    /** While processes were stopped. */
    record Span(long beganNanos, long endedNanos) {}

    /**
     * Stops processes for the length, and until another member has taken over. They go on youngest
     * first: backends before the guard that is to end them.
     */
    private static Span stop(
            TestCluster cluster, Member member, Duration length, Supplier<Set<Long>> pids) {
        long began = System.nanoTime();
        Set<Long> stopped = new LinkedHashSet<>();
        // What was begun while the others were stopped is found by looking again.
        while (stopped.addAll(pids.get())) {
            stopped.forEach(Signal.STOP::send);
        }
        awaitSuccessor(cluster, member);
        passUntil(began + length.toNanos());
        stopped.retainAll(member.allPids());
        long ended = System.nanoTime();
        stopped.stream().sorted(Comparator.reverseOrder()).forEach(Signal.CONT::send);
        return new Span(began, ended);
    }

    private static void passUntil(long nanos) {
        Duration left = Duration.ofNanos(nanos - System.nanoTime());
        if (left.isPositive()) {
            Await.pass(left);
        }
    }

    private static void awaitSuccessor(TestCluster cluster, Member of) {
        Member _ = cluster.awaitPrimaryOf(cluster.others(of));
    }
}
