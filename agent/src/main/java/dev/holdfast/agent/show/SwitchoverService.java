package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.MemberService.SwitchoverRequest;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.decide.Candidates;
import dev.holdfast.core.decide.Candidates.SyncSetRule;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongFunction;

/**
 * Planned and forced changes of leader: checked against what the leader sees, written to the key
 * {@code failover}, and answered when they are done. Only the leader can check a candidate, so
 * other members pass the request on to it.
 */
public final class SwitchoverService {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Passes a request on to the leader's REST interface. */
    public interface Forward {
        CompletionStage<Reply> post(String apiUrl, String path, SwitchoverRequest request);
    }

    private final Dcs dcs;
    private final Shown shown;
    private final Operations operations;
    private final Forward forward;

    SwitchoverService(Dcs dcs, Shown shown, Operations operations, Forward forward) {
        this.dcs = dcs;
        this.operations = operations;
        this.shown = shown;
        this.forward = forward;
    }

    CompletionStage<Reply> switchover(SwitchoverRequest request) {
        Optional<Observation> seen = shown.seen().filter(o -> o.cluster().isPresent());
        if (seen.isEmpty()) {
            return done(503, "the store has not been read yet, so it is not known who leads");
        }
        ClusterView cluster = seen.get().cluster().get();
        Optional<LeaderKey> leader = cluster.leader();
        if (leader.isEmpty()) {
            return done(
                    412,
                    "switchover is not possible: the cluster has no leader; use failover to name one");
        }
        if (request.leader().filter(l -> !l.equals(leader.get().member())).isPresent()) {
            return done(
                    412,
                    "leader name does not match: "
                            + leader.get().member()
                            + " leads, not "
                            + request.leader().get());
        }
        return leader.get().member().equals(seen.get().me())
                ? asLeader(seen.get(), cluster, request, SyncSetRule.MUST_BE_IN, "switchover")
                : forward(cluster, leader.get().member(), "/switchover", request);
    }

    CompletionStage<Reply> failover(SwitchoverRequest request) {
        Optional<Observation> seen = shown.seen().filter(o -> o.cluster().isPresent());
        if (seen.isEmpty()) {
            return done(503, "the store has not been read yet, so it is not known who leads");
        }
        ClusterView cluster = seen.get().cluster().get();
        if (request.candidate().isEmpty()) {
            return done(400, "Failover could be performed only to a specific candidate");
        }
        MemberName candidate = request.candidate().get();
        if (cluster.leader().isPresent()) {
            MemberName leader = cluster.leader().get().member();
            return leader.equals(seen.get().me())
                    ? asLeader(
                            seen.get(),
                            cluster,
                            new SwitchoverRequest(
                                    Optional.empty(),
                                    request.candidate(),
                                    Optional.empty(),
                                    request.operation()),
                            SyncSetRule.MAY_BE_OUT,
                            "failover")
                    : forward(cluster, leader, "/failover", request);
        }
        if (!cluster.members().containsKey(candidate)) {
            return done(
                    412,
                    "failover is not possible: candidate "
                            + candidate
                            + " does not exist; members are "
                            + cluster.members().keySet());
        }
        return write(
                cluster,
                new SwitchoverRequest(
                        Optional.empty(),
                        request.candidate(),
                        Optional.empty(),
                        request.operation()),
                Operation.Kind.FAILOVER,
                revision -> follow(Operation.Kind.FAILOVER, candidate, Optional.empty(), revision));
    }

    CompletionStage<Reply> cancel() {
        Optional<Versioned<FailoverRequest>> request =
                shown.seen()
                        .flatMap(Observation::cluster)
                        .flatMap(ClusterView::failover)
                        .filter(f -> f.value().scheduledAt().isPresent());
        return request.isEmpty()
                ? done(404, "no switchover is scheduled")
                : dcs.commit(
                                List.of(
                                        new Compare.AtRevision(
                                                Keys.FAILOVER, request.get().revision())),
                                with(
                                        Op.delete(Keys.FAILOVER),
                                        operations.givenUp(
                                                request.map(Versioned::value),
                                                "an operator deleted it")))
                        .thenApply(result ->
                                switch (result) {
                                    case Dcs.TxnResult.Applied _ ->
                                            new Reply(200, "scheduled switchover deleted");
                                    case Dcs.TxnResult.Refused _, Dcs.TxnResult.LeaseGone _ ->
                                            new Reply(
                                                    409,
                                                    "the scheduled switchover has begun or was changed meanwhile; look at the cluster");
                                })
                        .exceptionally(
                                e -> new Reply(503, "the store did not answer: " + e.getMessage()));
    }

    private CompletionStage<Reply> forward(
            ClusterView cluster, MemberName leader, String path, SwitchoverRequest request) {
        return cluster.member(leader)
                .map(m -> forward.post(m.apiUrl(), path, request))
                .orElseGet(() ->
                        done(
                                503,
                                "the leader "
                                        + leader
                                        + " shows no address, so it cannot be asked"));
    }

    private CompletionStage<Reply> asLeader(
            Observation o,
            ClusterView cluster,
            SwitchoverRequest request,
            SyncSetRule rule,
            String what) {
        if (request.scheduledAt().isPresent()) {
            return schedule(cluster, request);
        }
        Optional<Takeover> takeover = takeover(o, cluster, rule);
        if (takeover.isEmpty()) {
            return done(
                    503,
                    what
                            + " is not possible: "
                            + o.me()
                            + " leads but does not run as primary yet");
        }
        if (isUnderWay(cluster)) {
            return done(503, what + " is not possible: another one is under way");
        }
        Optional<MemberName> candidate = request.candidate().or(takeover.get()::best);
        if (candidate.isEmpty()) {
            return done(412, what + " is not possible: no good candidates have been found");
        }
        Optional<String> refusal = takeover.get().refusal().apply(candidate.get());
        Operation.Kind kind =
                rule == SyncSetRule.MUST_BE_IN
                        ? Operation.Kind.SWITCHOVER
                        : Operation.Kind.FAILOVER;
        return refusal.isPresent()
                ? done(412, what + " is not possible: " + refusal.get())
                : write(
                        cluster,
                        new SwitchoverRequest(
                                rule == SyncSetRule.MUST_BE_IN
                                        ? Optional.of(o.me())
                                        : Optional.empty(),
                                candidate,
                                Optional.empty(),
                                request.operation()),
                        kind,
                        revision -> follow(kind, candidate.get(), Optional.of(o.me()), revision));
    }

    /**
     * Who may take over from the server that runs here.
     *
     * @param refusal why a candidate may not
     */
    private record Takeover(
            Optional<MemberName> best, Function<MemberName, Optional<String>> refusal) {}

    /** Empty while no server runs that leads. */
    private static Optional<Takeover> takeover(
            Observation o, ClusterView cluster, SyncSetRule rule) {
        return switch (o.server().orElse(null)) {
            case Server.Primary primary ->
                    Optional.of(
                            new Takeover(
                                    Candidates.best(o, cluster, primary),
                                    c -> Candidates.refusal(o, cluster, primary, c, rule)));
            case Server.Standby _ ->
                    o.config()
                            .standbyCluster()
                            .map(_ ->
                                    new Takeover(
                                            Candidates.bestStandby(o, cluster),
                                            c -> Candidates.refusalOfStandby(o, cluster, c)));
            case Server.Rejecting _, Server.Silent _ -> Optional.empty();
            case null -> Optional.empty();
        };
    }

    /** Whether a change of the leader is being carried out; one for later is not. */
    private static boolean isUnderWay(ClusterView cluster) {
        return cluster.failover().filter(f -> !f.value().isScheduled()).isPresent();
    }

    /**
     * Who is fit is asked when the time comes: until then a candidate may come and go. One that is
     * scheduled already gives way to it, as it does to one for now.
     */
    private CompletionStage<Reply> schedule(ClusterView cluster, SwitchoverRequest request) {
        if (isUnderWay(cluster)) {
            return done(503, "switchover is not possible: another one is under way");
        }
        Optional<MemberName> unknown =
                request.candidate().filter(c -> !cluster.members().containsKey(c));
        return unknown.isPresent()
                ? done(
                        412,
                        "switchover is not possible: candidate "
                                + unknown.get()
                                + " does not exist; members are "
                                + cluster.members().keySet())
                : write(
                        cluster,
                        request,
                        Operation.Kind.SWITCHOVER,
                        _ -> done(202, "Switchover scheduled"));
    }

    private static List<Op> with(Op first, List<Op> more) {
        List<Op> all = new ArrayList<>(List.of(first));
        all.addAll(more);
        return all;
    }

    /**
     * Writes the request, and under its identifier what was asked for.
     *
     * @param then is told at which revision, and answers
     */
    private CompletionStage<Reply> write(
            ClusterView cluster,
            SwitchoverRequest asked,
            Operation.Kind kind,
            LongFunction<CompletionStage<Reply>> then) {
        Operation operation =
                operations.begin(
                        asked.operation(),
                        kind,
                        cluster.leader().map(LeaderKey::member),
                        asked.candidate(),
                        asked.scheduledAt(),
                        0);
        FailoverRequest request =
                new FailoverRequest(
                        asked.leader(),
                        asked.candidate(),
                        asked.scheduledAt(),
                        Optional.of(operation.id()));
        List<Op> ops =
                with(Op.put(Keys.FAILOVER, KeyCodec.write(request)), operations.written(operation));
        ops.addAll(
                operations.givenUp(
                        cluster.failover().map(Versioned::value), "another was asked for"));
        Compare sameLeader =
                cluster.leader()
                        .<Compare>map(
                                l -> new Compare.AtRevision(Keys.LEADER, l.epoch().revision()))
                        .orElse(new Compare.Absent(Keys.LEADER));
        return dcs.commit(
                        List.of(
                                sameLeader,
                                Operations.isNew(operation),
                                Compare.unchanged(
                                        Keys.FAILOVER,
                                        cluster.failover().map(Versioned::revision).orElse(0L))),
                        ops)
                .handle((result, failure) -> {
                    if (failure != null) {
                        return done(
                                503,
                                "the store did not answer, so it is not known whether the request was taken: "
                                        + failure.getMessage());
                    }
                    return switch (result) {
                        case Dcs.TxnResult.Applied applied -> then.apply(applied.revision());
                        case Dcs.TxnResult.Refused _, Dcs.TxnResult.LeaseGone _ ->
                                done(
                                        503,
                                        "the leader or another request changed meanwhile; look at the cluster and try again");
                    };
                })
                .thenCompose(stage -> stage)
                .thenApply(reply -> reply.of(operation));
    }

    /** Answers when the new primary runs, or the request was given up. */
    private CompletionStage<Reply> follow(
            Operation.Kind kind, MemberName candidate, Optional<MemberName> from, long written) {
        return shown.await(
                o ->
                        o.cluster()
                                .filter(c -> c.revision() >= written)
                                .flatMap(c -> outcome(kind, c, candidate, from)),
                PATIENCE,
                () ->
                        new Reply(
                                503,
                                "it has taken more than "
                                        + PATIENCE.toSeconds()
                                        + " s and goes on ("
                                        + shown.status().map(s -> s.reason()).orElse("")
                                        + "); GET /holdfast/operations tells how it ends"));
    }

    private Optional<Reply> outcome(
            Operation.Kind kind,
            ClusterView cluster,
            MemberName candidate,
            Optional<MemberName> from) {
        boolean failover = kind == Operation.Kind.FAILOVER;
        if (isUnderWay(cluster) || cluster.leader().isEmpty()) {
            return Optional.empty();
        }
        MemberName leader = cluster.leader().get().member();
        if (from.equals(Optional.of(leader))) {
            String why =
                    shown.journal().reversed().stream()
                            .filter(l -> l.code().startsWith("switchover."))
                            .findFirst()
                            .map(l -> ": " + l.sentence())
                            .orElse("");
            return Optional.of(
                    new Reply(503, (failover ? "Failover" : "Switchover") + " failed" + why));
        }
        boolean runs =
                cluster.runningLeader().map(MemberRecord.Stored::name).equals(Optional.of(leader));
        String word = failover ? "failed" : "switched";
        return !runs
                ? Optional.empty()
                : Optional.of(
                        new Reply(
                                200,
                                leader.equals(candidate)
                                        ? "Successfully " + word + " over to \"" + leader + "\""
                                        : word.substring(0, 1).toUpperCase(java.util.Locale.ROOT)
                                                + word.substring(1)
                                                + " over to \""
                                                + leader
                                                + "\" instead of \""
                                                + candidate
                                                + "\""));
    }

    private static CompletionStage<Reply> done(int status, String body) {
        return CompletableFuture.completedStage(new Reply(status, body));
    }
}
