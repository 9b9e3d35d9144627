package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_RECORD;
import static dev.holdfast.core.decide.Reason.Code.RACE_TIMELINE;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import java.time.Duration;
import java.util.Optional;

/**
 * A member that opens a timeline, and is lost before that is recorded, may come back when another
 * has opened one of the same number at the same point. No history tells the two apart: only the
 * store does, and only while the directory still says that it was a primary's.
 */
final class Twins {
    private Twins() {}

    /** Nobody leads: what is to be cleared up before a former primary runs as a standby. */
    static Optional<Decision> settle(Observation o, ClusterView cluster) {
        if (!(o.data().orElse(null) instanceof DataDirectory.Valid valid)
                || !valid.control().wasPrimary()) {
            return Optional.empty();
        }
        return other(o, cluster, valid.control())
                .map(other -> leftAlone(o, valid.control().newestTimeline(), other))
                .or(() -> record(o, cluster, valid));
    }

    /** Who else has claimed, or opened, the timeline on which this member was primary last. */
    static Optional<MemberName> other(Observation o, ClusterView cluster, ControlData control) {
        Timeline mine = control.newestTimeline();
        Optional<MemberName> claimed =
                cluster.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.timeline().equals(mine))
                        .map(TimelineClaim::member);
        return claimed.or(() ->
                        cluster.history().stream()
                                .filter(h -> h.timeline().next().equals(mine))
                                .map(HistoryEntry::newLeader)
                                .filter(leader -> !leader.isEmpty())
                                .reduce((_, newest) -> newest)
                                .map(MemberName::new))
                .filter(member -> !member.equals(o.me()));
    }

    private static Decision leftAlone(Observation o, Timeline mine, MemberName other) {
        return Say.of(
                        o,
                        RACE_TIMELINE,
                        "this member was primary on timeline "
                                + mine
                                + ", which "
                                + other
                                + " has claimed since: what is here may not be what "
                                + other
                                + " wrote, and is left alone until somebody leads")
                .service(Serving.whileChanging(o))
                .lookAt(o.now().plus(Duration.ofSeconds(1)))
                .decision();
    }

    /** Once it is recorded, nobody else claims this timeline. */
    private static Optional<Decision> record(
            Observation o, ClusterView cluster, DataDirectory.Valid valid) {
        return cluster.timeline()
                .filter(_ -> RestoredRules.elects(o, cluster).isEmpty())
                .filter(c -> !c.value().opened() && c.value().member().equals(o.me()))
                .filter(c -> c.value().timeline().equals(valid.control().newestTimeline()))
                .map(claim ->
                        Say.of(
                                        o,
                                        LEAD_RECORD,
                                        "this member opened timeline "
                                                + claim.value().timeline()
                                                + " and was lost before that was recorded")
                                .act(
                                        new Action.RecordOpening(
                                                PrimaryRules.opened(
                                                        claim.value(),
                                                        claim.value().timeline(),
                                                        claim.value().epoch(),
                                                        valid),
                                                claim.revision(),
                                                PrimaryRules.history(
                                                        o,
                                                        cluster,
                                                        valid,
                                                        claim.value().timeline())))
                                .service(Serving.whileChanging(o))
                                .decision());
    }
}
