package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_UNWELL;
import static dev.holdfast.core.decide.Reason.Code.SWITCHOVER_HAND_OVER;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.Versioned;
import java.util.Optional;

/**
 * A standby leader gives the lease back for another member to take it: an operator asked for that,
 * or its disk is not well. Nothing is written in a standby cluster, so nothing has to be handed
 * over.
 */
final class StandbySwitchover {
    private StandbySwitchover() {}

    /** Empty where this member is to go on. */
    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        return o.proof()
                .flatMap(proof -> ScheduledSwitchover.decide(o, cluster, proof))
                .or(() -> request(o, cluster))
                .or(() -> unwell(o, cluster));
    }

    private static Optional<Decision> request(Observation o, ClusterView cluster) {
        return WishedLeader.decide(
                o,
                cluster,
                new WishedLeader.Change() {
                    @Override
                    public Optional<MemberName> best() {
                        return Candidates.bestStandby(o, cluster);
                    }

                    @Override
                    public Optional<String> refusal(FailoverRequest wish, MemberName candidate) {
                        return Candidates.refusalOfStandby(o, cluster, candidate);
                    }

                    @Override
                    public Optional<Decision> carryOut(
                            Versioned<FailoverRequest> request, MemberName candidate) {
                        return request.value().candidate().isPresent()
                                ? Optional.of(
                                        LeaderRules.release(
                                                o,
                                                "the operator asked for "
                                                        + candidate
                                                        + " to lead this standby cluster"))
                                : o.proof().map(proof -> named(o, proof, request, candidate));
                    }
                });
    }

    /** The others let it go first when they read who it is. */
    private static Decision named(
            Observation o,
            LeaderProof proof,
            Versioned<FailoverRequest> request,
            MemberName candidate) {
        FailoverRequest wish = request.value();
        return Say.of(o, SWITCHOVER_HAND_OVER, candidate + " is to take over")
                .act(
                        new Action.BeginSwitchover(
                                proof.epoch(),
                                new FailoverRequest(
                                        wish.leader(),
                                        Optional.of(candidate),
                                        Optional.empty(),
                                        wish.operation()),
                                request.revision()))
                .decision();
    }

    private static Optional<Decision> unwell(Observation o, ClusterView cluster) {
        return o.vitals()
                .lasting(o.now(), o.deadlines())
                .filter(_ -> Candidates.bestStandby(o, cluster).isPresent())
                .map(trouble -> LeaderRules.release(o, trouble))
                .map(given ->
                        new Decision(
                                new Reason(LEAD_UNWELL, given.reason().sentence()),
                                given.actions(),
                                given.memory(),
                                given.lookAgain(),
                                given.probe(),
                                given.service()));
    }
}
