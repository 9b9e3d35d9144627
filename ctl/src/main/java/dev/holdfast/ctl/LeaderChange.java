package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.client.UnusableAnswerException.Delivery;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.OperationCodec;
import dev.holdfast.dcs.json.Trees;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Has the cluster change its leader and watches until it has: the leader is asked first, then
 * whoever else answers, and when no member does, the wish is left in the store for the first that
 * comes back.
 */
final class LeaderChange {
    private static final Duration REPLY_LIMIT = Duration.ofMinutes(10);

    /** How long a request that was sent may take to show in the store. */
    private static final Duration ARRIVAL = Duration.ofSeconds(2);

    private final Session session;
    private final ClusterStore store;
    private final Dcs.Snapshot snapshot;
    private final ClusterView before;
    private final Kind kind;
    private final FailoverRequest request;
    private final Limits limits;
    private final String id;

    /** What is asked for. */
    enum Kind {
        SWITCHOVER("/switchover"),
        FAILOVER("/failover");

        private final String path;

        Kind(String path) {
            this.path = path;
        }
    }

    /**
     * How long to watch.
     *
     * @param follow for the old leader to follow, once the change is done
     * @param unknown for the change to show, when no answer came
     */
    record Limits(Duration follow, Duration unknown) {
        static Limits of(ClusterView cluster) {
            Duration ttl =
                    cluster.config()
                            .map(config -> config.value().ttl())
                            .orElse(Duration.ofSeconds(30));
            return new Limits(Duration.ofSeconds(30), ttl.plusSeconds(60));
        }
    }

    /** How it ended. */
    sealed interface Outcome {
        /** As wished; {@code note} says what is not yet as it should be, or is empty. */
        record Done(String sentence, String note) implements Outcome {}

        /** Nothing has changed, and nothing will. */
        record Refused(String sentence) implements Outcome {}

        /** Nobody knows. */
        record Unknown(String sentence) implements Outcome {}
    }

    LeaderChange(
            Session session,
            ClusterStore store,
            Dcs.Snapshot snapshot,
            Kind kind,
            FailoverRequest request,
            Limits limits) {
        this.session = session;
        this.store = store;
        this.snapshot = snapshot;
        this.before = KeyCodec.toView(snapshot).view();
        this.kind = kind;
        this.request = request;
        this.limits = limits;
        this.id =
                Operation.newId(
                        session.surroundings().now().get().toInstant(),
                        ThreadLocalRandom.current().nextLong(Operation.SALTS));
    }

    Outcome run() {
        List<String> silent = new ArrayList<>();
        try (MemberCall call =
                new MemberCall(session.surroundings(), store.dcs(), snapshot, _ -> {})) {
            for (MemberRecord member : toAsk()) {
                Answer answer =
                        call.await(
                                session.members()
                                        .post(member.apiUrl(), kind.path, body(), id, REPLY_LIMIT));
                switch (answer) {
                    case Answer.Accepted(Reply accepted) -> {
                        return accepted(call, accepted);
                    }
                    case Answer.Refused(Reply refused) -> {
                        if (refused.operation().isPresent() && refused.status() == 503) {
                            return unanswered(call, refused.body().strip());
                        }
                        return new Outcome.Refused(Replies.refusal(member.apiUrl(), refused));
                    }
                    case Answer.Silent(String why, Delivery delivery) -> {
                        if (delivery == Delivery.UNKNOWN) {
                            return unanswered(call, why);
                        }
                        silent.add(why);
                    }
                }
            }
            return leftInStore(call, silent);
        }
    }

    private String body() {
        Map<String, Object> body = new LinkedHashMap<>();
        request.leader().ifPresent(leader -> body.put("leader", leader.value()));
        request.candidate().ifPresent(candidate -> body.put("candidate", candidate.value()));
        request.scheduledAt().ifPresent(time -> body.put("scheduled_at", time));
        return Trees.toJson(body);
    }

    /** The leader, then the candidate, then the others. */
    private List<MemberRecord> toAsk() {
        List<MemberName> order = new ArrayList<>();
        before.leader().ifPresent(key -> order.add(key.member()));
        request.candidate().ifPresent(order::add);
        order.addAll(before.members().keySet());
        return order.stream().distinct().flatMap(name -> before.member(name).stream()).toList();
    }

    private Outcome accepted(MemberCall call, Reply reply) {
        String sentence = reply.body().strip();
        if (request.scheduledAt().isPresent()) {
            return new Outcome.Done(sentence, "");
        }
        return done(call, sentence);
    }

    /**
     * The answer was lost, or came before the end. The store says how it ended; and where it says
     * nothing, it is written there that nobody waits any more, so that a request which is still on
     * its way is not begun.
     */
    private Outcome unanswered(MemberCall call, String why) {
        boolean arrived =
                call.until(
                        ARRIVAL,
                        cluster -> newLeader(cluster).isPresent() || operation().isPresent());
        if (!arrived && giveUp()) {
            return new Outcome.Refused(
                    "the request did not arrive ("
                            + why
                            + "): nothing has changed, and nothing will.");
        }
        call.until(
                limits.unknown(),
                cluster -> newLeader(cluster).isPresent() || isEnded(operation()));
        Optional<Operation> begun = operation();
        if (begun.flatMap(Operation::end).isPresent()) {
            return ended(call, begun.flatMap(Operation::end).get());
        }
        return newLeader(call.now()).isPresent()
                ? done(
                        call,
                        "The answer was lost, but the leader is now "
                                + leaderName(call.now())
                                + ".")
                : new Outcome.Unknown(
                        "it goes on ("
                                + why
                                + "); how it ends is told at /holdfast/operations/"
                                + id
                                + " of any member.");
    }

    private Outcome ended(MemberCall call, Operation.End end) {
        return switch (end.outcome()) {
            case DONE -> done(call, "Done: " + end.reason() + ".");
            case FAILED -> new Outcome.Refused(end.reason() + ".");
        };
    }

    private static boolean isEnded(Optional<Operation> operation) {
        return operation.flatMap(Operation::end).isPresent();
    }

    private Optional<Operation> operation() {
        return ClusterStore.await(store.dcs().get(Keys.operation(id)))
                .flatMap(entry -> OperationCodec.read(id, entry.value()));
    }

    /** Whether it had not begun. */
    private boolean giveUp() {
        String now = session.surroundings().now().get().toOffsetDateTime().toString();
        Operation operation =
                new Operation(
                                id,
                                kind == Kind.SWITCHOVER
                                        ? Operation.Kind.SWITCHOVER
                                        : Operation.Kind.FAILOVER,
                                request.leader(),
                                request.candidate(),
                                request.scheduledAt(),
                                0,
                                now,
                                Optional.empty())
                        .ended(Operation.Outcome.FAILED, "given up by who asked for it", now);
        return ClusterStore.await(
                        store.dcs()
                                .commit(
                                        List.of(new Compare.Absent(Keys.operation(id))),
                                        List.of(
                                                Op.put(
                                                        Keys.operation(id),
                                                        OperationCodec.write(operation)))))
                instanceof TxnResult.Applied;
    }

    private boolean changed(MemberCall call) {
        return call.until(limits.unknown(), cluster -> newLeader(cluster).isPresent());
    }

    private Outcome done(MemberCall call, String sentence) {
        call.until(limits.follow(), this::followed);
        return new Outcome.Done(sentence, unfinished(call.now()));
    }

    private static String leaderName(ClusterView cluster) {
        return cluster.leader().map(key -> "\"" + key.member() + "\"").orElse("gone");
    }

    private Outcome leftInStore(MemberCall call, List<String> silent) {
        String nobody =
                silent.isEmpty()
                        ? "the cluster has no members"
                        : "no member answered: " + String.join("; ", silent);
        if (before.members().isEmpty() || before.failover().isPresent()) {
            return new Outcome.Refused(
                    nobody
                            + (before.failover().isPresent()
                                    ? "; and a change of the leader is already asked for in the store."
                                    : "."));
        }
        TxnResult result =
                ClusterStore.await(
                        store.dcs()
                                .commit(
                                        List.of(new Compare.Absent(Keys.FAILOVER)),
                                        List.of(Op.put(Keys.FAILOVER, KeyCodec.write(request)))));
        return switch (result) {
            case TxnResult.Applied _ -> {
                session.terminal().line(nobody + "; the request was left in the store.");
                if (request.scheduledAt().isPresent()) {
                    yield new Outcome.Done("It is scheduled.", "");
                }
                yield changed(call)
                        ? done(call, "The leader is now " + leaderName(call.now()) + ".")
                        : new Outcome.Unknown(
                                nobody
                                        + "; the request stays in the store, where the first member that comes back finds it.");
            }
            case TxnResult.Refused _ ->
                    new Outcome.Refused(
                            nobody
                                    + "; and a change of the leader was asked for in the store meanwhile.");
            case TxnResult.LeaseGone() ->
                    throw new IllegalStateException(
                            "a write without a lease was refused for its lease");
        };
    }

    /** Who holds the leader key in place of the old leader, once it is primary. */
    private Optional<MemberName> newLeader(ClusterView cluster) {
        return cluster.runningLeader()
                .map(MemberRecord.Stored::name)
                .filter(leader -> !before.isLeader(leader));
    }

    /** Whether there is a new leader, and the old one, where it is there, follows. */
    private boolean followed(ClusterView cluster) {
        return newLeader(cluster).isPresent() && straggler(cluster).isEmpty();
    }

    private Optional<MemberRecord> straggler(ClusterView cluster) {
        return before.leader()
                .flatMap(key -> cluster.member(key.member()))
                .filter(member -> !follows(member));
    }

    private static boolean follows(MemberRecord member) {
        boolean streams =
                member.state() == MemberState.STREAMING
                        || (member.state() == MemberState.RUNNING
                                && member.replicationState()
                                        .filter("streaming"::equals)
                                        .isPresent());
        return member.role() == MemberRole.REPLICA && streams;
    }

    private String unfinished(ClusterView cluster) {
        if (newLeader(cluster).isEmpty()) {
            return "the store does not show a new leader that is primary yet; look again with list.";
        }
        return straggler(cluster)
                .map(member ->
                        "the old leader does not follow yet ("
                                + member.role().text()
                                + ", "
                                + member.state().text()
                                + "); look again with list.")
                .orElse("");
    }
}
