package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_ELSEWHERE;
import static dev.holdfast.core.decide.Reason.Code.RACE_ACQUIRE;
import static dev.holdfast.core.decide.Reason.Code.RACE_BETTER;
import static dev.holdfast.core.decide.Reason.Code.RACE_CANDIDATE;
import static dev.holdfast.core.decide.Reason.Code.RACE_LAGS;
import static dev.holdfast.core.decide.Reason.Code.RACE_NOT_FIT;
import static dev.holdfast.core.decide.Reason.Code.RACE_NOT_SYNC;
import static dev.holdfast.core.decide.Reason.Code.RACE_PEERS;
import static dev.holdfast.core.decide.Reason.Code.RACE_PREDECESSOR;
import static dev.holdfast.core.decide.Reason.Code.RACE_PRE_PROMOTE;
import static dev.holdfast.core.decide.Reason.Code.RACE_TIMELINE;
import static dev.holdfast.core.decide.Reason.Code.RACE_UNWELL;
import static dev.holdfast.core.decide.Reason.Code.RACE_WATCHDOG;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Nobody holds the leader key. Whoever may lead takes it, but only once whoever led before cannot
 * be writing any more: it said so itself (released), or its lease is gone from the store, or, when
 * it is not known who it was, a TTL has passed.
 */
final class RaceRules {
    /** How often the store is asked about a predecessor's lease that still lives. */
    private static final Duration ASK_AGAIN = Duration.ofMillis(250);

    private RaceRules() {}

    static Decision decide(Observation o, ClusterView cluster) {
        if (o.serverGone()) {
            return Twins.settle(o, cluster)
                    .orElseGet(() ->
                            RejoinRules.startStandby(
                                    o,
                                    cluster,
                                    Outside.upstream(o),
                                    "nobody leads: starting as a standby to see who may"));
        }
        return switch (o.server().orElse(null)) {
            case null -> FollowerRules.awaitServer(o, cluster);
            case Server.Silent _ -> FollowerRules.awaitServer(o, cluster);
            case Server.Rejecting rejecting ->
                    Outside.upstream(o)
                            .map(u ->
                                    FollowerRules.recovering(o, cluster, rejecting, Optional.of(u)))
                            .orElseGet(() -> FollowerRules.awaitServer(o, cluster));
            case Server.Primary primary -> race(o, cluster, primary.timeline(), primary.flushed());
            case Server.Standby standby ->
                    Votes.detaching(
                            o,
                            cluster,
                            standby,
                            race(o, cluster, standby.timeline(), standby.position()));
        };
    }

    private static Decision race(
            Observation o, ClusterView cluster, Timeline timeline, Lsn position) {
        return unfit(o, cluster, timeline, position)
                .or(() -> predecessor(o, cluster))
                .or(() -> votes(o, cluster, timeline, position))
                .or(() -> peers(o, cluster, timeline, position))
                .orElseGet(() ->
                        Say.of(
                                        o,
                                        RACE_ACQUIRE,
                                        "nobody leads, and this member is fit: taking the leader key")
                                .act(Action.CreateLeader.of(o.lease().id().orElseThrow(), cluster))
                                .service(Decision.Service.CHANGING)
                                .decision());
    }

    private static Optional<Decision> unfit(
            Observation o, ClusterView cluster, Timeline timeline, Lsn position) {
        Optional<Decision> restored = RestoredRules.elects(o, cluster);
        if (restored.isPresent()) {
            return restored;
        }
        Optional<FailoverRequest> request = request(cluster);
        Optional<MemberName> asked = request.flatMap(FailoverRequest::candidate);
        MonoTime since = absentSince(o);
        if (!o.lease().isGood(o.now())) {
            return wait(o, RACE_NOT_FIT, "this member has no lease in the store");
        }
        if (cluster.initialize().filter(i -> i.value().isClaim()).isPresent()) {
            // Its first server opens under that claim alone.
            return wait(o, BOOTSTRAP_ELSEWHERE, "another member is making a new cluster");
        }
        if (o.self().barred().isPresent()) {
            return wait(o, RACE_WATCHDOG, o.self().barred().get());
        }
        if (o.self().tags().noFailover()) {
            return wait(o, RACE_NOT_FIT, "the tag nofailover forbids this member to lead");
        }
        Optional<Decision> forbidden = FailsafeAnswers.forbids(o, cluster);
        if (forbidden.isPresent()) {
            return forbidden;
        }
        if (asked.isPresent()
                && !asked.get().equals(o.me())
                && cluster.members().containsKey(asked.get())
                && o.now().isBefore(since.plus(o.config().ttl()))) {
            return wait(o, RACE_CANDIDATE, "the operator asked for " + asked.get() + " to lead");
        }
        Optional<String> unwell = o.vitals().unwell(o.now(), o.deadlines());
        boolean wellRival =
                rivals(o, cluster).stream()
                        .anyMatch(m -> cluster.member(m).filter(MemberRecord::isWell).isPresent());
        if (unwell.isPresent()
                && wellRival
                && !asked.equals(Optional.of(o.me()))
                && o.now().isBefore(since.plus(o.config().ttl()))) {
            return wait(
                    o, RACE_UNWELL, "a member that is well goes first, for here " + unwell.get());
        }
        if (wellRival
                && !asked.equals(Optional.of(o.me()))
                && o.task()
                        instanceof
                        Task.Ended(
                                Action.PrePromote _,
                                MonoTime at,
                                Task.Outcome.Failed(String why))
                && o.now().isBefore(at.plus(o.config().ttl()))) {
            return wait(o, RACE_PRE_PROMOTE, "another member goes first, for here " + why);
        }
        boolean named = isNamed(o, cluster);
        if (o.config().synchronous()
                && cluster.sync().value().leader().isPresent()
                && !cluster.sync().value().entitles(o.me())
                && !named) {
            return wait(
                    o,
                    RACE_NOT_SYNC,
                    "only "
                            + cluster.sync().value().leader().get()
                            + " and "
                            + cluster.sync().value().standbys()
                            + " are sure to have every acknowledged commit");
        }
        if (o.config().standbyCluster().isPresent()) {
            // What is missing here the other cluster has; and by which timeline that goes on is
            // its own affair.
            return Optional.empty();
        }
        Optional<Timeline> reached =
                cluster.timeline().map(Versioned::value).map(TimelineClaim::reached);
        if (reached.filter(r -> r.isAfter(timeline)).isPresent()) {
            return wait(
                    o,
                    RACE_TIMELINE,
                    "the cluster has been on timeline "
                            + reached.get()
                            + ", and this member is on "
                            + timeline);
        }
        long lagBytes = cluster.optime().map(last -> last.bytesPast(position)).orElse(0L);
        return !o.config().synchronous() && !named && lagBytes > o.config().maximumLagOnFailover()
                ? wait(
                        o,
                        RACE_LAGS,
                        "this member misses "
                                + lagBytes
                                + " bytes of what the last leader published, more than maximum_lag_on_failover, "
                                + o.config().maximumLagOnFailover())
                : Optional.empty();
    }

    /** Since when nobody leads, as far as is known here. */
    static MonoTime absentSince(Observation o) {
        return o.memory().leaderAbsentSince().orElse(o.now());
    }

    /** An operator forces this member to lead, whatever that may cost. */
    private static boolean isNamed(Observation o, ClusterView cluster) {
        return request(cluster)
                .filter(FailoverRequest::isManual)
                .flatMap(FailoverRequest::candidate)
                .filter(o.me()::equals)
                .isPresent();
    }

    /** Whom an operator forces to lead waits for the others' votes, too, but not for ever. */
    private static Optional<Decision> votes(
            Observation o, ClusterView cluster, Timeline timeline, Lsn position) {
        MonoTime since = absentSince(o);
        return isNamed(o, cluster) && !o.now().isBefore(since.plus(o.config().ttl()))
                ? Optional.empty()
                : Votes.missing(o, cluster, timeline, position);
    }

    /** The winner waits for whoever lost. */
    static Optional<Decision> predecessor(Observation o, ClusterView cluster) {
        if (cluster.epoch().isEmpty()) {
            MonoTime known = absentSince(o).plus(o.config().ttl());
            return Decide.isPrimary(o.server()) || !o.now().isBefore(known)
                    ? Optional.empty()
                    : Optional.of(
                            changing(
                                            o,
                                            RACE_PREDECESSOR,
                                            "it is not known who led before: waiting one TTL")
                                    .lookAt(known)
                                    .decision());
        }
        EpochRecord last = cluster.epoch().get().value();
        if (last.released() || last.member().equals(o.me())) {
            return Optional.empty();
        }
        Optional<PredecessorFact> answer =
                o.predecessor().filter(p -> p.lease().equals(last.lease()));
        if (answer.filter(PredecessorFact::goneForSure).isPresent()) {
            return Optional.empty();
        }
        boolean recent =
                answer.filter(p -> o.now().isBefore(p.askedAt().plus(ASK_AGAIN))).isPresent();
        Say say =
                changing(
                        o,
                        RACE_PREDECESSOR,
                        last.member() + " may still be writing: its lease is not known to be gone");
        return Optional.of(
                (recent
                                ? say.lookAt(answer.get().askedAt().plus(ASK_AGAIN))
                                : say.act(new Action.AskPredecessor(last.lease())))
                        .decision());
    }

    private static Optional<FailoverRequest> request(ClusterView cluster) {
        return cluster.failover().map(Versioned::value).filter(f -> !f.isScheduled());
    }

    /**
     * Lets a member that has more go first, for at most one TTL. Not when the operator asked for
     * this one: then the others let it go first.
     */
    private static Optional<Decision> peers(
            Observation o, ClusterView cluster, Timeline timeline, Lsn position) {
        MonoTime since = absentSince(o);
        SortedSet<MemberName> rivals = rivals(o, cluster);
        boolean asked =
                request(cluster)
                        .flatMap(FailoverRequest::candidate)
                        .filter(o.me()::equals)
                        .isPresent();
        if (asked || rivals.isEmpty() || o.now().isAfter(since.plus(o.config().ttl()))) {
            return Optional.empty();
        }
        SortedSet<MemberName> unheard = new TreeSet<>(rivals);
        for (MemberName rival : rivals) {
            Peer peer = o.peers().get(rival);
            if (peer == null
                    || peer.askedAt()
                            .isBefore(
                                    MonoTime.max(
                                            since, o.now().minus(ASK_AGAIN.multipliedBy(4))))) {
                continue;
            }
            unheard.remove(rival);
            if (peer instanceof Peer.Answered answered && isBetter(answered, timeline, position)) {
                return Optional.of(
                        changing(
                                        o,
                                        RACE_BETTER,
                                        rival
                                                + " has received more ("
                                                + answered.position()
                                                + " against "
                                                + position
                                                + "): it goes first")
                                .lookAt(answered.askedAt().plus(ASK_AGAIN.multipliedBy(4)))
                                .decision());
            }
            if (peer instanceof Peer.Answered answered
                    && isPreferred(o, cluster, rival, answered, timeline, position)) {
                return Optional.of(
                        changing(
                                        o,
                                        RACE_BETTER,
                                        rival
                                                + " has received as much, and by failover_priority it goes first")
                                .lookAt(answered.askedAt().plus(ASK_AGAIN.multipliedBy(4)))
                                .decision());
            }
        }
        return unheard.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        changing(
                                        o,
                                        RACE_PEERS,
                                        "asking " + unheard + " how much they have received")
                                .act(new Action.AskPeers(unheard))
                                .decision());
    }

    private static boolean isBetter(Peer.Answered peer, Timeline timeline, Lsn position) {
        return peer.serverAnswers() && !peer.nofailover() && isAhead(peer, timeline, position);
    }

    /** It has as much, is well, and its {@code failover_priority} is higher than ours. */
    private static boolean isPreferred(
            Observation o,
            ClusterView cluster,
            MemberName rival,
            Peer.Answered peer,
            Timeline timeline,
            Lsn position) {
        boolean level =
                peer.position().equals(position)
                        && peer.timeline().filter(timeline::equals).isPresent();
        return level
                && peer.serverAnswers()
                && !peer.nofailover()
                && cluster.member(rival)
                        .filter(MemberRecord::isWell)
                        .filter(m ->
                                m.tags().failoverPriority() > o.self().tags().failoverPriority())
                        .isPresent();
    }

    static boolean isAhead(Peer.Answered peer, Timeline timeline, Lsn position) {
        int byTimeline = peer.timeline().map(t -> t.compareTo(timeline)).orElse(0);
        return byTimeline > 0 || (byTimeline == 0 && peer.position().isAfter(position));
    }

    private static SortedSet<MemberName> rivals(Observation o, ClusterView cluster) {
        SortedSet<MemberName> rivals = new TreeSet<>();
        for (MemberRecord.Stored stored : cluster.members().values()) {
            boolean entitled =
                    !o.config().synchronous()
                            || cluster.sync().value().leader().isEmpty()
                            || cluster.sync().value().entitles(stored.name());
            if (!stored.name().equals(o.me()) && entitled && !stored.member().tags().noFailover()) {
                rivals.add(stored.name());
            }
        }
        return rivals;
    }

    private static Optional<Decision> wait(Observation o, Reason.Code code, String sentence) {
        return Optional.of(
                Say.of(o, code, sentence)
                        .service(Serving.whileChanging(o))
                        .lookAt(o.now().plus(Duration.ofSeconds(1)))
                        .decision());
    }

    private static Say changing(Observation o, Reason.Code code, String sentence) {
        return Say.of(o, code, sentence).service(Decision.Service.CHANGING);
    }
}
