package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;

/** What is remembered of an observation whatever is decided on it. */
final class Bookkeeping {
    /** A server that has run this long has not crashed. */
    private static final Duration STEADY = Duration.ofSeconds(10);

    private Bookkeeping() {}

    static Observation remember(Observation o) {
        if (o.cluster().isEmpty()) {
            return o;
        }
        ClusterView cluster = o.cluster().get();
        Optional<Epoch> epoch = cluster.leader().map(LeaderKey::epoch);
        Memory memory =
                o.memory()
                        .withLeadership(
                                o.memory()
                                        .leadership()
                                        .filter(l -> l.epoch().equals(epoch))
                                        .filter(l -> !isOvertaken(l, cluster))
                                        .or(() -> Optional.of(seen(o, cluster, epoch))))
                        .withSilentSince(
                                o.server().orElse(null) instanceof Server.Silent
                                        ? o.memory().silentSince().or(() -> Optional.of(o.now()))
                                        : Optional.empty());
        memory =
                memory.withAlone(alone(o, cluster))
                        .withSlots(SlotOwners.remember(o, cluster))
                        .withStalls(Stalls.remember(o, cluster));
        if (isUp(o)
                && memory.crashes().count() > 0
                && o.now().since(memory.crashes().lastAt()).compareTo(STEADY) > 0) {
            memory = memory.withCrashes(Memory.Crashes.NONE);
        }
        boolean leads = cluster.isLeader(o.me()) || cluster.leader().isEmpty();
        if (!leads) {
            memory =
                    memory.withSwitchover(Optional.empty())
                            .withGate(Optional.empty())
                            .withLead(Optional.empty())
                            .withSync(Memory.Sync.NONE);
        }
        if (!cluster.isLeader(o.me())) {
            memory = memory.withRetreatSince(Optional.empty());
        }
        if (cluster.leader().isPresent()
                && memory.diverged().isPresent()
                && !memory.diverged().get().equals(cluster.leader().get().epoch())) {
            memory = memory.withDiverged(Optional.empty());
        }
        if (o.server().orElse(null) instanceof Server.Primary primary
                && o.lease().leaderEpoch().isPresent()) {
            memory =
                    memory.withLead(
                            Optional.of(
                                    new Memory.Lead(
                                            o.lease().leaderEpoch().get(),
                                            primary.common().startMicros(),
                                            primary.flushed(),
                                            Candidates.best(o, cluster, primary).isPresent())));
        }
        if (o.config().pause() && o.lease().leaderEpoch().isEmpty()) {
            // What a primary did without a lease in a pause is not held against it afterwards.
            memory = memory.withLead(Optional.empty());
        }
        return o.withMemory(memory);
    }

    /** What an agent before this one sent can only be about the epoch that is seen first. */
    private static Memory.Leadership seen(
            Observation o, ClusterView cluster, Optional<Epoch> epoch) {
        Memory.Leadership seen =
                new Memory.Leadership(
                        epoch, o.now(), Memory.Standing.FIRM, cluster.claimRevision());
        return o.memory().leadership().isEmpty() ? seen.doubtful() : seen;
    }

    /**
     * Nobody was seen to lead, and somebody has all the same, since there is a new claim. The
     * record of who it was is gone: who waits for it begins anew.
     */
    private static boolean isOvertaken(Memory.Leadership seen, ClusterView cluster) {
        return seen.epoch().isEmpty()
                && cluster.leader().isEmpty()
                && cluster.epoch().isEmpty()
                && seen.claimRevision() != cluster.claimRevision();
    }

    private static Memory.Alone alone(Observation o, ClusterView cluster) {
        Memory.Alone before = o.memory().alone();
        boolean alone =
                o.config().synchronous()
                        && !o.config().syncStrict()
                        && Decide.isPrimary(o.server())
                        && o.lease().leaderEpoch().isPresent()
                        && o.memory().gate().filter(Memory.Gate::open).isPresent()
                        && cluster.sync().value().leader().equals(Optional.of(o.me()))
                        && cluster.sync().value().standbys().isEmpty();
        if (!alone) {
            return new Memory.Alone(Optional.empty(), before.times());
        }
        return before.since().isPresent()
                ? before
                : new Memory.Alone(Optional.of(o.now()), before.times() + 1);
    }

    /** It lets sessions in; one that still replays its WAL after a crash does not. */
    private static boolean isUp(Observation o) {
        return o.server()
                .filter(s -> s instanceof Server.Primary || s instanceof Server.Standby)
                .isPresent();
    }
}
