package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.RACE_BETTER;
import static dev.holdfast.core.decide.Reason.Code.RACE_FETCH;
import static dev.holdfast.core.decide.Reason.Code.RACE_VOTES;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where {@code /sync} asks for a quorum, no standby knows by itself whether it has every
 * acknowledged commit: it leads only when it has heard so many voters, and is behind none of them.
 *
 * <p>A voter that tells where it stands must not confirm anything to the old primary afterwards,
 * which may be frozen and wake. So it stops its receiver first, and forgets whom it followed: that
 * is its pledge for the epoch that has ended. It follows again only who leads in a later epoch, and
 * whoever was elected by the pledge takes the leader key only while there has been none.
 */
public final class Votes {
    private static final Duration ASK_AGAIN = Duration.ofMillis(50);

    private Votes() {}

    /**
     * The epoch for which this member's vote counts: nobody leads, as far as is known here, the
     * server was seen without a receiver before it was asked for the position that is told, and
     * that is not the position of a server that still replays its own WAL after a start.
     */
    public static Optional<Long> pledge(Observation seen, Optional<Server> told) {
        return seen.cluster()
                .filter(c -> c.leader().isEmpty())
                .filter(_ -> isDetached(seen.server()) && isDetached(told))
                .filter(_ -> told.orElse(null) instanceof Server.Standby s && s.tellsAll())
                .map(ClusterView::epochRevision);
    }

    private static boolean isDetached(Optional<Server> server) {
        return server.orElse(null) instanceof Server.Standby standby
                && standby.receiver().isEmpty()
                && standby.primaryConninfo().isEmpty();
    }

    /** Stops the receiver beside whatever else is decided, so that this member's vote counts. */
    static Decision detaching(
            Observation o, ClusterView cluster, Server.Standby standby, Decision decision) {
        boolean busy =
                decision.actions().stream()
                        .anyMatch(a ->
                                a instanceof Action.CreateLeader || a instanceof Action.ApplyFiles);
        boolean detached =
                isDetached(Optional.of(standby))
                        && o.applied().flatMap(ServerFiles::upstream).isEmpty();
        return !areNeeded(o, cluster)
                        || busy
                        || detached
                        || decision.reason().code() == RACE_FETCH
                        || FailsafeAnswers.hasConfirmed(o)
                ? decision
                : decision.with(
                                new Action.ApplyFiles(
                                        Files.forStandby(o, cluster, Optional.empty())))
                        .eager();
    }

    /** Whether this member may lead only by the word of others. */
    private static boolean areNeeded(Observation o, ClusterView cluster) {
        return o.config().synchronous()
                && !o.config().pause()
                && cluster.sync().value().needsVotes(o.me());
    }

    /** Empty when so many voters were heard, and none of those has more than this member. */
    static Optional<Decision> missing(
            Observation o, ClusterView cluster, Timeline timeline, Lsn position) {
        SyncState sync = cluster.sync().value();
        if (!o.config().synchronous() || !sync.needsVotes(o.me())) {
            return Optional.empty();
        }
        SortedMap<MemberName, Peer.Answered> votes = votes(o, cluster);
        SortedMap<MemberName, Peer.Answered> ahead = new TreeMap<>(votes);
        ahead.values().removeIf(v -> !RaceRules.isAhead(v, timeline, position));
        if (votes.size() - ahead.size() >= sync.quorum()) {
            return Optional.empty();
        }
        return Optional.of(
                votes.size() >= sync.quorum()
                        ? behind(o, cluster, ahead, position)
                        : ask(o, cluster, votes));
    }

    private static SortedMap<MemberName, Peer.Answered> votes(Observation o, ClusterView cluster) {
        SortedMap<MemberName, Peer.Answered> votes = new TreeMap<>();
        MonoTime since = RaceRules.absentSince(o);
        for (MemberName voter : cluster.sync().value().standbys()) {
            if (!voter.equals(o.me())
                    && o.peers().get(voter) instanceof Peer.Answered answered
                    && !answered.askedAt().isBefore(since)
                    && answered.serverAnswers()
                    && answered.inRecovery()
                    && answered.pledge().equals(Optional.of(cluster.epochRevision()))) {
                votes.put(voter, answered);
            }
        }
        return votes;
    }

    private static Decision ask(
            Observation o, ClusterView cluster, SortedMap<MemberName, Peer.Answered> votes) {
        SyncState sync = cluster.sync().value();
        SortedSet<MemberName> due = new TreeSet<>();
        MonoTime next = o.now().plus(ASK_AGAIN);
        for (MemberName voter : sync.standbys()) {
            if (voter.equals(o.me())
                    || votes.containsKey(voter)
                    || !cluster.members().containsKey(voter)) {
                continue;
            }
            Peer before = o.peers().get(voter);
            MonoTime again =
                    before == null || before.askedAt().isBefore(RaceRules.absentSince(o))
                            ? o.now()
                            : before.askedAt().plus(ASK_AGAIN);
            if (again.isAfter(o.now())) {
                next = MonoTime.min(next, again);
            } else {
                due.add(voter);
            }
        }
        Say say =
                Say.of(
                                o,
                                RACE_VOTES,
                                "of "
                                        + sync.standbys()
                                        + " this member and "
                                        + sync.quorum()
                                        + " more must say where they stand, and only "
                                        + votes.keySet()
                                        + " did")
                        .service(Decision.Service.CHANGING)
                        .lookAt(next);
        return (due.isEmpty() ? say : say.act(new Action.AskPeers(due))).decision();
    }

    /**
     * Enough have voted, and some have more: the best of them goes first. If it may not lead, or
     * does not within one TTL, this member fetches what it has.
     */
    private static Decision behind(
            Observation o,
            ClusterView cluster,
            SortedMap<MemberName, Peer.Answered> ahead,
            Lsn position) {
        Map.Entry<MemberName, Peer.Answered> most =
                ahead.entrySet().stream()
                        .max(Comparator.comparing(e -> e.getValue().position()))
                        .orElseThrow();
        MemberName best = most.getKey();
        Lsn theirs = most.getValue().position();
        MonoTime end = RaceRules.absentSince(o).plus(o.config().ttl());
        boolean mayLead =
                !most.getValue().nofailover()
                        && cluster.member(best).filter(MemberRecord::isWell).isPresent();
        if (mayLead && o.now().isBefore(end)) {
            return Say.of(
                            o,
                            RACE_BETTER,
                            best
                                    + " has received more ("
                                    + theirs
                                    + " against "
                                    + position
                                    + "): it goes first")
                    .service(Decision.Service.CHANGING)
                    .lookAt(end)
                    .decision();
        }
        ServerFiles wanted = Files.forStandby(o, cluster, Files.upstream(o, cluster, best));
        Say say =
                Say.of(
                                o,
                                RACE_FETCH,
                                "fetching from "
                                        + best
                                        + ", which does not lead, what it has up to "
                                        + theirs)
                        .service(Decision.Service.CHANGING)
                        .eager();
        return (o.applied().equals(Optional.of(wanted))
                        ? say
                        : say.act(new Action.ApplyFiles(wanted)))
                .decision();
    }
}
