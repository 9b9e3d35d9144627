package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.ORDER_REINITIALIZE;
import static dev.holdfast.core.decide.Reason.Code.ORDER_RESTART;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/** What an operator asked of this member alone. */
final class OrderRules {
    private OrderRules() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (o.orders().reinitialize().isPresent() && !cluster.isLeader(o.me())) {
            return reinitialize(o, cluster, o.orders().reinitialize().get());
        }
        return o.orders()
                .restart()
                .filter(start -> o.server().flatMap(OrderRules::startOf).equals(Optional.of(start)))
                .map(_ ->
                        Say.of(o, ORDER_RESTART, "an operator ordered a restart")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .service(Serving.whileChanging(o))
                                .decision());
    }

    private static Optional<Long> startOf(Server server) {
        return switch (server) {
            case Server.Primary primary -> Optional.of(primary.common().startMicros());
            case Server.Standby standby -> Optional.of(standby.common().startMicros());
            case Server.Rejecting _, Server.Silent _ -> Optional.empty();
        };
    }

    private static Optional<Decision> reinitialize(
            Observation o, ClusterView cluster, Orders.Reinitialize order) {
        boolean done =
                o.task() instanceof Task.Ended(Action.Clone _, MonoTime at, Task.Outcome.Done _)
                        && at.isAfter(order.orderedAt());
        if (done || cluster.runningPrimary().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                o.serverGone()
                        ? BootstrapRules.copy(o, cluster, "reinitialize")
                        : Say.of(
                                        o,
                                        ORDER_REINITIALIZE,
                                        "an operator ordered a fresh copy of the leader's data")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .decision());
    }
}
