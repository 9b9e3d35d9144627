package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD_CATCH_UP;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * In a synchronous mode a standby that is not entitled to lead may have received a little more than
 * the one that is, since a primary that dies sends to all of them until the last moment. Promoted
 * as it is, the new primary would leave that standby past the switch point: it had to be rewound,
 * and until it is shut out PostgreSQL takes its word for WAL that it does not have, up to the
 * position that it has reached on the old timeline. So the new leader asks whoever lives, and
 * fetches the difference first. What was acknowledged before is on the new leader in any case, so
 * both are given up after a while: a busy host needs a moment for its answer, a dead one has none.
 */
final class CatchUp {
    /** How long the others' answers are waited for; whoever asks gives each up before that. */
    private static final Duration ASK = Duration.ofSeconds(1);

    /** From the same beginning. */
    private static final Duration FETCH = Duration.ofSeconds(3);

    private CatchUp() {}

    /** What others have more is to be fetched before anything else. */
    static Optional<Decision> decide(Observation o, ClusterView cluster, Server.Standby standby) {
        MonoTime since = since(o);
        return matters(o, cluster) && o.now().isBefore(since.plus(FETCH))
                ? ahead(o, cluster, standby).map(source -> fetch(o, cluster, source, since))
                : Optional.empty();
    }

    /** Asks those who have not answered since this member leads; not any more after a moment. */
    static Optional<Action> question(Observation o, ClusterView cluster) {
        SortedSet<MemberName> unheard = unheard(o, cluster, since(o));
        return matters(o, cluster) && !unheard.isEmpty() && o.now().isBefore(answersBy(o))
                ? Optional.of(new Action.AskPeers(unheard))
                : Optional.empty();
    }

    static MonoTime answersBy(Observation o) {
        return since(o).plus(ASK);
    }

    private static MonoTime since(Observation o) {
        return PromotionRules.begunAt(o);
    }

    /** After a planned hand-over nobody can have more. */
    private static boolean matters(Observation o, ClusterView cluster) {
        return o.config().synchronous() && cluster.handedOverAt().isEmpty();
    }

    private static SortedSet<MemberName> unheard(
            Observation o, ClusterView cluster, MonoTime since) {
        SortedSet<MemberName> unheard = new TreeSet<>(cluster.members().keySet());
        unheard.remove(o.me());
        o.peers()
                .forEach((member, answer) -> {
                    if (!answer.askedAt().isBefore(stillCounts(answer, since))) {
                        unheard.remove(member);
                    }
                });
        return unheard;
    }

    /**
     * Who was silent in the race a moment before, as a primary is that was cut off from the others,
     * is not waited for once more. An answer of then does not say what has arrived since.
     */
    private static MonoTime stillCounts(Peer answer, MonoTime since) {
        return switch (answer) {
            case Peer.Silent _ -> since.minus(ASK);
            case Peer.Answered _ -> since;
        };
    }

    /** Who has the most, if it is more than what is here. */
    private static Optional<Upstream> ahead(
            Observation o, ClusterView cluster, Server.Standby standby) {
        return o.peers().entrySet().stream()
                .filter(e -> cluster.members().containsKey(e.getKey()))
                .filter(e -> hasMore(e.getValue(), standby))
                .max(Comparator.comparing(e -> position(e.getValue())))
                .map(Map.Entry::getKey)
                .flatMap(m -> Files.upstream(o, cluster, m));
    }

    private static boolean hasMore(Peer peer, Server.Standby standby) {
        return peer instanceof Peer.Answered answered
                && answered.serverAnswers()
                && answered.inRecovery()
                && answered.timeline().equals(Optional.of(standby.timeline()))
                && answered.position().isAfter(standby.position());
    }

    private static Lsn position(Peer peer) {
        return switch (peer) {
            case Peer.Answered answered -> answered.position();
            case Peer.Silent _ -> Lsn.ZERO;
        };
    }

    private static Decision fetch(
            Observation o, ClusterView cluster, Upstream source, MonoTime since) {
        ServerFiles wanted = Files.forStandby(o, cluster, Optional.of(source));
        Say say =
                Say.of(
                                o,
                                LEAD_CATCH_UP,
                                source.name()
                                        + " has received more: fetching it before the promotion")
                        .service(Decision.Service.CHANGING)
                        .eager()
                        .lookAt(since.plus(FETCH));
        return (o.applied().equals(Optional.of(wanted))
                        ? say
                        : say.act(new Action.ApplyFiles(wanted)))
                .decision();
    }
}
