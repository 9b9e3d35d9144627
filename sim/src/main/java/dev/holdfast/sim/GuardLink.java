package dev.holdfast.sim;

import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.GuardFact;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * An agent's side of the guard, as its keeper and client are: looks for it, starts one where there
 * is none, and keeps what it said last. Each message takes its time, and keeps its order.
 */
final class GuardLink implements GuardPort, Guard.Client {
    private static final long ANSWER_NANOS = 2 * Events.SECOND;
    private static final long SEEK_NANOS = 200 * Events.MILLI;

    private final Events events;
    private final Chance chance;
    private final Program agent;
    private final Member member;
    private final Consumer<GuardFact> told;
    private final SortedMap<Long, CompletableFuture<Void>> gone = new TreeMap<>();
    private GuardFact.Present state = new GuardFact.Present(new GuardFact.Mode.Standby(), 0, false);
    private boolean connected;
    private final Program.Lane laneToGuard;
    private final Program.Lane laneToAgent;
    private long lastToGuard;
    private long lastToAgent;

    GuardLink(
            Events events, Chance chance, Program agent, Member member, Consumer<GuardFact> told) {
        this.events = events;
        this.chance = chance;
        this.agent = agent;
        this.member = member;
        this.told = told;
        this.laneToGuard = member.guard().program().new Lane();
        this.laneToAgent = agent.new Lane();
    }

    void seek() {
        agent.after(
                chance.between(1, 40) * Events.MILLI,
                "looks for the guard",
                () -> {
                    if (!member.guard().program().isAlive()) {
                        member.startGuard();
                    }
                    toGuard("an agent connects", () -> member.guard().connect(this));
                });
    }

    /** The guard was killed. */
    void onDisconnected() {
        connected = false;
        agent.after(
                chance.between(50, 500) * Events.MICRO,
                "guard is away",
                () -> told.accept(new GuardFact.Away("the connection broke")));
        agent.after(SEEK_NANOS, "looks for the guard", this::seek);
    }

    @Override
    public void onState(GuardFact.Present next) {
        toAgent(
                "guard tells",
                () -> {
                    connected = true;
                    state = next;
                    told.accept(next);
                });
    }

    @Override
    public void onGone(long pid) {
        toAgent(
                "guard says gone",
                () -> {
                    CompletableFuture<Void> awaited = gone.remove(pid);
                    if (awaited != null) {
                        awaited.complete(null);
                    }
                });
    }

    private void toGuard(String what, Runnable action) {
        lastToGuard =
                Math.max(
                        lastToGuard + 1,
                        events.nowNanos() + chance.between(10, 250) * Events.MICRO);
        laneToGuard.at(lastToGuard, what, action);
    }

    private void toAgent(String what, Runnable action) {
        lastToAgent =
                Math.max(
                        lastToAgent + 1,
                        events.nowNanos() + chance.between(10, 250) * Events.MICRO);
        laneToAgent.at(lastToAgent, what, action);
    }

    private <T> CompletableFuture<T> ask(String what, Supplier<T> execution) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        if (!connected) {
            answer.completeExceptionally(
                    new PostgresException("there is no connection to the guard"));
            return answer;
        }
        var timer =
                agent.after(
                        ANSWER_NANOS,
                        "guard is silent",
                        () ->
                                answer.completeExceptionally(
                                        new PostgresException("the guard has not answered")));
        toGuard(
                what,
                () -> {
                    if (!member.guard().listensTo(this)) {
                        return;
                    }
                    try {
                        T result = execution.get();
                        toAgent("guard answers", () -> answer.complete(result));
                    } catch (PostgresException refusal) {
                        toAgent("guard refuses", () -> answer.completeExceptionally(refusal));
                    }
                    timer.cancel();
                });
        return answer;
    }

    private CompletableFuture<Void> tell(String what, Runnable execution) {
        return ask(
                        what,
                        () -> {
                            execution.run();
                            return true;
                        })
                .thenAccept(_ -> {});
    }

    @Override
    public CompletableFuture<Void> set(GuardFact.Mode mode, Deadlines deadlines) {
        return tell(
                "guard is set",
                () -> {
                    member.guardChanges();
                    if (!member.guard().set(mode)) {
                        throw new PostgresException("the deadline has passed");
                    }
                });
    }

    @Override
    public CompletableFuture<Void> kill() {
        return tell("guard is told to kill", () -> member.guard().kill());
    }

    @Override
    public CompletableFuture<Long> start(
            Postgres.Role role, Path log, Path program, List<String> arguments) {
        return ask("guard starts PostgreSQL", () -> started(role))
                .thenApply(pid -> {
                    gone.putIfAbsent(pid, new CompletableFuture<>());
                    return pid;
                });
    }

    private long started(Postgres.Role role) {
        if (role == Postgres.Role.PRIMARY
                && member.guard().mode() instanceof GuardFact.Mode.Standby) {
            throw new PostgresException("the guard is not armed");
        }
        return member.startServer().pid();
    }

    @Override
    public CompletableFuture<Void> signal(ServerSignal signal) {
        return tell(
                "guard signals",
                () -> {
                    Postmaster server =
                            member.server()
                                    .filter(s -> !s.isOrphaned())
                                    .orElseThrow(() -> new PostgresException("no postmaster"));
                    switch (signal) {
                        case REREAD_CONFIGURATION -> server.soon("SIGHUP", server::reload);
                        case FAST_SHUTDOWN -> server.soon("SIGINT", server::stopFast);
                        case IMMEDIATE_SHUTDOWN -> server.soon("SIGQUIT", server::kill);
                    }
                });
    }

    @Override
    public CompletableFuture<Void> gone(long pid) {
        CompletableFuture<Void> awaited = gone.get(pid);
        if (awaited != null) {
            return awaited;
        }
        boolean held = state.postmaster() == pid || state.ending() || !connected;
        return held
                ? gone.computeIfAbsent(pid, _ -> new CompletableFuture<>())
                : CompletableFuture.completedFuture(null);
    }

    @Override
    public long postmaster() {
        return state.postmaster();
    }
}
