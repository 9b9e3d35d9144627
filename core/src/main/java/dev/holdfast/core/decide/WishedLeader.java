package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_UPKEEP;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_REFUSED;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.Versioned;
import java.util.Optional;

/** An operator's wish for another leader, as this leader meets it. */
final class WishedLeader {
    private WishedLeader() {}

    /** What depends on what the leader's server is. */
    interface Change {
        /** Who takes over where the operator names nobody. */
        Optional<MemberName> best();

        /** Why a candidate may not; empty where it may. */
        Optional<String> refusal(FailoverRequest wish, MemberName candidate);

        Optional<Decision> carryOut(Versioned<FailoverRequest> request, MemberName candidate);
    }

    /** Empty where nothing is wished for now. */
    static Optional<Decision> decide(Observation o, ClusterView cluster, Change change) {
        Optional<Versioned<FailoverRequest>> request =
                cluster.failover().filter(f -> !f.value().isScheduled());
        if (request.isEmpty()) {
            return Optional.empty();
        }
        FailoverRequest wish = request.get().value();
        if (wish.candidate().equals(Optional.of(o.me()))) {
            return Optional.of(
                    Say.of(o, LEAD_UPKEEP, "what the operator asked for is done: this member leads")
                            .act(new Action.ClearFailover(request.get().revision()))
                            .service(Serving.whileRunning(o))
                            .decision());
        }
        boolean addressed = wish.leader().map(o.me()::equals).orElse(true);
        Optional<MemberName> candidate = wish.candidate().or(change::best);
        Optional<String> refusal =
                !addressed
                        ? Optional.of(
                                "the request names "
                                        + wish.leader().get()
                                        + " as leader, which is "
                                        + o.me())
                        : candidate.isEmpty()
                                ? Optional.of("no member is fit to take over")
                                : change.refusal(wish, candidate.get());
        if (refusal.isPresent()) {
            return Optional.of(
                    Say.of(o, SWITCHOVER_REFUSED, "the switchover is refused: " + refusal.get())
                            .act(new Action.ClearFailover(request.get().revision()))
                            .remember(o.memory().withSwitchover(Optional.empty()))
                            .service(Serving.whileRunning(o))
                            .decision());
        }
        return change.carryOut(request.get(), candidate.get());
    }
}
