package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.ORDER_DROPPED;
import static dev.holdfast.core.decide.Reason.Code.ORDER_DUE;
import static dev.holdfast.core.decide.Reason.Code.ORDER_REINITIALIZE;
import static dev.holdfast.core.decide.Reason.Code.ORDER_RESTART;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.ScheduledRestart;
import java.util.Optional;

/** What an operator asked of this member alone. */
final class OrderRules {
    private OrderRules() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        return now(o, cluster).or(() -> later(o));
    }

    /** What was ordered for now; in a pause too. */
    static Optional<Decision> now(Observation o, ClusterView cluster) {
        if (o.orders().reinitialize().isPresent() && !cluster.isLeader(o.me())) {
            return reinitialize(o, cluster, o.orders().reinitialize().get());
        }
        return o.orders()
                .restart()
                .map(Orders.Restart::startMicros)
                .filter(start -> o.server().flatMap(Restarts::startOf).equals(Optional.of(start)))
                .map(_ ->
                        Say.of(o, ORDER_RESTART, "an operator ordered a restart")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .remember(endedByOrder(o))
                                .service(Serving.whileChanging(o))
                                .decision());
    }

    /** When a restart for later has to be looked for again; a pause holds it back. */
    static Optional<MonoTime> next(Observation o) {
        return o.orders()
                .scheduled()
                .filter(_ -> !o.config().pause())
                .map(scheduled -> Schedule.of(o, scheduled.schedule()))
                .flatMap(Schedule::waitingUntil);
    }

    private static Optional<Decision> later(Observation o) {
        Optional<ScheduledRestart> scheduled = o.orders().scheduled();
        Optional<Long> start = o.server().flatMap(Restarts::startOf);
        if (scheduled.isEmpty() || start.isEmpty()) {
            return Optional.empty();
        }
        ScheduledRestart restart = scheduled.get();
        if (restart.startMicros() != start.get()) {
            return Optional.of(drop(o, restart, "PostgreSQL was restarted meanwhile"));
        }
        return switch (Schedule.of(o, restart.schedule())) {
            case Schedule.Waiting _ -> Optional.empty();
            case Schedule.Dropped(String why) -> Optional.of(drop(o, restart, why));
            case Schedule.Due _ ->
                    Optional.of(
                            Restarts.unmet(restart.conditions(), o.server().orElseThrow())
                                    .map(why -> drop(o, restart, why))
                                    .orElseGet(() -> begin(o, restart)));
        };
    }

    private static Decision begin(Observation o, ScheduledRestart restart) {
        return Say.of(o, ORDER_DUE, "the restart scheduled for " + restart.schedule() + " begins")
                .act(
                        new Action.SettleSchedule(
                                Optional.of(
                                        new Orders.Restart(
                                                restart.startMicros(),
                                                o.now(),
                                                restart.timeout()))))
                .service(Serving.whileRunning(o))
                .decision();
    }

    private static Decision drop(Observation o, ScheduledRestart restart, String why) {
        return Say.of(
                        o,
                        ORDER_DROPPED,
                        "the restart scheduled for "
                                + restart.schedule()
                                + " is dropped, since "
                                + why)
                .act(new Action.SettleSchedule(Optional.empty()))
                .service(Serving.whileRunning(o))
                .decision();
    }

    private static Optional<Decision> reinitialize(
            Observation o, ClusterView cluster, Orders.Reinitialize order) {
        boolean done =
                o.task() instanceof Task.Ended(Action.Clone _, MonoTime at, Task.Outcome.Done _)
                        && at.isAfter(order.orderedAt());
        if (done || cluster.runningLeader().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                o.serverGone()
                        ? BootstrapRules.copyNow(o, cluster, "reinitialize")
                        : Say.of(
                                        o,
                                        ORDER_REINITIALIZE,
                                        "an operator ordered a fresh copy of the cluster's data")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .remember(endedByOrder(o))
                                .decision());
    }

    /** What an operator ends has not ended by itself, however soon after its start. */
    private static Memory endedByOrder(Observation o) {
        return o.memory().withCrashes(Memory.Crashes.NONE);
    }
}
