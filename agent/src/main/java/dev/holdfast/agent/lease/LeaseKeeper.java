package dev.holdfast.agent.lease;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Scheduler;
import dev.holdfast.dcs.json.Keys;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the member's lease alive and tells until when it is good.
 *
 * <p>A renewal counts from the instant it was sent, never from the reply. For the leader it counts
 * only together with a linearizable read, sent at the same instant, that finds the leader key on
 * this lease: a living lease does not prove the key. An error means unknown, never lost: what was
 * good stays good until its end. Only the store's word that the lease does not exist ends it at
 * once.
 *
 * <p>A leader's renewals wait until a write has reached its disks: a member that can store nothing
 * is not to lead for longer than it takes to notice. Not to renew is always safe.
 */
public final class LeaseKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Dcs dcs;
    private final MemberName me;
    private final Executor executor;
    private final Scheduler scheduler;
    private final Supplier<MonoTime> clock;
    private final Consumer<LeaseFact> listener;
    private final Disks disks;

    /** Where a leader's data lies. */
    public interface Disks {
        /** Runs {@code then} on the executor, once a write has reached the disks. */
        void afterWrite(Runnable then);
    }

    private Deadlines deadlines;
    private LeaseFact fact = LeaseFact.none();

    /** The TTL that was asked for; the store may have granted a longer one. */
    private Duration asked = Duration.ZERO;

    private boolean grantUnderWay;
    private boolean awaitsWrite;
    private MonoTime renewalSent = MonoTime.BEGINNING;

    /** While the leader key may be moving to another lease: that lease's end. */
    private Optional<MonoTime> noLaterThan = Optional.empty();

    private boolean leads;

    /** A transaction that hangs the leader key on this lease may be carried out yet. */
    private boolean mayLead;

    private boolean runningOut;
    private boolean closed;

    /**
     * @param listener is told each change, on {@code executor}
     * @param disks what a leader's renewals wait for
     */
    public LeaseKeeper(
            Dcs dcs,
            MemberName me,
            Duration ttl,
            Executor executor,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Consumer<LeaseFact> listener,
            Disks disks) {
        this.dcs = dcs;
        this.me = me;
        this.deadlines = new Deadlines(ttl);
        this.executor = executor;
        this.scheduler = scheduler;
        this.clock = clock;
        this.listener = listener;
        this.disks = disks;
    }

    /** Begins with the lease of an agent that ran here before, if it lives, else with a new one. */
    public void start(Optional<LeaseId> former) {
        if (former.isEmpty()) {
            grant();
            return;
        }
        MonoTime sent = clock.get();
        on(
                dcs.keepAlive(former.get()),
                (renewal, failure) -> {
                    if (failure == null && renewal instanceof Dcs.Renewal.Renewed(Duration ttl)) {
                        asked = ttl;
                        leads = true;
                        become(
                                new LeaseFact(
                                        former,
                                        ttl,
                                        Deadlines.goodUntil(sent, ttl),
                                        Optional.empty(),
                                        MonoTime.BEGINNING));
                        renew();
                    } else if (failure == null) {
                        grant();
                    } else {
                        again(deadlines.renewTimeout(), () -> start(former));
                    }
                });
    }

    /**
     * The TTL that the cluster's configuration asks for; a lease with another one is replaced when
     * it is next free to be.
     */
    public void ttl(Duration ttl) {
        deadlines = new Deadlines(ttl);
    }

    /** Whether the lease was granted with another TTL than is wanted now. */
    public boolean wantsOtherTtl() {
        return fact.id().isPresent() && asked.compareTo(deadlines.ttl()) != 0;
    }

    /**
     * What the store shows: this member leads, or does not. A claim that is new is confirmed at
     * once.
     */
    public void shown(boolean leader, Optional<Epoch> epoch) {
        boolean news = leader && !epoch.equals(fact.leaderEpoch());
        leads = leader;
        if (news) {
            renewOnce();
        }
        if (!leader
                && fact.leaderEpoch().isPresent()
                && epoch.isPresent()
                && epoch.get().compareTo(fact.leaderEpoch().get()) > 0) {
            become(
                    new LeaseFact(
                            fact.id(),
                            fact.ttl(),
                            fact.goodUntil(),
                            Optional.empty(),
                            MonoTime.BEGINNING));
        }
    }

    /** A transaction that hangs the leader key on this lease is on its way. */
    public void triesToLead() {
        mayLead = true;
    }

    /** It was refused. */
    public void wasRefused() {
        mayLead = false;
    }

    /** A transaction that hangs the leader key on this lease was applied at this revision. */
    public void tookLeadership(LeaseId lease, long revision) {
        leads = true;
        if (fact.id().equals(Optional.of(lease))) {
            become(
                    new LeaseFact(
                            fact.id(),
                            fact.ttl(),
                            fact.goodUntil(),
                            Optional.of(new Epoch(revision)),
                            fact.goodUntil()));
        }
    }

    /** The leader key was given back or handed over. */
    public void gaveLeadership() {
        leads = false;
        mayLead = false;
        become(
                new LeaseFact(
                        fact.id(),
                        fact.ttl(),
                        fact.goodUntil(),
                        Optional.empty(),
                        MonoTime.BEGINNING));
    }

    /**
     * Replaces the lease by a new one with the TTL that is wanted now; only for a member that does
     * not lead. The old one goes when the member's record had time to move.
     */
    public void replace() {
        Optional<LeaseId> old = fact.id();
        if (leads || old.isEmpty() || grantUnderWay) {
            return;
        }
        LOG.info(
                "the lease is replaced, since its TTL is {} s and {} s are configured",
                asked.toSeconds(),
                deadlines.ttl().toSeconds());
        grant();
        again(
                deadlines.renewEvery().multipliedBy(2),
                () -> {
                    // Without an answer so far it is the lease that this member has yet.
                    if (!fact.id().equals(old)) {
                        dcs.revoke(old.get());
                    }
                });
    }

    /**
     * The same for a member that leads: the leader key is moved to the new lease in one
     * transaction, under its old epoch, and so gets a new one. From when it is sent until its
     * outcome is known nothing is relied on beyond the new lease's own end: should the move be
     * carried out and its answer be lost, a successor waits for that lease and no other.
     *
     * @param move writes the transaction that hangs the leader key on the given lease, and
     *     completes with its revision, or empty when it was refused
     */
    public void replaceAsLeader(Function<LeaseId, CompletionStage<Optional<Long>>> move) {
        if (!leads || fact.id().isEmpty() || grantUnderWay) {
            return;
        }
        grantUnderWay = true;
        MonoTime sent = clock.get();
        Duration wanted = deadlines.ttl();
        on(
                dcs.grant(wanted),
                (result, failure) -> {
                    if (failure != null) {
                        LOG.warn(
                                "no lease with a TTL of {} s yet: {}",
                                wanted.toSeconds(),
                                failure.getMessage());
                        notReplaced();
                        return;
                    }
                    MonoTime end = Deadlines.goodUntil(sent, result.ttl());
                    noLaterThan = Optional.of(end);
                    become(
                            leading(
                                    fact.id(),
                                    fact.ttl(),
                                    fact.goodUntil(),
                                    fact.leaderEpoch(),
                                    fact.leaderUntil()));
                    move(move, result.lease(), wanted, result.ttl(), end);
                });
    }

    private void move(
            Function<LeaseId, CompletionStage<Optional<Long>>> move,
            LeaseId next,
            Duration wanted,
            Duration granted,
            MonoTime end) {
        on(
                move.apply(next),
                (revision, failure) -> {
                    if (failure != null) {
                        // It may have been carried out, or be carried out yet: only asking again
                        // tells.
                        again(
                                deadlines.renewTimeout(),
                                () -> move(move, next, wanted, granted, end));
                    } else if (revision.isPresent()) {
                        moved(next, wanted, granted, end, new Epoch(revision.get()));
                    } else {
                        on(
                                dcs.get(Keys.LEADER),
                                (entry, unread) -> {
                                    if (unread != null) {
                                        again(
                                                deadlines.renewTimeout(),
                                                () -> move(move, next, wanted, granted, end));
                                    } else if (entry.filter(e -> isOurs(e, next)).isPresent()) {
                                        moved(
                                                next,
                                                wanted,
                                                granted,
                                                end,
                                                new Epoch(entry.get().modRevision()));
                                    } else {
                                        noLaterThan = Optional.empty();
                                        dcs.revoke(next);
                                        notReplaced();
                                    }
                                });
                    }
                });
    }

    /** The old lease stays; if it was lost meanwhile, a new one is asked for only now. */
    private void notReplaced() {
        grantUnderWay = false;
        if (fact.id().isEmpty()) {
            grant();
        }
    }

    private void moved(LeaseId next, Duration wanted, Duration granted, MonoTime end, Epoch epoch) {
        Optional<LeaseId> old = fact.id();
        grantUnderWay = false;
        noLaterThan = Optional.empty();
        asked = wanted;
        become(new LeaseFact(Optional.of(next), granted, end, Optional.of(epoch), end));
        old.ifPresent(dcs::revoke);
        renewOnce();
        again(deadlines.renewEvery(), this::renew);
    }

    private LeaseFact leading(
            Optional<LeaseId> id,
            Duration ttl,
            MonoTime until,
            Optional<Epoch> epoch,
            MonoTime leaderUntil) {
        MonoTime capped =
                noLaterThan.map(end -> MonoTime.min(end, leaderUntil)).orElse(leaderUntil);
        return new LeaseFact(id, ttl, until, epoch, capped);
    }

    /**
     * Renews the lease no more: PostgreSQL cannot be shown to have ended, so the leader key is not
     * given back, and another member is to get it when the lease has ended by itself. A new one is
     * asked for after that.
     */
    public void letRunOut() {
        if (runningOut || fact.id().isEmpty()) {
            return;
        }
        runningOut = true;
        LOG.warn("the lease is not renewed any more");
        LeaseId lease = fact.id().get();
        // A clock that is a little fast here must not make the end of the old lease seem past.
        Duration rest = fact.goodUntil().since(clock.get()).plus(fact.ttl().dividedBy(10));
        again(
                rest.isNegative() ? Duration.ZERO : rest,
                () -> {
                    runningOut = false;
                    if (fact.id().equals(Optional.of(lease))) {
                        lost();
                    }
                });
    }

    /**
     * Ends the lease in the store, so that nobody waits for its TTL. Not while the leader key may
     * hang on it: the next agent here would go on with it, and the request may be executed at any
     * time from now on.
     */
    public CompletionStage<Void> revoke() {
        closed = true;
        return fact.id()
                .filter(_ -> !leads && !mayLead && fact.leaderEpoch().isEmpty())
                .map(dcs::revoke)
                .orElseGet(() -> java.util.concurrent.CompletableFuture.completedStage(null));
    }

    @Override
    public void close() {
        closed = true;
    }

    private void grant() {
        if (grantUnderWay) {
            return;
        }
        grantUnderWay = true;
        MonoTime sent = clock.get();
        Duration wanted = deadlines.ttl();
        on(
                dcs.grant(wanted),
                (result, failure) -> {
                    grantUnderWay = false;
                    if (failure != null) {
                        LOG.warn("no lease yet: {}", failure.getMessage());
                        again(deadlines.renewEvery(), this::grant);
                        return;
                    }
                    if (leads && fact.id().isPresent()) {
                        // The leader key was taken meanwhile, and hangs on the lease of before.
                        dcs.revoke(result.lease());
                        return;
                    }
                    asked = wanted;
                    become(
                            new LeaseFact(
                                    Optional.of(result.lease()),
                                    result.ttl(),
                                    Deadlines.goodUntil(sent, result.ttl()),
                                    Optional.empty(),
                                    MonoTime.BEGINNING));
                    again(deadlines.renewEvery(), this::renew);
                });
    }

    private void renew() {
        if (fact.id().isEmpty()) {
            return;
        }
        LeaseId lease = fact.id().get();
        if (!leads && fact.leaderEpoch().isEmpty()) {
            renewOnce();
        } else if (!awaitsWrite) {
            awaitsWrite = true;
            disks.afterWrite(() -> {
                awaitsWrite = false;
                if (!closed) {
                    renewOnce();
                }
            });
        }
        again(
                deadlines.renewEvery(),
                () -> {
                    if (fact.id().equals(Optional.of(lease))) {
                        renew();
                    }
                });
    }

    /** Nobody would lead better than this member: the renewal that waits for a write is sent. */
    public void renewAnyway() {
        if (awaitsWrite && !clock.get().isBefore(renewalSent.plus(deadlines.renewEvery()))) {
            renewOnce();
        }
    }

    private void renewOnce() {
        if (fact.id().isEmpty() || runningOut) {
            return;
        }
        LeaseId lease = fact.id().get();
        MonoTime sent = clock.get();
        renewalSent = sent;
        CompletionStage<Optional<Epoch>> key =
                leads || fact.leaderEpoch().isPresent()
                        ? dcs.get(Keys.LEADER)
                                .thenApply(entry ->
                                        entry.filter(e -> isOurs(e, lease))
                                                .map(e -> new Epoch(e.modRevision())))
                        : java.util.concurrent.CompletableFuture.completedStage(Optional.empty());
        CompletionStage<Optional<Epoch>> readable =
                key.exceptionally(failure -> {
                    LOG.debug("the leader key could not be read: {}", failure.getMessage());
                    return Optional.empty();
                });
        on(
                dcs.keepAlive(lease).thenCombine(readable, Answer::new),
                (answer, failure) -> {
                    if (!fact.id().equals(Optional.of(lease))) {
                        return;
                    }
                    if (failure != null) {
                        LOG.warn(
                                "the lease was not renewed, it is good for {} ms more: {}",
                                fact.goodUntil().since(clock.get()).toMillis(),
                                failure.getMessage());
                        return;
                    }
                    switch (answer.renewal()) {
                        case Dcs.Renewal.Gone _ -> lost();
                        case Dcs.Renewal.Renewed renewed ->
                                renewed(lease, sent, renewed.ttl(), answer.epoch());
                    }
                });
    }

    private record Answer(Dcs.Renewal renewal, Optional<Epoch> epoch) {}

    private boolean isOurs(Dcs.Entry leader, LeaseId lease) {
        return leader.value().equals(me.value()) && leader.lease().equals(Optional.of(lease));
    }

    private void renewed(LeaseId lease, MonoTime sent, Duration ttl, Optional<Epoch> epoch) {
        MonoTime until = MonoTime.max(fact.goodUntil(), Deadlines.goodUntil(sent, ttl));
        boolean counts = epoch.isPresent();
        become(
                leading(
                        Optional.of(lease),
                        ttl,
                        until,
                        counts ? epoch : fact.leaderEpoch(),
                        counts ? Deadlines.goodUntil(sent, ttl) : fact.leaderUntil()));
    }

    private void lost() {
        LOG.warn("the lease is gone");
        become(
                new LeaseFact(
                        Optional.empty(),
                        fact.ttl(),
                        MonoTime.BEGINNING,
                        fact.leaderEpoch(),
                        MonoTime.BEGINNING));
        grant();
    }

    private void become(LeaseFact next) {
        if (!next.equals(fact)) {
            fact = next;
            listener.accept(next);
        }
    }

    private void again(Duration pause, Runnable what) {
        scheduler.after(
                pause,
                () -> {
                    if (!closed) {
                        what.run();
                    }
                });
    }

    private interface Heard<T> {
        void heard(T result, @org.jspecify.annotations.Nullable Throwable failure);
    }

    private <T> void on(CompletionStage<T> stage, Heard<T> heard) {
        stage.whenComplete((result, failure) ->
                executor.execute(() -> {
                    if (!closed) {
                        heard.heard(result, failure);
                    }
                }));
    }
}
