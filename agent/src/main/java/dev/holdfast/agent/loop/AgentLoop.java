package dev.holdfast.agent.loop;

import dev.holdfast.agent.lease.LeaseKeeper;
import dev.holdfast.agent.observe.ServerObserver;
import dev.holdfast.agent.observe.VitalsObserver;
import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.agent.postgres.StoreMemory;
import dev.holdfast.core.Epoch;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.Decide;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.FailsafeAnswers;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.decide.Vitals;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Scheduler;
import dev.holdfast.dcs.StoreMirror;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One turn: freeze the facts, decide, start what was decided, tell who listens. A new fact wakes
 * the loop at once; the timer is only the fallback that the decision asks for. Everything here runs
 * on one executor.
 */
public final class AgentLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AgentLoop.class);

    /** Nobody decides on a standby's vitals before it is asked to lead. */
    private static final int STANDBY_VITALS = 3;

    /** Who is told of each turn: journal, status, metrics. */
    public interface Listener {
        void onTurn(Observation seen, Decision decided);

        void onNote(String sentence);

        void onStoreProblems(List<String> problems);
    }

    /**
     * Everything outside that the loop works with.
     *
     * @param configCopy is told the text of the dynamic configuration, whenever it was read and can
     *     be used
     * @param calendar the time that people read
     * @param scripts the programs of the operator, as the member's file names them now
     * @param vip the addresses that the member may hold for clients, likewise
     * @param beforeStop what a planned stop of the server waits for; a fence does not
     */
    public record Ports(
            Executor executor,
            Workers workers,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Dcs dcs,
            GuardPort guard,
            Postgres postgres,
            PeerPort peers,
            VitalsPort vitals,
            StoreMemory memory,
            Consumer<String> configCopy,
            InstantSource calendar,
            Supplier<Scripts> scripts,
            Supplier<Optional<Routing.Vip>> vip,
            BeforeStop beforeStop) {}

    /** What a planned stop of the server waits for. */
    public interface BeforeStop {
        /** Completes when the server may be stopped. */
        CompletableFuture<Void> ready();

        /** For how long that is waited for, at most. */
        Duration patience();
    }

    /** How the agent ends. */
    public interface Exit {
        void exit(int status, String sentence);
    }

    private final Ports ports;
    private final AgentConfig config;
    private final Listener listener;
    private final Exit exit;
    private final Facts facts;
    private final StoreMirror mirror;
    private final LeaseKeeper lease;
    private final ServerObserver observer;
    private final VitalsObserver vitals;
    private final Performer performer;
    private final Around around = new Around();
    private final List<Awaited> awaitingProbe = new ArrayList<>();

    /** Runs once the server has answered a question that was asked at {@code since} or later. */
    private record Awaited(MonoTime since, Runnable then) {}

    /** The postmaster that is asked; 0 for none. */
    private long watched;

    private boolean turnScheduled;
    private MonoTime turnedAt = MonoTime.BEGINNING;
    private Decision.Probe pace = Decision.Probe.CALM;
    private Scheduler.@Nullable Cancellable timer;
    private MonoTime timerAt = MonoTime.BEGINNING;
    private MonoTime storeAskedAt = MonoTime.BEGINNING;
    private boolean leaseStarted;
    private boolean ended;

    /**
     * @param firstConfig what holds until the store says otherwise
     * @param ownConfig what the store is given where it has none
     */
    public AgentLoop(
            Ports ports,
            AgentConfig config,
            Observation.Self self,
            ClusterConfig firstConfig,
            OwnConfig ownConfig,
            Listener listener,
            Exit exit) {
        this.ports = ports;
        this.config = config;
        this.listener = listener;
        this.exit = exit;
        this.facts = new Facts(self, firstConfig, ports.memory().read(), ports.clock().get());
        this.mirror =
                new StoreMirror(
                        ports.dcs(),
                        ports.executor(),
                        ports.scheduler(),
                        ports.clock(),
                        new StoreHeard());
        this.vitals =
                new VitalsObserver(
                        ports.vitals(),
                        ports.executor(),
                        ports.scheduler(),
                        ports.clock(),
                        this::vitalsPace,
                        () -> new Deadlines(facts.config.ttl()).hesitation(),
                        this::onVitals);
        this.lease =
                new LeaseKeeper(
                        ports.dcs(),
                        config.name(),
                        firstConfig.ttl(),
                        ports.executor(),
                        ports.scheduler(),
                        ports.clock(),
                        this::onLease,
                        vitals::afterWrite);
        this.observer =
                new ServerObserver(
                        ports.postgres(),
                        ports.executor(),
                        ports.workers().probe(),
                        ports.scheduler(),
                        ports.clock(),
                        () -> facts.applied.orElseGet(this::plainFiles),
                        this::onServer);
        this.performer =
                new Performer(
                        facts,
                        ports.executor(),
                        ports.workers(),
                        ports.clock(),
                        ports.dcs(),
                        mirror,
                        lease,
                        ports.guard(),
                        ports.postgres(),
                        ports.peers(),
                        new StoreActions(config.name(), ownConfig, ports.calendar()),
                        new ServerActions(
                                ports.postgres(),
                                ports.guard(),
                                ports.workers(),
                                config,
                                ports.scripts(),
                                ports.beforeStop(),
                                ports.clock()),
                        around);
    }

    public void start() {
        ports.executor()
                .execute(() -> {
                    mirror.start();
                    vitals.start();
                    refreshLater();
                });
    }

    /** The guard has said something. Any thread. */
    public void onGuard(GuardFact fact) {
        ports.executor()
                .execute(() -> {
                    boolean news = !isCalm() || News.isIn(fact, facts.guard, facts.server);
                    long before = Performer.postmaster(facts.guard);
                    facts.guard = fact;
                    long now = Performer.postmaster(fact);
                    // What was watched may have ended while the guard was away.
                    if (fact instanceof GuardFact.Present && (now != before || now != watched)) {
                        watched = now;
                        facts.forgetServer();
                        observer.watch(now);
                        vitals.watch(now);
                        probed(ports.clock().get());
                    }
                    if (news) {
                        turnSoon();
                    }
                });
    }

    /** An operator wants something of this member. Any thread. */
    public void order(UnaryOperator<Orders> change) {
        ports.executor()
                .execute(() -> {
                    facts.orders = change.apply(facts.orders);
                    turnSoon();
                });
    }

    /**
     * A leader that cannot reach the store asks whether it may stay. Any thread; completes on the
     * loop's.
     */
    public CompletionStage<FailsafeAnswers.Reply> confirm(FailsafeFact.Question question) {
        return CompletableFuture.supplyAsync(
                () -> {
                    FailsafeAnswers.Reply reply = FailsafeAnswers.answer(observe(), question);
                    if (reply
                            instanceof FailsafeAnswers.Reply.Confirmed(FailsafeFact.Given given)) {
                        facts.failsafe = facts.failsafe.withGiven(Optional.of(given));
                        turnSoon();
                    }
                    return reply;
                },
                ports.executor());
    }

    /** The member's own configuration was read anew. Any thread. */
    public void reconfigure(Observation.Self self) {
        ports.executor()
                .execute(() -> {
                    facts.self = self;
                    turnSoon();
                });
    }

    /**
     * Own writes to the store that are not decisions (the member's record, the published position)
     * go through the same mirror.
     */
    public StoreMirror mirror() {
        return mirror;
    }

    /** The lease; on the loop's executor only. */
    public LeaseKeeper lease() {
        return lease;
    }

    /**
     * Asks the server now and runs {@code then} once it has answered; on the loop's executor only.
     */
    public void askServer(Runnable then) {
        around.askServer(then);
    }

    /** What the server answered last; on the loop's executor only. */
    public Optional<Server> server() {
        return facts.server;
    }

    /** Reads the store now and then, as a safety net under the watch. */
    private void refreshLater() {
        ports.scheduler()
                .after(
                        facts.config.loopWait(),
                        () -> {
                            if (!ended) {
                                mirror.refresh();
                                refreshLater();
                            }
                        });
    }

    @Override
    public void close() {
        ended = true;
        lease.close();
        mirror.close();
        vitals.close();
    }

    // --- facts

    private void onLease(LeaseFact fact) {
        boolean news =
                !isCalm()
                        || readersHaveAnAddress()
                        || News.isIn(fact, facts.lease, facts.guard, ports.clock().get());
        facts.lease = fact;
        if (news) {
            turnSoon();
        }
    }

    private boolean isCalm() {
        return pace == Decision.Probe.CALM;
    }

    /** How long it may be held goes with the lease. */
    private boolean readersHaveAnAddress() {
        return ports.vip().get().filter(vip -> !vip.reader().isEmpty()).isPresent();
    }

    private void onServer(Server server, MonoTime askedAt, long postmaster) {
        if (postmaster != Performer.postmaster(facts.guard)) {
            return;
        }
        boolean news =
                !isCalm()
                        || !awaitingProbe.isEmpty()
                        || News.isIn(server, facts.server, turnedAt, ports.clock().get());
        facts.server = Optional.of(server);
        facts.orders = facts.orders.with(server);
        facts.serverAskedAt = askedAt;
        probed(askedAt);
        if (news) {
            turnSoon();
        }
    }

    /** A leader's door and disks are tried at the rhythm of its lease, a standby's less often. */
    private Duration vitalsPace() {
        boolean leads = facts.cluster.filter(c -> c.isLeader(config.name())).isPresent();
        Duration pace = new Deadlines(facts.config.ttl()).tryVitalsEvery();
        return leads ? pace : pace.multipliedBy(STANDBY_VITALS);
    }

    private void onVitals(Vitals found, VitalsObserver.News news) {
        facts.vitals = found;
        switch (news) {
            case NONE -> {}
            case TROUBLE -> turnSoon();
        }
    }

    private void probed(MonoTime askedAt) {
        if (awaitingProbe.isEmpty()) {
            return;
        }
        List<Awaited> due =
                awaitingProbe.stream().filter(a -> !a.since().isAfter(askedAt)).toList();
        awaitingProbe.removeAll(due);
        due.forEach(a -> a.then().run());
    }

    private final class StoreHeard implements StoreMirror.Listener {
        private Optional<KeyCodec.Earlier> earlier = Optional.empty();

        @Override
        public void onSnapshot(Dcs.Snapshot snapshot, MonoTime askedAt) {
            KeyCodec.Decoded decoded =
                    KeyCodec.toView(
                            snapshot,
                            facts.cluster.isPresent()
                                    ? Optional.of(facts.config)
                                    : Optional.empty(),
                            earlier);
            if (!decoded.problems().isEmpty()) {
                listener.onStoreProblems(decoded.problems());
            }
            ClusterView view = decoded.view();
            boolean news = News.isIn(view, earlier.map(KeyCodec.Earlier::view));
            earlier =
                    decoded.problems().isEmpty()
                            ? Optional.of(new KeyCodec.Earlier(snapshot, view))
                            : Optional.empty();
            noted(facts.known.seeing(view, facts.cluster));
            facts.cluster = Optional.of(view);
            keepConfig(snapshot, view, askedAt, decoded.problems());
            view.config().ifPresent(c -> facts.config = c.value());
            FailsafeFact failsafe = FailsafeAnswers.seen(facts.failsafe, view, config.name());
            news |= !failsafe.equals(facts.failsafe);
            facts.failsafe = failsafe;
            lease.ttl(facts.config.ttl());
            if (!leaseStarted) {
                leaseStarted = true;
                startLease(view);
            }
            lease.shown(view.isLeader(config.name()), view.leader().map(LeaderKey::epoch));
            if (lease.wantsOtherTtl()) {
                replaceLease(snapshot, view);
            }
            if (askedAt.isAfter(storeAskedAt)) {
                storeAskedAt = askedAt;
                performer.viewWasRead();
            }
            if (news) {
                turnSoon();
            }
        }

        /** When it is another than before, and now and then: the directory may be another. */
        private void keepConfig(
                Dcs.Snapshot snapshot, ClusterView view, MonoTime askedAt, List<String> problems) {
            boolean changed =
                    view.config().filter(c -> !c.value().equals(facts.config)).isPresent();
            Dcs.Entry entry = snapshot.entries().get(Keys.CONFIG);
            if (entry != null && problems.isEmpty() && (changed || askedAt.isAfter(storeAskedAt))) {
                ports.configCopy().accept(entry.value());
            }
        }

        @Override
        public void onRestored(long known, long found) {
            // What was read at some revision before may be something else at the same one now.
            earlier = Optional.empty();
            LOG.error(
                    "etcd has gone back from revision {} to {}: it was restored to an older state",
                    known,
                    found);
        }

        @Override
        public void onTrouble(String why) {
            LOG.warn("{}", why);
        }
    }

    private void noted(KnownStore known) {
        if (known.equals(facts.known)) {
            return;
        }
        facts.known = known;
        ports.workers()
                .brief()
                .execute(() -> {
                    try {
                        ports.memory().keep(known);
                    } catch (PostgresException e) {
                        LOG.warn(
                                "a store restored to an older state would not be recognised after a restart of this agent: {}",
                                e.getMessage());
                    }
                });
    }

    private void replaceLease(Dcs.Snapshot snapshot, ClusterView view) {
        Optional<Epoch> epoch = view.leader().map(LeaderKey::epoch);
        if (!view.isLeader(config.name())) {
            lease.replace();
        } else if (epoch.equals(facts.lease.leaderEpoch())) {
            // Only what is proved is moved; the member's own record goes along, or it would vanish
            // with the old lease.
            Optional<String> record =
                    Optional.ofNullable(snapshot.entries().get(Keys.member(config.name())))
                            .map(Dcs.Entry::value);
            lease.replaceAsLeader(next -> performer.moveLeadership(epoch.get(), next, record));
        }
    }

    /** An agent that ran here before may have left its lease in the leader key. */
    private void startLease(ClusterView view) {
        var record = view.members().get(config.name());
        if (record != null && !record.member().connUrl().equals(connUrl())) {
            exit.exit(
                    1,
                    "another member with the name "
                            + config.name()
                            + " is alive, at "
                            + record.member().connUrl()
                            + " (this one is "
                            + connUrl()
                            + "); give each member a name of its own");
            return;
        }
        // An agent that ran here before may have been told to restart PostgreSQL later.
        facts.orders =
                facts.orders.withScheduled(
                        facts.orders
                                .scheduled()
                                .or(() ->
                                        Optional.ofNullable(record)
                                                .flatMap(r -> r.member().scheduledRestart())));
        // Only what leads goes on with the lease of before. Another may have been revoked by the
        // agent that ran here, and etcd may do that only now: never is a leader key to hang on it.
        lease.start(
                view.leader()
                        .filter(l -> l.member().equals(config.name()))
                        .flatMap(LeaderKey::lease));
    }

    private String connUrl() {
        return "postgres://" + config.postgresql().connectAddress() + "/postgres";
    }

    // --- turns

    private void turnSoon() {
        if (!turnScheduled && !ended) {
            turnScheduled = true;
            ports.executor().execute(this::turn);
        }
    }

    private void turn() {
        turnScheduled = false;
        if (ended) {
            return;
        }
        Observation seen = observe();
        turnedAt = seen.now();
        Decision decided;
        try {
            decided = Decide.decide(seen);
        } catch (RuntimeException bug) {
            // A bug is answered as DESIGN.md says: fence and exit. The guard ends PostgreSQL, a new
            // agent starts clean.
            LOG.error(
                    "a decision failed; PostgreSQL is fenced and the agent ends. Observation: {}",
                    seen,
                    bug);
            ended = true;
            var _ = ports.guard().kill().whenComplete((_, _) -> exit.exit(70, "a bug: " + bug));
            return;
        }
        facts.memory = decided.memory();
        listener.onTurn(seen, decided);
        decided.actions().forEach(performer::perform);
        pace = decided.probe();
        observer.pace(pace);
        wakeAt(decided.lookAgain());
    }

    private Observation observe() {
        return facts.observe(ports.clock().get(), ports.calendar().instant());
    }

    private void wakeAt(MonoTime instant) {
        if (timer != null) {
            if (!instant.isBefore(timerAt) && timerAt.isAfter(ports.clock().get())) {
                return;
            }
            timer.cancel();
        }
        timerAt = instant;
        Duration pause = instant.since(ports.clock().get());
        timer =
                ports.scheduler()
                        .after(
                                pause.toMillis() < 1 ? Duration.ofMillis(1) : pause,
                                () -> {
                                    timer = null;
                                    turnSoon();
                                });
    }

    private ServerFiles plainFiles() {
        return new ServerFiles(
                facts.self.parameters(),
                facts.self.hba(),
                facts.self.ident(),
                Optional.empty(),
                Optional.empty(),
                "");
    }

    private final class Around implements Performer.Surroundings {
        @Override
        public void wake() {
            turnSoon();
        }

        @Override
        public void wakeAt(MonoTime instant) {
            AgentLoop.this.wakeAt(instant);
        }

        @Override
        public void askServer(Runnable then) {
            if (Performer.postmaster(facts.guard) == 0) {
                then.run();
                turnSoon();
                return;
            }
            awaitingProbe.add(new Awaited(ports.clock().get(), then));
            observer.askNow();
        }

        @Override
        public void exit(int status, String sentence) {
            ended = true;
            exit.exit(status, sentence);
        }

        @Override
        public void note(String sentence) {
            listener.onNote(sentence);
        }
    }
}
