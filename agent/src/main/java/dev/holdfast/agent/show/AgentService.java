package dev.holdfast.agent.show;

import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.api.MemberService;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.FailsafeAnswers;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.decide.Votes;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.Keys;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The member as REST sees it. */
public final class AgentService implements MemberService {
    private final AgentConfig config;
    private final Supplier<MonoTime> clock;
    private final Executor executor;
    private final AgentLoop loop;
    private final Shown shown;
    private final Operations operations;
    private final SwitchoverService switchovers;
    private final RestartService restarts;
    private final ConfigService configuration;
    private final Runnable reload;

    /**
     * @param reload reads the member's own configuration file anew
     */
    public AgentService(
            AgentConfig config,
            Supplier<MonoTime> clock,
            InstantSource calendar,
            Executor executor,
            AgentLoop loop,
            Dcs dcs,
            Shown shown,
            SwitchoverService.Forward forward,
            Runnable reload) {
        this.config = config;
        this.clock = clock;
        this.executor = executor;
        this.loop = loop;
        this.shown = shown;
        this.operations = new Operations(dcs, loop.mirror(), executor, calendar, shown::journal);
        this.switchovers = new SwitchoverService(dcs, shown, operations, forward);
        this.restarts = new RestartService(config.name(), clock, loop, shown, operations);
        this.configuration = new ConfigService(dcs);
        this.reload = reload;
        shown.publishThrough(new Publisher(config, dcs, loop.mirror(), executor), operations);
    }

    @Override
    public MonoTime now() {
        return clock.get();
    }

    @Override
    public MemberStatus status() {
        return shown.status().orElseGet(() -> StatusView.starting(config));
    }

    @Override
    public MonoTime ranAt() {
        return shown.ranAt();
    }

    @Override
    public AutoCloseable onChange(Runnable listener) {
        return shown.onChange(listener);
    }

    @Override
    public CompletionStage<Optional<String>> configJson() {
        return CompletableFuture.completedStage(
                loop.mirror()
                        .current()
                        .map(s -> s.entries().get(Keys.CONFIG))
                        .map(Dcs.Entry::value));
    }

    @Override
    public List<JournalLine> journal() {
        return shown.journal();
    }

    @Override
    public CompletionStage<List<Operation>> operations() {
        return CompletableFuture.completedStage(operations.all());
    }

    @Override
    public String metrics() {
        return shown.metrics();
    }

    @Override
    public CompletionStage<Position> position() {
        CompletableFuture<Position> answer = new CompletableFuture<>();
        executor.execute(
                () -> loop.askServer(() -> answer.complete(position(shown.seen(), loop.server()))));
        return answer;
    }

    private Position position(Optional<Observation> seen, Optional<Server> server) {
        boolean nofailover = seen.map(o -> o.self().tags().noFailover()).orElse(true);
        return switch (server.orElse(null)) {
            case Server.Standby s ->
                    new Position(
                            config.name(),
                            true,
                            true,
                            Optional.of(s.timeline()),
                            s.received().orElse(Lsn.ZERO),
                            s.replayed(),
                            nofailover,
                            s.isStreaming(),
                            Optional.empty(),
                            seen.flatMap(o -> Votes.pledge(o, server)));
            case Server.Primary p -> answering(p.timeline(), p.flushed(), nofailover);
            case Server.Rejecting _, Server.Silent _ -> silent(nofailover);
            case null -> silent(nofailover);
        };
    }

    private Position answering(Timeline timeline, Lsn flushed, boolean nofailover) {
        return new Position(
                config.name(),
                true,
                false,
                Optional.of(timeline),
                flushed,
                flushed,
                nofailover,
                false);
    }

    private Position silent(boolean nofailover) {
        return new Position(
                config.name(),
                false,
                false,
                Optional.empty(),
                Lsn.ZERO,
                Lsn.ZERO,
                nofailover,
                false);
    }

    @Override
    public CompletionStage<Reply> switchover(SwitchoverRequest request) {
        return switchovers.switchover(request);
    }

    @Override
    public CompletionStage<Reply> failover(SwitchoverRequest request) {
        return switchovers.failover(request);
    }

    @Override
    public CompletionStage<Reply> cancelSwitchover() {
        return switchovers.cancel();
    }

    @Override
    public CompletionStage<Reply> restart(RestartRequest request) {
        return restarts.restart(request);
    }

    @Override
    public CompletionStage<Reply> cancelRestart() {
        return restarts.cancel();
    }

    private String reason() {
        return shown.status().map(MemberStatus::reason).orElse("");
    }

    @Override
    public CompletionStage<Reply> reload() {
        reload.run();
        return done(202, "reload scheduled");
    }

    @Override
    public CompletionStage<Reply> reinitialize(ReinitializeRequest request) {
        Optional<Observation> seen = shown.seen();
        if (seen.flatMap(Observation::cluster).filter(c -> c.leader().isPresent()).isEmpty()) {
            return done(503, "Cluster has no leader, can not reinitialize");
        }
        if (seen.get().cluster().get().isLeader(config.name())) {
            return done(503, "I am the leader, can not reinitialize");
        }
        if (seen.get().orders().reinitialize().isPresent() && !request.force()) {
            return done(503, config.name() + " is being reinitialized already: " + reason());
        }
        Orders.Reinitialize order =
                new Orders.Reinitialize(
                        clock.get(),
                        request.fromLeader() ? Orders.CopyOf.LEADER : Orders.CopyOf.ANYBODY);
        loop.order(orders -> orders.withReinitialize(Optional.of(order)));
        var _ =
                shown.await(
                                o ->
                                        o.task()
                                                                instanceof
                                                                dev.holdfast.core.decide.Task.Ended(
                                                                        dev.holdfast.core.decide
                                                                                        .Action
                                                                                        .Clone
                                                                                _,
                                                                        MonoTime at,
                                                                        dev.holdfast.core.decide
                                                                                        .Task
                                                                                        .Outcome
                                                                                        .Done
                                                                                _)
                                                        && at.isAfter(order.orderedAt())
                                                ? Optional.of(order)
                                                : Optional.empty(),
                                Duration.ofDays(1),
                                () -> order)
                        .thenAccept(o ->
                                loop.order(orders ->
                                        orders.withReinitialize(
                                                orders.reinitialize().filter(r -> !r.equals(o)))));
        return done(200, "reinitialize started");
    }

    @Override
    public CompletionStage<Reply> confirm(FailsafeFact.Question question) {
        Optional<Observation> seen = shown.seen().filter(o -> o.cluster().isPresent());
        if (seen.filter(o -> !o.config().failsafe()).isPresent()) {
            return done(502, "failsafe_mode is off");
        }
        return loop.confirm(question)
                .thenApply(reply ->
                        switch (reply) {
                            case FailsafeAnswers.Reply.Confirmed _ -> new Reply(200, "Accepted");
                            case FailsafeAnswers.Reply.Refused(String why) -> new Reply(500, why);
                        });
    }

    @Override
    public CompletionStage<Reply> patchConfig(Map<String, @Nullable Object> changes) {
        return configuration.patch(changes);
    }

    @Override
    public CompletionStage<Reply> replaceConfig(Map<String, @Nullable Object> config) {
        return configuration.replace(config);
    }

    private static CompletionStage<Reply> done(int status, String body) {
        return CompletableFuture.completedStage(new Reply(status, body));
    }
}
