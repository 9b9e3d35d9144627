package dev.holdfast.sim;

import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.agent.loop.OwnConfig;
import dev.holdfast.agent.loop.PeerPort;
import dev.holdfast.agent.loop.Workers;
import dev.holdfast.agent.show.Publisher;
import dev.holdfast.agent.show.StatusView;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.FailsafeAnswers;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.decide.Peer;
import dev.holdfast.core.decide.Task;
import dev.holdfast.core.decide.Vital;
import dev.holdfast.core.decide.Votes;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.dcs.Scheduler;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** One life of an agent: the real loop and what it publishes, wired to the models. */
final class AgentLife implements AgentLoop.Listener {
    private static final Duration PEER_PATIENCE = Duration.ofMillis(500);

    private final Cluster cluster;
    private final Member member;
    private final Program program;
    private final Program.Lane tasks;
    private final StoreClient store;
    private final GuardLink guard;
    private final AgentLoop loop;
    private final Publisher publisher;
    private Optional<Observation> seen = Optional.empty();
    private Optional<MemberStatus> status = Optional.empty();
    private String said = "";
    private long lastTask;

    AgentLife(Cluster cluster, Member member) {
        this.cluster = cluster;
        this.member = member;
        this.program = member.agentProgram();
        this.tasks = program.new Lane();
        this.store = cluster.storeClient(member.node(), program);
        this.guard =
                new GuardLink(cluster.events(), cluster.chance(), program, member, this::onGuard);
        Job.Current current = new Job.Current();
        AgentConfig config = cluster.setup().agentConfig(member.name());
        Executor executor = this::execute;
        this.loop =
                new AgentLoop(
                        new AgentLoop.Ports(
                                executor,
                                new Jobs(current),
                                this::after,
                                member.clock()::now,
                                store,
                                guard,
                                new ModelPostgres(
                                        cluster.events(),
                                        cluster.chance(),
                                        cluster.network(),
                                        member,
                                        current),
                                new Peers(),
                                this::vital,
                                member.storeMemory(),
                                _ -> {},
                                () -> Instant.EPOCH.plusNanos(cluster.events().nowNanos()),
                                config::scripts,
                                Optional::empty,
                                new NothingToStop()),
                        config,
                        cluster.setup().self(config),
                        cluster.setup().firstConfig(),
                        OwnConfig.ofNewCluster(KeyCodec.writeConfig(cluster.setup().initialTree())),
                        this,
                        this::exit);
        this.publisher = new Publisher(config, store, loop.mirror(), executor);
    }

    /** No services follow a simulated leader. */
    private record NothingToStop() implements AgentLoop.BeforeStop {
        @Override
        public CompletableFuture<Void> ready() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Duration patience() {
            return Duration.ZERO;
        }
    }

    void start() {
        guard.seek();
        loop.start();
    }

    /** Killed: nothing is said to anybody any more, and the system closes the connections. */
    void die() {
        store.close();
    }

    GuardLink guardLink() {
        return guard;
    }

    StoreClient store() {
        return store;
    }

    void order(UnaryOperator<Orders> change) {
        loop.order(change);
    }

    /** Whether {@code /primary} says 200 to who asks now. */
    boolean servesAsPrimary() {
        return program.runs()
                && status.filter(s -> s.servesAsPrimary(member.clock().now())).isPresent();
    }

    private void execute(Runnable task) {
        lastTask =
                Math.max(
                        lastTask + 1,
                        cluster.events().nowNanos()
                                + cluster.chance().between(1, 40) * Events.MICRO);
        tasks.at(lastTask, "loop", task);
    }

    private Scheduler.Cancellable after(Duration pause, Runnable action) {
        long millis = Math.max(1, pause.toMillis());
        long late = cluster.chance().between(0, 1_500) * Events.MICRO;
        Events.Event event =
                program.after(
                        member.clock().lasting(millis * Events.MILLI) + late, "timer", action);
        return event::cancel;
    }

    private void onGuard(GuardFact fact) {
        loop.onGuard(fact);
    }

    private void exit(int code, String sentence) {
        cluster.note(member.name().value(), () -> "exits " + code + ": " + sentence);
        loop.close();
        if (guard.postmaster() == 0) {
            var _ = loop.lease().revoke();
        }
        program.after(
                20 * Events.MILLI,
                "ends",
                () -> {
                    member.killAgent();
                    member.startAgentIn(cluster.chance().skewed(500, 20_000) * Events.MILLI);
                });
    }

    // --- what the loop tells

    @Override
    public void onTurn(Observation seen, Decision decided) {
        this.seen = Optional.of(seen);
        MemberStatus next =
                StatusView.of(
                        seen, decided, Setup.SCOPE, "simulated", 0, List.of(), HostStatus.UNKNOWN);
        status = Optional.of(next);
        publisher.onTurn(seen, next);
        withdrawWhatIsDone(seen);
        if (seen.lease().leaderEpoch().isPresent() && cluster.truth().isLeader(member.name())) {
            member.guardedAgain();
        }
        if (cluster.isTraced() && !decided.reason().toString().equals(said)) {
            said = decided.reason().toString();
            cluster.note(
                    member.name().value(),
                    () ->
                            decided.reason().code().text()
                                    + ": "
                                    + decided.reason().sentence()
                                    + " "
                                    + decided.actions());
        }
    }

    /** As the REST service does for whoever ordered it. */
    private void withdrawWhatIsDone(Observation seen) {
        seen.orders()
                .reinitialize()
                .filter(order ->
                        seen.task()
                                        instanceof
                                        Task.Ended(Action.Clone _, MonoTime at, Task.Outcome.Done _)
                                && at.isAfter(order.orderedAt()))
                .ifPresent(_ -> loop.order(o -> o.withReinitialize(Optional.empty())));
    }

    @Override
    public void onNote(String sentence) {
        cluster.note(member.name().value(), () -> sentence);
    }

    @Override
    public void onStoreProblems(List<String> problems) {
        throw new IllegalStateException("a member wrote what none can read: " + problems);
    }

    // --- ports

    private final class Jobs implements Workers {
        private final Job.Current current;
        private final Job brief;
        private final Job lengthy;
        private final Job probe;
        private final Job source;

        Jobs(Job.Current current) {
            this.current = current;
            brief = job("brief");
            lengthy = job("lengthy");
            probe = job("probe");
            source = job("source");
        }

        private Job job(String name) {
            return new Job(program, cluster.chance(), current, name);
        }

        @Override
        public Executor brief() {
            return brief;
        }

        @Override
        public Executor probe() {
            return probe;
        }

        @Override
        public Executor source() {
            return source;
        }

        @Override
        public Future<?> lengthy(Runnable action) {
            FutureTask<Boolean> task =
                    new FutureTask<>(action, true) {
                        @Override
                        public boolean cancel(boolean interrupt) {
                            lengthy.cancel(this);
                            return true;
                        }
                    };
            lengthy.execute(task);
            return task;
        }

        @Override
        public <T> T await(CompletableFuture<T> answer, Duration atMost)
                throws TimeoutException, ExecutionException {
            return current.job().await(answer, member.clock().lasting(atMost.toNanos()));
        }
    }

    /** REST between agents: a question, an answer, or silence. */
    private final class Peers implements PeerPort {
        @Override
        public CompletionStage<Peer> ask(MemberName other, String apiUrl) {
            MonoTime askedAt = member.clock().now();
            return question(
                    other,
                    why -> new Peer.Silent(askedAt, why),
                    (life, there, answer) ->
                            life.position(askedAt, there, member.node(), program, answer));
        }

        @Override
        public CompletionStage<Optional<String>> confirm(
                MemberName other, String apiUrl, FailsafeFact.Question question) {
            return question(
                    other,
                    Optional::of,
                    (life, there, answer) ->
                            life.confirm(question, there, member.node(), program, answer));
        }

        private <T> CompletableFuture<T> question(
                MemberName other, Function<String, T> without, Asked<T> asking) {
            CompletableFuture<T> answer = new CompletableFuture<>();
            long deadline =
                    cluster.events().nowNanos() + member.clock().lasting(PEER_PATIENCE.toNanos());
            Member asked = cluster.member(other);
            int here = member.node();
            int there = asked.node();
            program.at(
                    deadline,
                    "peer is silent",
                    () -> answer.complete(without.apply(other + " is silent")));
            if (!asked.agentProgram().isAlive()) {
                program.after(
                        cluster.network().delay(here, there) * 2,
                        "peer refuses",
                        () -> answer.complete(without.apply(other + " refuses")));
                return answer;
            }
            cluster.network()
                    .send(
                            here,
                            there,
                            asked.agentProgram(),
                            "is asked by " + member.name(),
                            () -> asked.agent().ifPresent(life -> asking.of(life, there, answer)),
                            () -> {});
            return answer;
        }
    }

    /** What a question is to the member that it reaches. */
    private interface Asked<T> {
        void of(AgentLife life, int there, CompletableFuture<T> answer);
    }

    /** A stopped PostgreSQL answers no new connection, and a disk that hangs no write. */
    private CompletionStage<Optional<String>> vital(Vital.Kind kind) {
        CompletableFuture<Optional<String>> well = new CompletableFuture<>();
        switch (kind) {
            case DATA, WAL -> {
                long hang = member.ailments().hangNanos();
                if (hang == 0) {
                    well.complete(Optional.empty());
                } else {
                    program.after(
                            hang + cluster.chance().between(1, 20) * Events.MILLI,
                            "a write has reached the disk",
                            () -> well.complete(Optional.empty()));
                }
            }
            case DOOR ->
                    member.server()
                            .ifPresentOrElse(
                                    server ->
                                            server.knock(() ->
                                                    program.after(
                                                            cluster.chance().between(1, 20)
                                                                    * Events.MILLI,
                                                            "is well",
                                                            () -> well.complete(Optional.empty()))),
                                    () -> well.complete(Optional.empty()));
        }
        return well;
    }

    private void confirm(
            FailsafeFact.Question question,
            int from,
            int to,
            Program asker,
            CompletableFuture<Optional<String>> answer) {
        loop.confirm(question)
                .thenAccept(reply -> {
                    Optional<String> refusal =
                            switch (reply) {
                                case FailsafeAnswers.Reply.Confirmed _ -> Optional.empty();
                                case FailsafeAnswers.Reply.Refused(String why) -> Optional.of(why);
                            };
                    cluster.network()
                            .send(
                                    from,
                                    to,
                                    asker,
                                    "hears " + member.name(),
                                    () -> answer.complete(refusal),
                                    () -> {});
                });
    }

    private void position(
            MonoTime askedAt, int from, int to, Program asker, CompletableFuture<Peer> answer) {
        execute(() ->
                loop.askServer(() -> {
                    Peer peer = answered(askedAt, loop.server());
                    cluster.network()
                            .send(
                                    from,
                                    to,
                                    asker,
                                    "hears " + member.name(),
                                    () -> answer.complete(peer),
                                    () -> {});
                }));
    }

    private Peer answered(MonoTime askedAt, Optional<Server> server) {
        boolean nofailover = cluster.setup().tags(member.name()).noFailover();
        return switch (server.orElse(null)) {
            case Server.Standby s ->
                    new Peer.Answered(
                            askedAt,
                            true,
                            true,
                            Optional.of(s.timeline()),
                            s.received().orElse(Lsn.ZERO),
                            s.replayed(),
                            nofailover,
                            Optional.empty(),
                            seen.flatMap(o -> Votes.pledge(o, server)));
            case Server.Primary p ->
                    new Peer.Answered(
                            askedAt,
                            true,
                            false,
                            Optional.of(p.timeline()),
                            p.flushed(),
                            p.flushed(),
                            nofailover);
            case Server.Rejecting _, Server.Silent _ -> silent(askedAt, nofailover);
            case null -> silent(askedAt, nofailover);
        };
    }

    private static Peer silent(MonoTime askedAt, boolean nofailover) {
        return new Peer.Answered(
                askedAt, false, false, Optional.empty(), Lsn.ZERO, Lsn.ZERO, nofailover);
    }
}
