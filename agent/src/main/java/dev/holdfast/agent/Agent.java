package dev.holdfast.agent;

import dev.holdfast.agent.callback.CallbackRunner;
import dev.holdfast.agent.callback.LeaderServices;
import dev.holdfast.agent.file.ConfigFile;
import dev.holdfast.agent.file.RestartKeys;
import dev.holdfast.agent.guard.GuardKeeper;
import dev.holdfast.agent.guard.GuardLauncher;
import dev.holdfast.agent.loop.AgentLoop;
import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.agent.loop.OwnConfig;
import dev.holdfast.agent.loop.WorkerThreads;
import dev.holdfast.agent.loop.Workers;
import dev.holdfast.agent.observe.PeerObserver;
import dev.holdfast.agent.observe.VitalsProbe;
import dev.holdfast.agent.postgres.ConfigCopy;
import dev.holdfast.agent.postgres.KeptDirectories;
import dev.holdfast.agent.postgres.KnownStoreFile;
import dev.holdfast.agent.postgres.LocalPostgres;
import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.agent.postgres.ProcessRunner;
import dev.holdfast.agent.routing.AddressKeeper;
import dev.holdfast.agent.routing.HaproxyNotice;
import dev.holdfast.agent.show.AgentService;
import dev.holdfast.agent.show.CountedDcs;
import dev.holdfast.agent.show.Forwarder;
import dev.holdfast.agent.show.OnLoop;
import dev.holdfast.agent.show.Shown;
import dev.holdfast.agent.time.BootClock;
import dev.holdfast.api.MemberService;
import dev.holdfast.api.client.MemberClient;
import dev.holdfast.api.server.RestServer;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.PgHba;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.dcs.Scheduler;
import dev.holdfast.dcs.etcd.EtcdDcs;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.tls.TlsException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wiring of one member: every part is made here and handed to the others.
 *
 * <p>SIGTERM and SIGINT hand over, stop PostgreSQL and end the agent. SIGUSR1 ends the agent alone:
 * PostgreSQL goes on, and on the leader a new agent must come before the lease's deadline, or the
 * guard ends PostgreSQL. SIGHUP reads the file anew.
 */
final class Agent {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(3);

    /** A script that is still running then goes on by itself. */
    private static final Duration LAST_CALLBACKS = Duration.ofSeconds(10);

    /**
     * Generous, since the first request of a JVM that has just started on a busy host takes a
     * second.
     */
    private static final Duration STORE_REQUEST = Duration.ofSeconds(3);

    private static final Duration LEASE_REQUEST = Duration.ofMillis(1500);
    private static final Duration BLOCKED_CHECK = Duration.ofSeconds(10);
    private static final Duration LOG_ROTATION = Duration.ofMinutes(1);
    private static final Duration FIRST_ANSWER = Duration.ofSeconds(10);

    private final AgentConfig config;
    private final ConfigFile file;
    private final BootClock clock = new BootClock();
    private final Vertx vertx = Vertx.vertx(oneLoop());

    /** Apart from the member's own loop: however many clients there are, the lease is renewed. */
    private final Vertx restVertx = Vertx.vertx(oneLoop());

    private final Context context = vertx.getOrCreateContext();
    private final AtomicBoolean ending = new AtomicBoolean();

    /** As the file said when it was read last, where a part of it may change while we run. */
    private final AtomicReference<AgentConfig> newest;

    private final AtomicReference<Optional<String>> barred =
            new AtomicReference<>(Optional.empty());

    private final AtomicReference<HostStatus> host = new AtomicReference<>(HostStatus.UNKNOWN);

    private static VertxOptions oneLoop() {
        return new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                // It wakes a thread each time; once a second is much for an idle agent.
                .setBlockedThreadCheckInterval(BLOCKED_CHECK.toMillis());
    }

    Agent(AgentConfig config, ConfigFile file) {
        this.config = config;
        this.newest = new AtomicReference<>(config);
        this.file = file;
    }

    /** Returns once the member runs; the process lives until {@link #end}. */
    void run() {
        try {
            start();
        } catch (PostgresException | DcsException | TlsException e) {
            fail(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            fail(String.valueOf(e.getMessage()));
        } catch (ExecutionException e) {
            fail(sentence(e));
        } catch (TimeoutException e) {
            fail("the REST server did not start within " + FIRST_ANSWER.toSeconds() + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void start()
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Path guardDirectory = Path.of(config.guard().dir());
        LocalPostgres postgres =
                LocalPostgres.open(
                        config.scope(),
                        config.name(),
                        config.postgresql(),
                        guardDirectory,
                        ProcessRunner.direct());
        EtcdDcs etcd =
                EtcdDcs.connect(
                        config.etcd(),
                        Keys.prefix(config.namespace(), config.scope()),
                        new EtcdDcs.Options(STORE_REQUEST, LEASE_REQUEST));
        ConfigCopy copy = new ConfigCopy(Path.of(config.postgresql().dataDir()), guardDirectory);
        Optional<Map<String, Object>> kept = usable(copy);
        if (postgres.runningPostmaster().isEmpty()) {
            FirstLook.problem(
                            config,
                            etcd,
                            kept.isPresent()
                                    ? FirstLook.Store.MAY_BE_AWAY
                                    : FirstLook.Store.MUST_ANSWER)
                    .ifPresent(this::fail);
        }
        Map<String, Object> known = kept.orElseGet(() -> config.bootstrap().dcs());
        ClusterConfig first = ClusterConfigReader.read(known).config();
        AtomicReference<String> newestConfig = new AtomicReference<>(KeyCodec.writeConfig(known));
        Wired wired = new Wired();
        LeaderServices services =
                new LeaderServices(
                        guardDirectory,
                        () -> scripts().services(),
                        postgres::call,
                        () -> wired.loop().order(UnaryOperator.identity()));
        Shown shown =
                new Shown(
                        config.scope(),
                        config.name().value(),
                        Version.text(),
                        clock::now,
                        services::states,
                        host::get);
        Executor onLoop = task -> context.runOnContext(_ -> task.run());
        Scheduler scheduler =
                (pause, action) -> {
                    long millis = Math.max(1, pause.toMillis());
                    MonoTime due = clock.now().plus(Duration.ofMillis(millis));
                    long timer =
                            vertx.setTimer(
                                    millis,
                                    _ -> {
                                        shown.onTimer(clock.now().since(due));
                                        onLoop.execute(action);
                                    });
                    return () -> vertx.cancelTimer(timer);
                };
        Dcs dcs = new CountedDcs(etcd, shown::onStoreRequest);
        Workers workers = new WorkerThreads();
        MemberClient client = MemberClient.on(vertx, config.ctl());
        CallbackRunner callbacks =
                new CallbackRunner(guardDirectory, config.scope(), this::scripts);
        GuardKeeper guard =
                new GuardKeeper(
                        new GuardKeeper.Setup(
                                guardProgram(),
                                guardDirectory,
                                Path.of(config.postgresql().dataDir()),
                                config.guard().cgroup(),
                                config.watchdog()),
                        postgres::runningPostmaster,
                        new GuardListener(wired));
        Supplier<Optional<Routing.Vip>> vip = () -> newest.get().routing().vip();
        AddressKeeper addresses = new AddressKeeper(vip, guard::addresses, onLoop, shown::onNote);
        AgentLoop loop =
                new AgentLoop(
                        new AgentLoop.Ports(
                                onLoop,
                                workers,
                                scheduler,
                                clock::now,
                                dcs,
                                guard,
                                postgres,
                                new PeerObserver(client, clock::now),
                                VitalsProbe.of(config.postgresql(), postgres::silence),
                                new KnownStoreFile(guardDirectory),
                                json -> {
                                    newestConfig.set(json);
                                    workers.brief().execute(() -> copy.keep(json));
                                },
                                Clock.systemUTC(),
                                this::scripts,
                                vip,
                                services),
                        config,
                        self(),
                        first,
                        new OwnConfig(
                                KeyCodec.writeConfig(config.bootstrap().dcs()), newestConfig::get),
                        new Watchers(
                                shown,
                                callbacks,
                                services,
                                addresses,
                                new HaproxyNotice(
                                        vertx, () -> newest.get().routing().haproxy(), clock::now)),
                        (status, sentence) -> end(status, sentence, EndKind.WITH_POSTGRES, wired));
        wired.set(new Wired.Parts(loop, guard, client, callbacks, services, addresses, shown));
        KeptDirectories.watch(
                Path.of(config.postgresql().dataDir()),
                found -> host.updateAndGet(before -> before.withKept(found)));
        AgentService service =
                new AgentService(
                        config,
                        clock::now,
                        Clock.systemUTC(),
                        onLoop,
                        loop,
                        dcs,
                        shown,
                        new Forwarder(client),
                        () -> reloadApart(wired));
        // The port is the lock: two agents of one member cannot both have it, and nothing was
        // touched before.
        MemberService handedOver = new OnLoop(service, onLoop);
        wired.serving(
                RestServer.start(restVertx, config.restApi(), handedOver)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(FIRST_ANSWER.toMillis(), TimeUnit.MILLISECONDS));
        // The first call of a kind loads its classes, a quarter of a second that no hand-over
        // should pay for.
        client.position(config.restApi().url(), FIRST_ANSWER);
        GuardLauncher.ensure(guardProgram(), guardDirectory, config.guard().cgroup());
        guard.start();
        loop.start();
        vertx.setPeriodic(
                LOG_ROTATION.toMillis(), _ -> workers.brief().execute(postgres::rotateLog));
        handleSignals(wired);
        LOG.info(
                "member {} of cluster {} runs: REST on {}, data directory {}",
                config.name(),
                config.scope(),
                config.restApi().listen(),
                config.postgresql().dataDir());
        Systemd.ready(System.getenv());
    }

    /** What a former agent has seen of the dynamic configuration, unless it has errors. */
    private static Optional<Map<String, Object>> usable(ConfigCopy copy) {
        return copy.read().filter(tree -> !ClusterConfigReader.read(tree).hasErrors());
    }

    private Scripts scripts() {
        return newest.get().scripts();
    }

    private Observation.Self self() {
        AgentConfig now = newest.get();
        return new Observation.Self(
                config.name(),
                now.tags(),
                now.postgresql().parameters(),
                now.postgresql().pgHba(),
                PgHba.effective(now, ClusterConfig.defaults()),
                now.postgresql().pgIdent(),
                now.postgresql().roles(),
                barred.get(),
                now.scripts().prePromote().map(Scripts.Script::toString),
                now.scripts().copiesWithoutLeader()
                        ? Scripts.Leader.NOT_NEEDED
                        : Scripts.Leader.NEEDED,
                config.postgresql().keeping());
    }

    /** Who sees each turn: the callbacks first, since the other may end the wait of an operator. */
    private record Watchers(
            Shown shown,
            CallbackRunner callbacks,
            LeaderServices services,
            AddressKeeper addresses,
            HaproxyNotice haproxy)
            implements AgentLoop.Listener {
        @Override
        public void onTurn(Observation seen, Decision decided) {
            addresses.onTurn(seen, decided);
            services.onTurn(seen, decided);
            callbacks.onTurn(seen, decided);
            shown.onTurn(seen, decided);
            haproxy.onTurn(seen, decided);
        }

        @Override
        public void onNote(String sentence) {
            shown.onNote(sentence);
        }

        @Override
        public void onStoreProblems(List<String> problems) {
            shown.onStoreProblems(problems);
        }
    }

    private final class GuardListener implements GuardKeeper.Listener {
        private final Wired wired;

        GuardListener(Wired wired) {
            this.wired = wired;
        }

        @Override
        public void onFact(GuardFact fact) {
            wired.loop().onGuard(fact);
        }

        @Override
        public void onAddress(String address, String state, String why) {
            wired.all().addresses().onAddress(address, state, why);
        }

        @Override
        public void onReplaced(String why) {
            end(1, why, EndKind.AGENT_ONLY, wired);
        }

        @Override
        public void onBarred(Optional<String> why) {
            if (!barred.getAndSet(why).equals(why)) {
                wired.loop().reconfigure(self());
            }
        }

        @Override
        public void onUnwatched(Optional<String> why) {
            HostStatus _ = host.updateAndGet(before -> before.withUnwatched(why));
        }
    }

    private static Path guardProgram() {
        return Path.of(
                Optional.ofNullable(System.getProperty("holdfast.guard"))
                        .orElse("/usr/lib/holdfast/holdfast-guard"));
    }

    /** Neither on the loop nor on the thread of signals: files are read. */
    private void reloadApart(Wired wired) {
        Wired.Parts parts = wired.all();
        Thread.ofPlatform()
                .name("holdfast-reload")
                .start(() ->
                        reload(parts, wired)
                                .forEach(sentence ->
                                        context.runOnContext(_ -> parts.shown().onNote(sentence))));
    }

    /** Takes over what can change while the agent runs; what came of it, for the journal. */
    private synchronized List<String> reload(Wired.Parts parts, Wired wired) {
        return switch (file.read()) {
            case ConfigFile.Result.Unusable(List<String> errors) -> notReloaded(errors);
            case ConfigFile.Result.Usable(AgentConfig next, List<String> warnings) -> {
                Optional<String> noLog = LogSetup.problem(next.log());
                if (noLog.isPresent()) {
                    yield notReloaded(List.of(file + ": " + noLog.get()));
                }
                if (!next.log().equals(newest.get().log())) {
                    LogSetup.apply(next.log(), config.name().value());
                }
                warnings.forEach(w -> LOG.warn("{}", w));
                newest.set(next);
                parts.callbacks().onReload();
                parts.services().onReload();
                parts.loop().reconfigure(self());
                parts.guard().lookAtWatchdog();
                // What files name may have changed, such as certificates, with no line of theirs.
                var _ =
                        parts.guard()
                                .signal(GuardPort.ServerSignal.REREAD_CONFIGURATION)
                                .whenComplete((_, failure) -> {
                                    if (failure != null) {
                                        LOG.debug(
                                                "PostgreSQL was not told: {}",
                                                failure.getMessage());
                                    }
                                });
                reloadRest(next, parts.client(), wired);
                List<String> waiting = RestartKeys.changed(config, next);
                yield waiting.isEmpty()
                        ? List.of("the configuration was read anew")
                        : List.of(
                                "the configuration was read anew; what changed in "
                                        + String.join(", ", waiting)
                                        + " holds after a restart of the agent (after SIGUSR1 it leaves"
                                        + " PostgreSQL running)");
            }
        };
    }

    private static List<String> notReloaded(List<String> errors) {
        return errors.stream()
                .map(error -> "not reloaded, the configuration stays as it was: " + error)
                .toList();
    }

    /** Certificates, who may command, and as whom this member asks others. */
    private static void reloadRest(AgentConfig next, MemberClient client, Wired wired) {
        wired.rest().ifPresent(rest -> rest.reload(next.restApi()).forEach(LOG::warn));
        try {
            client.reload(next.ctl());
        } catch (TlsException e) {
            LOG.warn("what this member shows to others stays as it was: {}", e.getMessage());
        }
    }

    private void handleSignals(Wired wired) {
        UnaryOperator<Orders> shutdown = Orders::withShutdown;
        on("TERM", () -> wired.loop().order(shutdown));
        on("INT", () -> wired.loop().order(shutdown));
        on("HUP", () -> reloadApart(wired));
        on(
                "USR1",
                () ->
                        end(
                                0,
                                "SIGUSR1: the agent ends alone, PostgreSQL goes on",
                                EndKind.AGENT_ONLY,
                                wired));
    }

    private static void on(String signal, Runnable action) {
        Signals.on(
                signal,
                () -> {
                    LOG.info("SIG{} received", signal);
                    action.run();
                });
    }

    /** What ends with the agent. */
    private enum EndKind {
        /** PostgreSQL has ended, so the lease and the guard may go too. */
        WITH_POSTGRES,
        /** PostgreSQL goes on: lease and guard stay for the next agent. */
        AGENT_ONLY
    }

    /** What a reload changes, and what must be ended in order. */
    private static final class Wired {
        private volatile @org.jspecify.annotations.Nullable Parts parts;
        private volatile Optional<RestServer> rest = Optional.empty();

        private record Parts(
                AgentLoop loop,
                GuardKeeper guard,
                MemberClient client,
                CallbackRunner callbacks,
                LeaderServices services,
                AddressKeeper addresses,
                Shown shown) {}

        void set(Parts all) {
            parts = all;
        }

        void serving(RestServer server) {
            rest = Optional.of(server);
        }

        /** Empty until it serves. */
        Optional<RestServer> rest() {
            return rest;
        }

        AgentLoop loop() {
            return all().loop();
        }

        Parts all() {
            Parts now = parts;
            if (now == null) {
                throw new IllegalStateException("used before it was wired");
            }
            return now;
        }
    }

    private void end(int status, String sentence, EndKind kind, Wired wired) {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        if (status == 0) {
            LOG.info("the agent ends: {}", sentence);
        } else {
            System.err.println(sentence);
        }
        Wired.Parts parts = wired.all();
        // Not on the event loop: the last words to the store and the guard are awaited.
        Thread.ofPlatform()
                .name("holdfast-end")
                .start(() -> {
                    boolean all = kind == EndKind.WITH_POSTGRES && parts.guard().postmaster() == 0;
                    await(
                            "giving the lease back",
                            closed(parts.loop(), all ? Lease.REVOKED : Lease.KEPT));
                    if (all) {
                        await("ending the guard", parts.guard().quit());
                        // Nobody waits for this member any more: the lease is given back.
                        await("the services", parts.services().ready(), LAST_CALLBACKS);
                        await("the callbacks", parts.callbacks().told(), LAST_CALLBACKS);
                    }
                    // What waits is the next agent's to call.
                    parts.callbacks().leave();
                    parts.services().leave();
                    LogSetup.end();
                    Runtime.getRuntime().halt(status);
                });
    }

    /** What becomes of the lease when the agent ends. */
    private enum Lease {
        REVOKED,
        KEPT
    }

    /** The loop's state belongs to its own thread, to the last. */
    private CompletableFuture<Void> closed(AgentLoop loop, Lease lease) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        context.runOnContext(_ -> {
            loop.close();
            switch (lease) {
                case KEPT -> done.complete(null);
                case REVOKED -> loop.lease().revoke().whenComplete((_, _) -> done.complete(null));
            }
        });
        return done;
    }

    private static void await(String what, CompletableFuture<?> last) {
        await(what, last, LAST_WORDS);
    }

    private static void await(String what, CompletableFuture<?> last, Duration atMost) {
        try {
            last.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("{} failed: {}", what, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String sentence(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf((cause == null ? e : cause).getMessage());
    }

    private void fail(String sentence) {
        LogSetup.end();
        System.err.println(sentence);
        Runtime.getRuntime().halt(1);
    }
}
