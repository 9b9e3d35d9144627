package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.MAINTENANCE_STOP;
import static dev.holdfast.core.decide.Reason.Code.MAINTENANCE_STOPPED;
import static dev.holdfast.core.decide.Reason.Code.REJOIN_OFF;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/**
 * What an operator has decided about this member for longer than one order lasts. That it is no
 * candidate, not synchronous and not shown to load balancers its tags say, see {@link
 * Observation.Self}.
 */
final class MaintenanceRules {
    private MaintenanceRules() {}

    /** PostgreSQL goes down, and stays down, as long as the cluster can do without this one. */
    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (o.settings().duty() != MemberSettings.Duty.STOPPED
                || cluster.isLeader(o.me())
                || BootstrapRules.isClaimedByMe(o, cluster)) {
            return Optional.empty();
        }
        if (o.serverGone()) {
            return Optional.of(
                    Say.of(
                                    o,
                                    MAINTENANCE_STOPPED,
                                    "an operator took this member out with its PostgreSQL: it stays down until"
                                            + " unstandby")
                            .decision());
        }
        boolean spare =
                cluster.leader().isPresent()
                        && !cluster.sync().value().entitles(o.me())
                        && o.server().orElse(null) instanceof Server.Standby;
        return spare
                ? Optional.of(
                        Say.of(
                                        o,
                                        MAINTENANCE_STOP,
                                        "an operator took this member out with its PostgreSQL, which is stopped")
                                .act(
                                        new Action.Stop(
                                                Action.StopMode.FAST, ShutdownRules.patience(o)))
                                .service(Serving.whileChanging(o))
                                .decision())
                : Optional.empty();
    }

    /**
     * A leader that was taken out hands over as soon as somebody is fit, by a planned switchover;
     * in a pause only when it is told to.
     */
    static Optional<Decision> handOver(Observation o, ClusterView cluster, Server.Primary primary) {
        return Optional.of(o.settings())
                .filter(settings -> settings.isOut() && !o.config().pause())
                .flatMap(_ -> SwitchoverRules.candidate(o, cluster, primary))
                .map(fit -> SwitchoverRules.handOver(o, cluster, primary, Optional.of(fit)));
    }

    /** Nothing of a member is changed or replaced that an operator has said to leave alone. */
    static Optional<Decision> leavesAlone(Observation o, String why) {
        return switch (o.settings().recovery()) {
            case AUTOMATIC -> Optional.empty();
            case BY_ORDER ->
                    Optional.of(
                            Say.of(
                                            o,
                                            REJOIN_OFF,
                                            why
                                                    + "; nothing is done about it, since automatic recovery is switched off"
                                                    + " for this member: switch it on (auto-recovery), or order a copy"
                                                    + " (reinit)")
                                    .service(Serving.whileRunning(o))
                                    .decision());
        };
    }
}
