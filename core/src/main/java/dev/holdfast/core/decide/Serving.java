package dev.holdfast.core.decide;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/**
 * Whether clients may be sent here to write. The agent bounds an open service by the lease and the
 * age of the probe as well.
 */
final class Serving {
    private Serving() {}

    /** For a primary that goes on as it is. */
    static Decision.Service whileRunning(Observation o) {
        if (!Decide.isPrimary(o.server()) || !o.mayStay()) {
            return whileChanging(o);
        }
        return o.memory().gate().filter(Memory.Gate::open).isPresent()
                ? Decision.Service.OPEN
                : Decision.Service.CHANGING;
    }

    /**
     * For a member that is about to become, or cease to be, the primary; closed for everyone else.
     */
    static Decision.Service whileChanging(Observation o) {
        ClusterView cluster = o.cluster().orElse(null);
        if (cluster == null || o.config().standbyCluster().isPresent()) {
            return Decision.Service.CLOSED;
        }
        boolean concerned =
                cluster.isLeader(o.me())
                        || (cluster.leader().isEmpty() && mayLead(o, cluster))
                        || cluster.failover()
                                .filter(f -> !f.value().isScheduled())
                                .filter(f ->
                                        f.value()
                                                .candidate()
                                                .map(o.me()::equals)
                                                .orElse(mayLead(o, cluster)))
                                .isPresent();
        return concerned ? Decision.Service.CHANGING : Decision.Service.CLOSED;
    }

    private static boolean mayLead(Observation o, ClusterView cluster) {
        return !o.self().tags().noFailover()
                && (!o.config().synchronous() || cluster.sync().value().entitles(o.me()));
    }

    /**
     * Opens the gate of a primary once what it shows cannot be lost any more: in a synchronous mode
     * when the synchronous standbys have flushed what it had when it was first seen as primary,
     * which lies past the end of its recovery. It latches.
     */
    static Memory gate(Observation o, ClusterView cluster, Server.Primary primary) {
        Memory memory = o.memory();
        Optional<LeaderProof> proof = o.proof();
        if (proof.isEmpty()) {
            return memory;
        }
        Memory.Gate gate =
                memory.gate()
                        .filter(g ->
                                g.startMicros() == primary.common().startMicros()
                                        && g.epoch().equals(proof.get().epoch()))
                        .orElse(
                                new Memory.Gate(
                                        primary.common().startMicros(),
                                        proof.get().epoch(),
                                        primary.flushed(),
                                        false));
        boolean open = gate.open() || isSafe(o, cluster, primary, gate);
        return memory.withGate(
                Optional.of(
                        new Memory.Gate(gate.startMicros(), gate.epoch(), gate.needed(), open)));
    }

    private static boolean isSafe(
            Observation o, ClusterView cluster, Server.Primary primary, Memory.Gate gate) {
        if (!o.config().synchronous()) {
            // As long as a standby stands there it may lead, with no more than it has.
            return cluster.sync().value().standbys().isEmpty();
        }
        Optional<SyncNames> names = SyncNames.parse(primary.common().syncNames());
        if (names.isEmpty()) {
            return false;
        }
        if (names.get().isEmpty()) {
            return !o.config().syncStrict()
                    && cluster.sync().value().leader().equals(Optional.of(o.me()))
                    && cluster.sync().value().standbys().isEmpty();
        }
        if (!o.namesCount()) {
            return false;
        }
        long confirmed =
                primary.senders().stream()
                        .filter(s -> s.isSynchronous() && s.hasFlushed(gate.needed()))
                        .count();
        return confirmed >= names.get().number();
    }
}
