package dev.holdfast.agent.show;

import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.MemberService.RestartRequest;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.decide.Restarts;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.MemberStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Restarts of this member's PostgreSQL, now and later. */
final class RestartService {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Supplier<MonoTime> clock;
    private final AgentLoop loop;
    private final Shown shown;
    private final Operations operations;
    private final MemberName me;

    RestartService(
            MemberName me,
            Supplier<MonoTime> clock,
            AgentLoop loop,
            Shown shown,
            Operations operations) {
        this.me = me;
        this.operations = operations;
        this.clock = clock;
        this.loop = loop;
        this.shown = shown;
    }

    CompletionStage<Reply> restart(RestartRequest request) {
        Optional<Server> server = shown.status().flatMap(MemberStatus::server);
        Optional<Long> start = server.flatMap(Restarts::startOf);
        if (start.isEmpty()) {
            return done(
                    503,
                    "PostgreSQL does not run here ("
                            + shown.status().map(s -> s.state().text()).orElse("unknown")
                            + "), so it cannot be restarted");
        }
        return request.schedule()
                .map(at -> schedule(request, at, start.get()))
                .orElseGet(() -> now(request, server.get(), start.get()));
    }

    /**
     * An order with a timeout of its own stays until the server is back: a primary that is late by
     * it is given up for a standby.
     */
    private CompletionStage<Reply> now(RestartRequest request, Server server, long start) {
        Optional<String> unmet = Restarts.unmet(request.conditions(), server);
        if (unmet.isPresent()) {
            return done(503, "restart conditions are not satisfied: " + unmet.get());
        }
        Orders.Restart order = new Orders.Restart(start, clock.get(), request.timeout());
        loop.order(orders -> orders.withRestart(Optional.of(order)));
        Operation operation = begin(Optional.empty(), start);
        operations.record(operation);
        return shown.await(
                        o ->
                                o.server()
                                        .flatMap(Restarts::startOf)
                                        .filter(s -> s != start)
                                        .map(_ -> new Reply(200, "restarted successfully")),
                        request.timeout().orElse(PATIENCE),
                        () ->
                                new Reply(
                                        503,
                                        "restart failed: PostgreSQL has not come back; "
                                                + shown.status()
                                                        .map(MemberStatus::reason)
                                                        .orElse("")))
                .whenComplete((_, _) ->
                        loop.order(orders ->
                                orders.withRestart(
                                        orders.restart()
                                                .filter(r ->
                                                        !r.equals(order)
                                                                || r.timeout().isPresent()))))
                .thenApply(reply -> reply.of(operation));
    }

    /** The conditions are looked at when the time has come. */
    private CompletionStage<Reply> schedule(RestartRequest request, String at, long start) {
        if (shown.seen().filter(o -> o.config().pause()).isPresent()) {
            return done(503, "Can't schedule restart in the paused state");
        }
        ScheduledRestart restart =
                new ScheduledRestart(at, request.conditions(), request.timeout(), start);
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        Operation operation = begin(Optional.of(at), start);
        loop.order(orders -> {
            if (orders.scheduled().isPresent()) {
                reply.complete(new Reply(409, "Another restart is already scheduled"));
                return orders;
            }
            operations.record(operation);
            reply.complete(new Reply(202, "Restart scheduled").of(operation));
            return orders.withScheduled(Optional.of(restart));
        });
        return reply;
    }

    private Operation begin(Optional<String> at, long start) {
        return operations.begin(
                Optional.empty(),
                Operation.Kind.RESTART,
                Optional.empty(),
                Optional.of(me),
                at,
                start);
    }

    CompletionStage<Reply> cancel() {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        loop.order(orders -> {
            reply.complete(
                    orders.scheduled().isPresent()
                            ? new Reply(200, "scheduled restart deleted")
                            : new Reply(404, "no restarts are scheduled"));
            return orders.withScheduled(Optional.empty());
        });
        return reply;
    }

    private static CompletionStage<Reply> done(int status, String body) {
        return CompletableFuture.completedStage(new Reply(status, body));
    }
}
