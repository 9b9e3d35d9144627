package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_DROPPED;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_DUE;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.Versioned;
import java.util.Optional;

/**
 * A switchover for later. The leader turns it into one for now when its time has come, in the
 * store: from then on it is like any other, also for whoever takes over if this member dies
 * meanwhile. A pause holds it back, and what has become too late by the end of the pause is
 * dropped.
 */
final class ScheduledSwitchover {
    private ScheduledSwitchover() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster, LeaderProof proof) {
        Optional<Versioned<FailoverRequest>> request = request(o, cluster);
        if (request.isEmpty()) {
            return Optional.empty();
        }
        FailoverRequest wish = request.get().value();
        String at = wish.scheduledAt().orElseThrow();
        if (wish.leader().filter(leader -> !leader.equals(o.me())).isPresent()) {
            return Optional.of(
                    drop(
                            o,
                            request.get(),
                            "it is one from "
                                    + wish.leader().get()
                                    + ", and "
                                    + o.me()
                                    + " leads"));
        }
        return switch (Schedule.of(o, at)) {
            case Schedule.Waiting _ -> Optional.empty();
            case Schedule.Dropped(String why) -> Optional.of(drop(o, request.get(), why));
            case Schedule.Due _ ->
                    Optional.of(
                            Say.of(
                                            o,
                                            SWITCHOVER_DUE,
                                            "the switchover scheduled for " + at + " begins")
                                    .act(
                                            new Action.BeginSwitchover(
                                                    proof.epoch(),
                                                    wish.atOnce(),
                                                    request.get().revision()))
                                    .service(Serving.whileRunning(o))
                                    .decision());
        };
    }

    /** When the leader has to look for it again. */
    static Optional<MonoTime> next(Observation o) {
        return o.cluster()
                .filter(cluster -> cluster.isLeader(o.me()))
                .flatMap(cluster -> request(o, cluster))
                .flatMap(request -> request.value().scheduledAt())
                .map(at -> Schedule.of(o, at))
                .flatMap(Schedule::waitingUntil);
    }

    private static Optional<Versioned<FailoverRequest>> request(
            Observation o, ClusterView cluster) {
        return o.config().pause()
                ? Optional.empty()
                : cluster.failover().filter(f -> f.value().scheduledAt().isPresent());
    }

    private static Decision drop(Observation o, Versioned<FailoverRequest> request, String why) {
        return Say.of(
                        o,
                        SWITCHOVER_DROPPED,
                        "the switchover scheduled for "
                                + request.value().scheduledAt().orElseThrow()
                                + " is dropped, since "
                                + why)
                .act(new Action.ClearFailover(request.revision()))
                .service(Serving.whileRunning(o))
                .decision();
    }
}
