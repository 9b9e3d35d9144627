package dev.holdfast.agent.loop;

import dev.holdfast.agent.lease.LeaseKeeper;
import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.decide.CommitsFact;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.Peer;
import dev.holdfast.core.decide.PredecessorFact;
import dev.holdfast.core.decide.SourceFact;
import dev.holdfast.core.decide.Task;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.StoreMirror;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries actions out. An action of a kind that is under way is not begun again; it is under way
 * until the facts that it changes were asked for anew, so that the same decision is not taken twice
 * on old facts. Lives on the loop's executor.
 */
final class Performer {
    private static final Logger LOG = LoggerFactory.getLogger(Performer.class);

    /** What the performer needs of the loop around it. */
    interface Surroundings {
        /** Decide anew, soon. */
        void wake();

        /** Decide anew no later than this. */
        void wakeAt(MonoTime instant);

        /** Ask the server now; runs {@code then} once an answer to that question is a fact. */
        void askServer(Runnable then);

        /** End the agent. */
        void exit(int status, String sentence);

        /** For the journal: what an operator should know about an action. */
        void note(String sentence);
    }

    private final Facts facts;
    private final Executor executor;
    private final Workers workers;
    private final Supplier<MonoTime> clock;
    private final Dcs dcs;
    private final StoreMirror mirror;
    private final LeaseKeeper lease;
    private final GuardPort guard;
    private final Postgres postgres;
    private final PeerPort peers;
    private final StoreActions transactions;
    private final ServerActions servers;
    private final Surroundings around;
    private final InFlight inFlight = new InFlight();
    private final List<Action.Store> awaitingView = new ArrayList<>();
    private Future<?> running = CompletableFuture.completedFuture(null);

    Performer(
            Facts facts,
            Executor executor,
            Workers workers,
            Supplier<MonoTime> clock,
            Dcs dcs,
            StoreMirror mirror,
            LeaseKeeper lease,
            GuardPort guard,
            Postgres postgres,
            PeerPort peers,
            StoreActions transactions,
            ServerActions servers,
            Surroundings around) {
        this.facts = facts;
        this.executor = executor;
        this.workers = workers;
        this.clock = clock;
        this.dcs = dcs;
        this.mirror = mirror;
        this.lease = lease;
        this.guard = guard;
        this.postgres = postgres;
        this.peers = peers;
        this.transactions = transactions;
        this.servers = servers;
        this.around = around;
    }

    void perform(Action action) {
        if (action instanceof Action.Lengthy && facts.task instanceof Task.Running) {
            return;
        }
        if (!inFlight.begin(action, clock.get())) {
            return;
        }
        switch (action) {
            case Action.Store store -> store(store);
            case Action.Lengthy lengthy -> lengthy(lengthy);
            case Action.Brief brief -> brief(brief);
        }
    }

    /** The mirror has read the store after a write of ours whose outcome was refused or unknown. */
    void viewWasRead() {
        List<Action.Store> waiting = List.copyOf(awaitingView);
        awaitingView.clear();
        waiting.forEach(action -> around.wakeAt(inFlight.refused(action, clock.get())));
    }

    /**
     * Completes with the revision of the move, or empty when the leader key is not at this epoch
     * any more.
     */
    CompletionStage<Optional<Long>> moveLeadership(
            Epoch epoch, LeaseId next, Optional<String> record) {
        StoreActions.Transaction move = transactions.move(epoch, next, record, generation());
        return dcs.commit(move.compares(), move.ops())
                .thenApplyAsync(
                        result -> {
                            if (!(result instanceof Dcs.TxnResult.Applied applied)) {
                                return Optional.empty();
                            }
                            mirror.applied(applied, move.ops());
                            return Optional.of(applied.revision());
                        },
                        executor);
    }

    // --- the store

    /**
     * Of the key {@code epoch}: it stays what it is. Where there is no key it is counted up from
     * the newest that anybody here has seen; this member may have been away when the key was
     * removed before.
     */
    private int generation() {
        int shown = facts.cluster.map(ClusterView::generation).orElse(0);
        return shown > 0
                ? shown
                : 1
                        + Math.max(
                                facts.known.generation(),
                                facts.cluster.map(ClusterView::newestGeneration).orElse(0));
    }

    private void store(Action.Store action) {
        StoreActions.Transaction transaction = transactions.transaction(action, generation());
        triesToLead(action, Optional.of(clock.get()));
        on(
                dcs.commit(transaction.compares(), transaction.ops()),
                (result, failure) -> {
                    if (failure != null) {
                        triesToLead(action, Optional.of(clock.get()));
                        LOG.warn(
                                "{}: unknown whether it was done: {}",
                                name(action),
                                failure.getMessage());
                        retryAfterRead(action, failure.getMessage());
                        return;
                    }
                    switch (result) {
                        case Dcs.TxnResult.Applied applied -> {
                            mirror.applied(applied, transaction.ops());
                            inFlight.succeeded(action);
                            applied(action, applied.revision());
                            around.wake();
                        }
                        case Dcs.TxnResult.Refused _ -> {
                            triesToLead(action, Optional.empty());
                            LOG.info("{}: the store holds something else by now", name(action));
                            awaitingView.add(action);
                            mirror.refresh();
                        }
                        case Dcs.TxnResult.LeaseGone _ ->
                                retryAfterRead(action, "the lease is gone");
                    }
                });
    }

    /**
     * A write that would take the leader key is noted until it is certain that it was refused: who
     * may be about to lead confirms no other, and does not revoke its lease when it ends.
     */
    private void triesToLead(Action.Store action, Optional<MonoTime> at) {
        if (action instanceof Action.CreateLeader || action instanceof Action.FinishInitialize) {
            facts.failsafe = facts.failsafe.withTriedToLeadAt(at);
            at.ifPresentOrElse(_ -> lease.triesToLead(), lease::wasRefused);
        }
    }

    private void retryAfterRead(Action.Store action, @Nullable String why) {
        around.wakeAt(inFlight.failed(action, clock.get()));
        LOG.debug("{} is tried again: {}", name(action), why);
        mirror.refresh();
    }

    private void applied(Action.Store action, long revision) {
        switch (action) {
            case Action.CreateLeader create -> lease.tookLeadership(create.lease(), revision);
            case Action.RenewEpoch renew -> lease.tookLeadership(renew.lease(), revision);
            case Action.FinishInitialize finish -> lease.tookLeadership(finish.lease(), revision);
            case Action.ReleaseLeader _, Action.ReleaseEpoch _, Action.HandOver _ ->
                    lease.gaveLeadership();
            case Action.WriteSync _,
                    Action.PreparePromotion _,
                    Action.RecordPromotion _,
                    Action.RecordOpening _,
                    Action.FollowTimeline _,
                    Action.ClearFailover _,
                    Action.BeginSwitchover _,
                    Action.ClaimInitialize _,
                    Action.WriteFailsafe _,
                    Action.WriteInitialize _,
                    Action.WriteConfig _ -> {}
        }
    }

    // --- long

    private void lengthy(Action.Lengthy action) {
        MonoTime since = clock.get();
        facts.task = new Task.Running(action, since, "");
        running =
                workers.lengthy(() -> {
                    Task.Outcome outcome;
                    try {
                        servers.run(
                                action,
                                sentence ->
                                        executor.execute(() -> progress(action, since, sentence)),
                                around::note);
                        outcome = new Task.Outcome.Done();
                    } catch (RuntimeException e) {
                        LOG.warn("{} failed: {}", name(action), e.getMessage());
                        LOG.debug("{} failed", name(action), e);
                        outcome = new Task.Outcome.Failed(String.valueOf(e.getMessage()));
                    }
                    Task.Outcome end = outcome;
                    executor.execute(() -> ended(action, end));
                });
        around.wake();
    }

    private void progress(Action.Lengthy action, MonoTime since, String sentence) {
        if (facts.task instanceof Task.Running running && running.since().equals(since)) {
            facts.task = new Task.Running(action, since, sentence);
            around.wake();
        }
    }

    private void ended(Action.Lengthy action, Task.Outcome outcome) {
        facts.task = new Task.Ended(action, clock.get(), outcome);
        if (action instanceof Action.PrePromote) {
            inFlight.succeeded(action);
            around.wake();
            return;
        }
        facts.server = Optional.empty();
        if (!(action instanceof Action.Promote)) {
            facts.data = Optional.empty();
        }
        inFlight.succeeded(action);
        switch (action) {
            case Action.StartStandby start -> started(start.files(), outcome);
            case Action.StartPrimary start -> started(start.files(), outcome);
            case Action.StartNewCluster start -> started(start.files(), outcome);
            case Action.PlaceSlots place -> started(place.files(), outcome);
            case Action.InitDb _,
                    Action.Stop _,
                    Action.PrePromote _,
                    Action.Promote _,
                    Action.KeepAside _,
                    Action.Rewind _,
                    Action.Clone _,
                    Action.Restore _ -> {}
        }
        around.askServer(() -> {});
        around.wake();
    }

    /**
     * A server reads the names when it starts, its checkpointer too: they count from the first
     * commit on, unless a change that was begun before reaches this server yet.
     */
    private void started(ServerFiles files, Task.Outcome outcome) {
        if (outcome instanceof Task.Outcome.Done) {
            facts.applied = Optional.of(files);
            facts.namesCount = !inFlight.isUnderWay(Action.ApplyFiles.class);
        }
    }

    // --- brief

    private void brief(Action.Brief action) {
        switch (action) {
            case Action.SetGuard set ->
                    byGuard(action, guard.set(set.mode(), new Deadlines(facts.lease.ttl())));
            case Action.Kill _ -> byGuard(action, guard.kill());
            case Action.LetLeaseRunOut runOut -> {
                lease.letRunOut();
                inFlight.succeeded(runOut);
            }
            case Action.RenewAnyway renewal -> {
                lease.renewAnyway();
                inFlight.succeeded(renewal);
            }
            case Action.ApplyFiles apply -> apply(apply);
            case Action.Reload _ ->
                    settle(action, guard.signal(GuardPort.ServerSignal.REREAD_CONFIGURATION));
            case Action.Checkpoint checkpoint -> {
                MonoTime ordered = clock.get();
                onServer(checkpoint, postgres::checkpoint, () -> facts.checkpointedAt = ordered);
            }
            case Action.EmitWal emit -> onServer(emit, postgres::emitWal, () -> {});
            case Action.CreateSlots create ->
                    onServer(create, () -> postgres.createSlots(create.names()), () -> {});
            case Action.DropSlots drop ->
                    onServer(
                            drop,
                            () -> postgres.dropSlots(drop.names()),
                            () ->
                                    around.note(
                                            "the replication slots "
                                                    + drop.names()
                                                    + " were dropped"));
            case Action.CreateLogicalSlots create ->
                    onServer(
                            workers.source(),
                            create,
                            () -> postgres.createLogicalSlots(create.slots()));
            case Action.AdvanceSlots advance ->
                    onServer(
                            workers.source(),
                            advance,
                            () -> postgres.advanceSlots(advance.slots()));
            case Action.Tell tell -> {
                around.note(tell.sentence());
                inFlight.succeeded(tell);
            }
            case Action.Cancel cancel -> {
                running.cancel(true);
                inFlight.succeeded(cancel);
            }
            case Action.AskPeers ask -> askPeers(ask);
            case Action.AskFailsafe ask -> askFailsafe(ask);
            case Action.AskPredecessor ask -> askPredecessor(ask, ask.lease());
            case Action.AskSource ask -> askSource(ask);
            case Action.AskCommits ask -> askCommits(ask);
            case Action.SettleSchedule settled -> {
                facts.orders =
                        facts.orders.withScheduled(Optional.empty()).withRestart(settled.restart());
                inFlight.succeeded(settled);
                around.wake();
            }
            case Action.Inspect inspect -> inspect(inspect);
            case Action.Exit exit -> around.exit(exit.status(), exit.sentence());
        }
    }

    /**
     * What it led to the guard says by itself, and that is news. Its "done" is none: a kill with
     * nothing to end yet would decide the next.
     */
    private void byGuard(Action action, CompletableFuture<Void> answer) {
        on(
                answer,
                (_, failure) -> {
                    settled(action, failure);
                    if (failure != null) {
                        around.wake();
                    }
                });
    }

    private void settle(Action action, CompletableFuture<Void> answer) {
        on(
                answer,
                (_, failure) -> {
                    settled(action, failure);
                    around.wake();
                });
    }

    private void settled(Action action, @Nullable Throwable failure) {
        if (failure == null) {
            inFlight.succeeded(action);
        } else {
            failed(action, failure);
        }
    }

    /** Runs SQL; the action is under way until the server was asked again. */
    private void onServer(Action action, Runnable work, Runnable done) {
        onServer(action, work, done, () -> {});
    }

    private void onServer(Action action, Runnable work, Runnable done, Runnable undone) {
        onServer(workers.brief(), action, work, done, undone);
    }

    /** What may take its time, so that nothing urgent is to wait for it. */
    private void onServer(Executor worker, Action action, Runnable work) {
        onServer(worker, action, work, () -> {}, () -> {});
    }

    private void onServer(
            Executor worker, Action action, Runnable work, Runnable done, Runnable undone) {
        worker.execute(() -> {
            @Nullable RuntimeException failure = attempt(work);
            executor.execute(() -> {
                if (failure != null) {
                    undone.run();
                    failed(action, failure);
                    around.askServer(() -> {});
                    return;
                }
                done.run();
                around.askServer(() -> inFlight.succeeded(action));
            });
        });
    }

    private static @Nullable RuntimeException attempt(Runnable work) {
        try {
            work.run();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private void apply(Action.ApplyFiles action) {
        // Commits that wait already go on waiting: only from empty names the checkpointer has to be
        // asked.
        boolean waitsAlready =
                facts.namesCount && facts.applied.filter(f -> !f.syncNames().isEmpty()).isPresent();
        // From here on commits may return under either value, and if this fails nobody knows which:
        // nothing may be built on the old names any more.
        if (!facts.applied
                .map(ServerFiles::syncNames)
                .equals(Optional.of(action.files().syncNames()))) {
            facts.namesCount = false;
        }
        boolean[] counts = {false};
        onServer(
                action,
                () -> {
                    Postgres.Applied applied =
                            postgres.apply(
                                    action.files(),
                                    () ->
                                            servers.await(
                                                    guard.signal(
                                                            GuardPort.ServerSignal
                                                                    .REREAD_CONFIGURATION),
                                                    ServerActions.GUARD));
                    applied.files().notes().forEach(around::note);
                    counts[0] =
                            applied.waiting() != Postgres.Waiting.UNCONFIRMED
                                    || (waitsAlready && !action.files().syncNames().isEmpty());
                },
                () -> {
                    facts.applied = Optional.of(action.files());
                    facts.namesCount = counts[0];
                    facts.commits = Optional.empty();
                },
                // The files may be written: the next signal would have the server read them.
                () -> facts.applied = Optional.empty());
    }

    private void askPeers(Action.AskPeers action) {
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        for (MemberName member : action.members()) {
            Optional<String> url =
                    facts.cluster.flatMap(c -> c.member(member)).map(MemberRecord::apiUrl);
            // Who is not there any more has an answer too, or it would be asked for again at once.
            if (url.isEmpty()) {
                heard(member, new Peer.Silent(clock.get(), member + " is not in the store"));
            } else {
                answers.add(
                        peers.ask(member, url.get())
                                .thenAcceptAsync(peer -> heard(member, peer), executor)
                                .toCompletableFuture());
            }
        }
        settle(action, CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)));
    }

    private void heard(MemberName member, Peer peer) {
        facts.peers = new TreeMap<>(facts.peers);
        facts.peers.put(member, peer);
        around.wake();
    }

    /** What is confirmed counts from here, where the questions are sent. */
    private void askFailsafe(Action.AskFailsafe ask) {
        MonoTime sentAt = clock.get();
        facts.failsafe = facts.failsafe.withAskedAt(sentAt);
        List<CompletableFuture<Void>> answers = new ArrayList<>();
        ask.members()
                .forEach((member, url) -> {
                    FailsafeFact.Question question =
                            new FailsafeFact.Question(
                                    facts.self.name(),
                                    ask.epoch(),
                                    ask.validity(),
                                    Optional.of(member));
                    FailsafeFact.Confirmed confirmed =
                            new FailsafeFact.Confirmed(ask.epoch(), sentAt, ask.validity());
                    answers.add(
                            peers.confirm(member, url, question)
                                    .thenAcceptAsync(
                                            refusal -> {
                                                facts.failsafe =
                                                        facts.failsafe.withAnswer(
                                                                member,
                                                                refusal.map(why ->
                                                                                new FailsafeFact
                                                                                        .Answer(
                                                                                        Optional
                                                                                                .empty(),
                                                                                        why))
                                                                        .orElse(
                                                                                new FailsafeFact
                                                                                        .Answer(
                                                                                        Optional.of(
                                                                                                confirmed),
                                                                                        "")));
                                                refusal.ifPresent(why ->
                                                        LOG.warn(
                                                                "{} does not confirm that this member leads: {}",
                                                                member,
                                                                why));
                                                around.wake();
                                            },
                                            executor)
                                    .toCompletableFuture());
                });
        settle(ask, CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)));
    }

    private void askPredecessor(Action action, LeaseId predecessor) {
        MonoTime askedAt = clock.get();
        on(
                dcs.leaseState(predecessor),
                (state, failure) -> {
                    if (failure != null) {
                        failed(action, failure);
                        return;
                    }
                    facts.predecessor =
                            Optional.of(
                                    new PredecessorFact(
                                            askedAt,
                                            predecessor,
                                            state instanceof Dcs.LeaseState.Gone));
                    inFlight.succeeded(action);
                    around.wake();
                });
    }

    private void askSource(Action.AskSource ask) {
        MonoTime askedAt = clock.get();
        workers.source()
                .execute(() -> {
                    try {
                        Postgres.Source source = postgres.sourceHistory(ask.source());
                        executor.execute(() -> {
                            facts.source =
                                    Optional.of(
                                            new SourceFact(
                                                    askedAt,
                                                    ask.epoch(),
                                                    ask.source(),
                                                    source.system(),
                                                    source.role() == Postgres.Role.STANDBY,
                                                    source.history()));
                            inFlight.succeeded(ask);
                            around.wake();
                        });
                    } catch (RuntimeException e) {
                        executor.execute(() -> failed(ask, e));
                    }
                });
    }

    private void askCommits(Action.AskCommits ask) {
        MonoTime askedAt = clock.get();
        workers.brief()
                .execute(() -> {
                    try {
                        List<String> weaker = postgres.weakerCommits();
                        executor.execute(() -> {
                            facts.commits = Optional.of(new CommitsFact(askedAt, weaker));
                            inFlight.succeeded(ask);
                            around.wake();
                        });
                    } catch (RuntimeException e) {
                        executor.execute(() -> failed(ask, e));
                    }
                });
    }

    private void inspect(Action.Inspect inspect) {
        workers.brief()
                .execute(() -> {
                    try {
                        var found = postgres.inspect();
                        executor.execute(() -> {
                            facts.data = Optional.of(found);
                            inFlight.succeeded(inspect);
                            around.wake();
                        });
                    } catch (RuntimeException e) {
                        executor.execute(() -> failed(inspect, e));
                    }
                });
    }

    private void failed(Action action, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException wrapped && wrapped.getCause() != null
                        ? wrapped.getCause()
                        : failure;
        // Once is a warning; what goes on failing is told by the decision's reason.
        if (inFlight.hasFailed(action)) {
            LOG.debug("{} failed again", name(action), cause);
        } else {
            LOG.warn("{} failed: {}", name(action), cause.getMessage());
        }
        around.wakeAt(inFlight.failed(action, clock.get()));
    }

    /** Whether the guard holds a server now, as far as it is known. */
    static long postmaster(GuardFact fact) {
        return switch (fact) {
            case GuardFact.Away _ -> 0;
            case GuardFact.Present present -> present.postmaster();
        };
    }

    private static String name(Action action) {
        return action.getClass().getSimpleName();
    }

    private interface Heard<T> {
        void heard(T result, @Nullable Throwable failure);
    }

    private <T> void on(CompletionStage<T> stage, Heard<T> heard) {
        stage.whenComplete(
                (result, failure) -> executor.execute(() -> heard.heard(result, failure)));
    }
}
