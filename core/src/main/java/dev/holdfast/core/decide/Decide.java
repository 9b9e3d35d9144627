package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.DATA_UNKNOWN;
import static dev.holdfast.core.decide.Reason.Code.GUARD_AWAY;
import static dev.holdfast.core.decide.Reason.Code.STORE_UNKNOWN;
import static dev.holdfast.core.decide.Reason.Code.TASK_RUNNING;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/**
 * The one function that decides. This screen says in which order the rules are asked; the first one
 * that has something to say is the decision.
 */
public final class Decide {
    private Decide() {}

    public static Decision decide(Observation seen) {
        Observation o = Bookkeeping.remember(seen);
        return Always.add(o, o.cluster().map(c -> byRules(o, c)).orElseGet(() -> unknown(o)));
    }

    private static Decision unknown(Observation o) {
        return o.orders().shutdown()
                ? whileBusy(o).orElseGet(() -> ShutdownRules.withoutStore(o))
                : Say.of(
                                o,
                                STORE_UNKNOWN,
                                "the store has not answered yet, so PostgreSQL is left as it is")
                        .decision();
    }

    private static Decision byRules(Observation o, ClusterView cluster) {
        if (o.config().pause()) {
            return PauseRules.decide(o, cluster);
        }
        return FenceRules.decide(o, cluster)
                .or(() -> VitalRules.decide(o, cluster))
                .or(() -> whileBusy(o))
                .or(() ->
                        o.orders().shutdown()
                                ? Optional.of(ShutdownRules.decide(o, cluster))
                                : Optional.empty())
                .or(() -> OrderRules.decide(o, cluster))
                .or(() -> MaintenanceRules.decide(o, cluster))
                .or(() -> BootstrapRules.decide(o, cluster))
                .orElseGet(() -> byLeader(o, cluster));
    }

    private static Decision byLeader(Observation o, ClusterView cluster) {
        if (cluster.leader().isEmpty()) {
            return RaceRules.decide(o, cluster);
        }
        return RestoredRules.decide(o, cluster)
                .orElseGet(() ->
                        cluster.isLeader(o.me())
                                ? LeaderRules.decide(o, cluster)
                                : FollowerRules.decide(o, cluster, cluster.leader().get()));
    }

    /**
     * Nothing else can be decided while a long action runs, the guard is away, or the data
     * directory was not looked at.
     */
    private static Optional<Decision> whileBusy(Observation o) {
        if (o.task() instanceof Task.Running running) {
            Say say =
                    Say.of(o, TASK_RUNNING, Words.of(running.action()) + Words.progress(running))
                            .service(
                                    o.orders().shutdown()
                                            ? Decision.Service.CLOSED
                                            : Serving.whileChanging(o));
            return Optional.of(
                    (isInVain(o, running.action()) ? say.act(new Action.Cancel()) : say)
                            .decision());
        }
        return switch (o.guard()) {
            case GuardFact.Away away ->
                    Optional.of(
                            Say.of(o, GUARD_AWAY, "the guard is being sought: " + away.why())
                                    .service(Serving.whileRunning(o))
                                    .decision());
            case GuardFact.Present present when present.ending() ->
                    Optional.of(
                            Say.of(
                                            o,
                                            TASK_RUNNING,
                                            "the guard is ending what is left of PostgreSQL")
                                    .service(Serving.whileChanging(o))
                                    .decision());
            case GuardFact.Present present when present.isEmpty() && o.data().isEmpty() ->
                    Optional.of(SwitchoverRules.askAhead(o, lookAtData(o)).decision());
            case GuardFact.Present present -> Optional.empty();
        };
    }

    /** Nobody needs its outcome any more, and it may take long. */
    private static boolean isInVain(Observation o, Action.Lengthy action) {
        return switch (action) {
            case Action.Clone _, Action.Restore _, Action.KeepAside _ -> o.orders().shutdown();
            case Action.PlaceSlots(var leader, var _, var _, var _, var _) ->
                    o.orders().shutdown()
                            || leader.member()
                                    .filter(m -> o.cluster().filter(c -> c.isLeader(m)).isPresent())
                                    .isEmpty();
            case Action.PrePromote(Epoch epoch) ->
                    o.orders().shutdown() || !PromotionRules.leads(o, epoch);
            case Action.InitDb _, Action.StartNewCluster _ ->
                    o.cluster().filter(c -> !BootstrapRules.isClaimedByMe(o, c)).isPresent();
            case Action.StartStandby _,
                    Action.StartPrimary _,
                    Action.Stop _,
                    Action.Promote _,
                    Action.Rewind _ ->
                    false;
        };
    }

    private static Say lookAtData(Observation o) {
        return Say.of(o, DATA_UNKNOWN, "the data directory is being looked at")
                .act(new Action.Inspect())
                .service(Serving.whileChanging(o));
    }

    /** Whether the running server is known to be a primary. */
    static boolean isPrimary(Optional<Server> server) {
        return server.filter(Server.Primary.class::isInstance).isPresent();
    }
}
