package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;

/**
 * One run from a seed: a cluster begins, faults come and go while the promises of safety are held
 * against every event, then all is healed, and the cluster has to come back.
 */
final class Simulation {
    private static final long BACK_NANOS = 240 * Events.SECOND;
    private static final long STEADY_NANOS = 5 * Events.SECOND;

    private static final int MANY = 100_000;

    /** So many events take longer than this, however many faults and clients there are. */
    private static final long MANY_TAKE_NANOS = 3 * Events.SECOND;

    private final long seed;
    private final Cluster cluster;
    private final Clients clients;
    private final Faults faults;
    private final long faultyUntil;
    private long lastLook;

    /**
     * What a run came to.
     *
     * @param simulatedNanos how much virtual time has passed
     * @param faults how many faults were begun, and wishes of operators
     * @param broken the promise that did not hold, or empty
     */
    record Outcome(
            long seed,
            long simulatedNanos,
            long events,
            long acknowledged,
            long openings,
            long faults,
            String broken) {
        boolean isBroken() {
            return !broken.isEmpty();
        }
    }

    private Simulation(long seed, Trace trace) {
        this.seed = seed;
        this.cluster = new Cluster(seed, trace);
        this.clients = new Clients(cluster);
        this.faults = new Faults(cluster, clients);
        this.faultyUntil =
                switch (cluster.setup().pace()) {
                    case DENSE -> cluster.chance().skewed(40, 400) * Events.SECOND;
                    case LONG -> cluster.chance().skewed(600, 7_200) * Events.SECOND;
                };
    }

    static Outcome run(long seed, Trace trace) {
        Simulation simulation = new Simulation(seed, trace);
        try {
            simulation.play();
            return simulation.outcome("");
        } catch (BrokenPromise broken) {
            return simulation.outcome(String.valueOf(broken.getMessage()));
        } catch (RuntimeException bug) {
            StackTraceElement[] at = bug.getStackTrace();
            return simulation.outcome(
                    "the run itself failed: " + bug + (at.length == 0 ? "" : " at " + at[0]));
        }
    }

    private Outcome outcome(String broken) {
        return new Outcome(
                seed,
                cluster.events().nowNanos(),
                cluster.events().happened(),
                cluster.promises().acknowledged(),
                cluster.promises().openings(),
                faults.begun(),
                broken);
    }

    private void play() {
        cluster.note("setup", () -> cluster.setup().names() + " " + cluster.setup().initialTree());
        cluster.members()
                .forEach(m -> m.startAgentIn(cluster.chance().skewed(10, 3_000) * Events.MILLI));
        clients.start();
        faults.start();
        while (cluster.events().nowNanos() < faultyUntil) {
            step();
        }
        cluster.note("chance", () -> "all is healed");
        faults.heal();
        // An initdb that was cut short is an operator's affair as long as there is no cluster.
        if (cluster.truth().system().isPresent()) {
            comesBack();
        }
    }

    private void step() {
        cluster.events().next();
        faults.look();
        cluster.promises().check();
        if (cluster.events().happened() % MANY == 0) {
            long now = cluster.events().nowNanos();
            if (now - lastLook < MANY_TAKE_NANOS) {
                throw new BrokenPromise(
                        "L2, it is quick, and does not spin: "
                                + MANY
                                + " events within "
                                + (now - lastLook) / Events.MILLI
                                + " ms");
            }
            lastLook = now;
        }
    }

    private void comesBack() {
        long end = cluster.events().nowNanos() + BACK_NANOS;
        long steadySince = Long.MAX_VALUE;
        long look = 0;
        while (true) {
            step();
            long now = cluster.events().nowNanos();
            if (now < look) {
                continue;
            }
            look = now + Events.SECOND / 2;
            if (!isBack()) {
                steadySince = Long.MAX_VALUE;
            } else {
                steadySince = Math.min(steadySince, now);
                if (now - steadySince >= STEADY_NANOS) {
                    return;
                }
            }
            if (now > end) {
                throw new BrokenPromise(
                        "L1, it comes back: "
                                + BACK_NANOS / Events.SECOND
                                + " s after everything was healed "
                                + missing());
            }
        }
    }

    /**
     * It was cut off while it made the cluster, and another made one meanwhile: what it holds is
     * not replaced without an operator.
     */
    private static boolean isOfAnotherCluster(Member member, Postmaster primary) {
        return member.directory()
                .filter(d -> !d.system.equals(primary.directory().system))
                .isPresent();
    }

    /**
     * It opened a timeline, and was lost before that was recorded and before anybody had followed;
     * another opened one of the same number at the same point. No history tells the two apart.
     */
    private static boolean isOnTwinTimeline(Member member, Postmaster primary) {
        return member.directory()
                .map(d -> d.branch.holding(d.flushed))
                .filter(b -> primary.directory().branch.hasTwinOf(b))
                .isPresent();
    }

    /**
     * It leads in the strict mode, and all others hold another cluster's data, have the tag nosync,
     * or are to stream from one of the others: what it shows could be lost, so its {@code /primary}
     * does not say 200.
     */
    private boolean leadsWithoutAnyStandby(Member leader) {
        ClusterView view = cluster.truth();
        boolean strict =
                view.config()
                        .map(Versioned::value)
                        .filter(ClusterConfig::syncStrict)
                        .filter(ClusterConfig::synchronous)
                        .isPresent();
        return strict
                && view.isLeader(leader.name())
                && leader.acceptsWrites()
                && cluster.members().stream()
                        .filter(m -> m != leader)
                        .filter(m -> !cluster.setup().tags(m.name()).noSync())
                        .allMatch(m ->
                                isOfAnotherCluster(m, leader.server().orElseThrow())
                                        || isToStreamFromAnother(m, leader));
    }

    private boolean isToStreamFromAnother(Member member, Member leader) {
        return cluster.setup()
                .tags(member.name())
                .replicateFrom()
                .filter(from -> !from.equals(leader.name()) && !from.equals(member.name()))
                .isPresent();
    }

    /** Directly, or through standbys that do: in a circle nobody would. */
    private static boolean streamsFrom(Postmaster upstream, MemberName name) {
        return upstream.senders().stream()
                .filter(s -> s.flushed > 0)
                .anyMatch(s -> s.standby.memberName().equals(name) || streamsFrom(s.standby, name));
    }

    private boolean isBack() {
        return missing().isEmpty();
    }

    /** What is not as it should be. */
    private String missing() {
        List<Member> serving =
                cluster.members().stream()
                        .filter(m -> m.agent().filter(AgentLife::servesAsPrimary).isPresent())
                        .toList();
        Optional<Member> alone =
                serving.isEmpty()
                        ? cluster.members().stream()
                                .filter(this::leadsWithoutAnyStandby)
                                .findFirst()
                        : Optional.empty();
        if (alone.isEmpty() && (serving.size() != 1 || !serving.getFirst().acceptsWrites())) {
            return "/primary says 200 at " + serving.stream().map(Member::name).toList();
        }
        Member leader = alone.orElseGet(serving::getFirst);
        Postmaster primary = leader.server().orElseThrow();
        for (Member member : cluster.members()) {
            MemberName name = member.name();
            if (member != leader
                    && !isOfAnotherCluster(member, primary)
                    && !isOnTwinTimeline(member, primary)
                    && !streamsFrom(primary, name)) {
                return name + " does not stream from " + primary.memberName();
            }
        }
        return "";
    }
}
