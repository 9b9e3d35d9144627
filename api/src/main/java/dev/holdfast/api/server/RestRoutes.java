package dev.holdfast.api.server;

import dev.holdfast.api.MemberService;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.wire.ClusterJson;
import dev.holdfast.api.wire.FailsafeJson;
import dev.holdfast.api.wire.HoldfastJson;
import dev.holdfast.api.wire.StatusJson;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.status.MemberStatus;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which path and method leads where. Health checks are answered from the member's snapshot, without
 * I/O.
 */
final class RestRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(RestRoutes.class);
    private static final String JSON = "application/json";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final Vertx vertx;
    private final MemberService service;
    private final HeldAnswers held;
    private final Connections connections;
    private final Access access;
    private final Limits limits;
    private final InstantSource wallClock;
    private final Router router;
    private volatile SortedMap<String, String> headers;

    /** What a body, and the identifier that came with it, lead to. */
    private interface Command {
        CompletionStage<Reply> run(String body, Optional<String> operation);
    }

    /** The status document as it was last written out, for the millisecond in which that was. */
    private record Written(MemberStatus status, long millis, String text) {}

    /** The metrics as they were last written out, by {@code System.nanoTime()}. */
    private record Scrape(long nanos, String text) {}

    /** To write the metrics out costs as much as hundreds of health checks. */
    private static final Duration SCRAPE_IS_GOOD = Duration.ofMillis(100);

    private static final Set<HttpMethod> CHECKING =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    /** Path to the methods it knows, for the refusal of any other. */
    private final Map<String, Set<String>> methods = new TreeMap<>();

    private final Map<String, HealthPath> checks = new HashMap<>();
    private Optional<Written> written = Optional.empty();
    private Optional<Scrape> scrape = Optional.empty();

    RestRoutes(
            Vertx vertx,
            MemberService service,
            HeldAnswers held,
            Connections connections,
            AgentConfig.RestApi config,
            Limits limits,
            InstantSource wallClock) {
        this.vertx = vertx;
        this.service = service;
        this.held = held;
        this.connections = connections;
        this.access = new Access(config);
        this.headers = config.headers();
        this.limits = limits;
        this.wallClock = wallClock;
        this.router = Router.router(vertx);
        addHealthChecks();
        addInformation();
        addCommands();
        methods.forEach(
                (path, known) -> router.route(path).handler(ctx -> refuseMethod(ctx, known)));
        addFailures();
    }

    void handle(HttpServerRequest request) {
        if (request.response().writeQueueFull()) {
            // It asks on without taking its answers, which would pile up here.
            connections.close(request.connection());
            return;
        }
        connections.waiting(request.connection());
        headers.forEach(request.response()::putHeader);
        HealthPath check = checks.get(request.path());
        if (check != null && request.query() == null && CHECKING.contains(request.method())) {
            // Nearly all requests are such: they need none of what the router is for.
            guarded(e -> failed(request, Optional.of(e)), () -> checkHealth(request, check));
        } else {
            router.handle(request);
        }
    }

    /** From the next request on. */
    void reload(AgentConfig.RestApi config) {
        access.reload(config);
        headers = config.headers();
    }

    private void addHealthChecks() {
        for (HealthPath check : HealthPath.values()) {
            for (String path : check.paths()) {
                checks.put(path, check);
                know(path, HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
                router.route(path)
                        .method(HttpMethod.GET)
                        .method(HttpMethod.HEAD)
                        .method(HttpMethod.OPTIONS)
                        .handler(ctx -> checkHealth(ctx, check));
            }
        }
    }

    private void addInformation() {
        information(
                "/patroni",
                ctx -> answer(ctx, 200, JSON, StatusJson.text(service.status(), service.now())));
        information(
                "/cluster",
                ctx -> fromStore(ctx, view -> ClusterJson.cluster(service.status().scope(), view)));
        information("/history", ctx -> fromStore(ctx, ClusterJson::history));
        information("/config", this::showConfig);
        information("/failsafe", this::showFailsafe);
        information("/metrics", ctx -> answer(ctx, 200, PROMETHEUS, metrics()));
        information("/holdfast/position", this::showPosition);
        information(
                "/holdfast/journal",
                ctx -> answer(ctx, 200, JSON, HoldfastJson.journal(service.journal())));
        information(
                "/holdfast/operations",
                ctx ->
                        later(
                                ctx,
                                service.operations(),
                                all -> answer(ctx, 200, JSON, HoldfastJson.operations(all))));
        information(
                "/holdfast/operations/:id",
                ctx -> later(ctx, service.operations(), all -> showOperation(ctx, all)));
    }

    private void addCommands() {
        command(
                HttpMethod.PATCH,
                "/config",
                body -> ask(CommandBodies.config(body), service::patchConfig));
        command(
                HttpMethod.PUT,
                "/config",
                body -> ask(CommandBodies.config(body), service::replaceConfig));
        command(
                HttpMethod.POST,
                "/switchover",
                (body, id) -> changeLeader(body, id, CommandBodies.Kind.SWITCHOVER));
        command(HttpMethod.DELETE, "/switchover", _ -> service.cancelSwitchover());
        command(
                HttpMethod.POST,
                "/failover",
                (body, id) -> changeLeader(body, id, CommandBodies.Kind.FAILOVER));
        command(
                HttpMethod.POST,
                "/restart",
                body -> ask(CommandBodies.restart(body, wallClock.instant()), service::restart));
        command(HttpMethod.DELETE, "/restart", _ -> service.cancelRestart());
        command(
                HttpMethod.POST,
                "/failsafe",
                body ->
                        ask(
                                CommandBodies.failsafe(body, service.status().cluster()),
                                service::confirm));
        command(HttpMethod.POST, "/reload", _ -> service.reload());
        command(
                HttpMethod.POST,
                "/reinitialize",
                body -> ask(CommandBodies.reinitialize(body), service::reinitialize));
    }

    private void addFailures() {
        router.errorHandler(
                404, ctx -> answer(ctx, 404, TEXT, "there is nothing at " + ctx.request().path()));
        router.errorHandler(
                413,
                ctx ->
                        answer(
                                ctx,
                                413,
                                TEXT,
                                "the body is too large: at most "
                                        + limits.maxBodyBytes()
                                        + " bytes are read"));
        router.errorHandler(
                400,
                ctx ->
                        answer(
                                ctx,
                                400,
                                TEXT,
                                "the request cannot be read: it is malformed, or ended before it was whole"));
        router.errorHandler(500, ctx -> failed(ctx.request(), Optional.ofNullable(ctx.failure())));
    }

    private void know(String path, HttpMethod... known) {
        for (HttpMethod method : known) {
            methods.computeIfAbsent(path, _ -> new TreeSet<>()).add(method.name());
        }
    }

    private void refuseMethod(RoutingContext ctx, Set<String> known) {
        String allowed = String.join(", ", known);
        ctx.response().putHeader(HttpHeaders.ALLOW, allowed);
        answer(
                ctx,
                405,
                TEXT,
                ctx.request().path()
                        + " does not know "
                        + ctx.request().method()
                        + ", only "
                        + allowed);
    }

    private void checkHealth(RoutingContext ctx, HealthPath check) {
        if (!check.readsQuery() || ctx.request().query() == null) {
            checkHealth(ctx.request(), check);
            return;
        }
        switch (HealthQuery.parse(ctx.queryParams())) {
            case HealthQuery.Parsed.Valid(HealthQuery query) ->
                    answerHealth(ctx.request(), check, query);
            case HealthQuery.Parsed.Invalid(String sentence) -> answer(ctx, 400, TEXT, sentence);
        }
    }

    private void checkHealth(HttpServerRequest request, HealthPath check) {
        if (held.mustWait(check)) {
            Runnable giveUp =
                    held.hold(
                            check,
                            () ->
                                    guarded(
                                            e -> failed(request, Optional.of(e)),
                                            () -> answerHealth(request, check, HealthQuery.NONE)));
            request.response().closeHandler(_ -> giveUp.run());
        } else {
            answerHealth(request, check, HealthQuery.NONE);
        }
    }

    private void answerHealth(HttpServerRequest request, HealthPath check, HealthQuery query) {
        MemberStatus status = service.status();
        MonoTime now = service.now();
        int code = HealthChecks.answer(check, query, status, service.ranAt(), now).status();
        boolean wantsBody = request.method().equals(HttpMethod.GET);
        answer(request, code, JSON, wantsBody ? text(status, now) : "");
    }

    /** Nothing in it is told more precisely than to the millisecond. */
    private String text(MemberStatus status, MonoTime now) {
        long millis = Math.floorDiv(now.nanos(), 1_000_000);
        Optional<Written> known =
                written.filter(w -> w.millis() == millis && isSame(w.status(), status));
        if (known.isEmpty()) {
            known = Optional.of(new Written(status, millis, StatusJson.text(status, now)));
            written = known;
        }
        return known.get().text();
    }

    /** By identity: a snapshot is never changed, and comparing two would cost more than writing. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(MemberStatus one, MemberStatus other) {
        return one == other;
    }

    private String metrics() {
        long now = System.nanoTime();
        Optional<Scrape> known =
                scrape.filter(last -> now - last.nanos() < SCRAPE_IS_GOOD.toNanos());
        if (known.isEmpty()) {
            known = Optional.of(new Scrape(now, service.metrics()));
            scrape = known;
        }
        return known.get().text();
    }

    private void information(String path, Handler<RoutingContext> handler) {
        know(path, HttpMethod.GET, HttpMethod.HEAD);
        router.route(path).method(HttpMethod.GET).method(HttpMethod.HEAD).handler(handler);
    }

    private void fromStore(RoutingContext ctx, Function<ClusterView, String> json) {
        Optional<ClusterView> view = service.status().cluster();
        if (view.isPresent()) {
            answer(ctx, 200, JSON, json.apply(view.get()));
        } else {
            answer(
                    ctx,
                    503,
                    TEXT,
                    "etcd has not answered this member yet, so the cluster's state is unknown");
        }
    }

    private void showConfig(RoutingContext ctx) {
        later(ctx, service.configJson(), config -> showConfig(ctx, config));
    }

    private void showConfig(RoutingContext ctx, Optional<String> config) {
        if (config.isPresent()) {
            answer(ctx, 200, JSON, config.get());
        } else {
            answer(
                    ctx,
                    502,
                    TEXT,
                    "the dynamic configuration is not known: etcd has not answered yet, or has none");
        }
    }

    private void showFailsafe(RoutingContext ctx) {
        Optional<SortedMap<MemberName, String>> members =
                service.status().cluster().flatMap(ClusterView::failsafe).map(Versioned::value);
        if (members.isPresent()) {
            answer(ctx, 200, JSON, FailsafeJson.members(members.get()));
        } else {
            answer(ctx, 502, TEXT, "failsafe_mode is off, or etcd has not answered yet");
        }
    }

    private void showOperation(RoutingContext ctx, List<Operation> all) {
        String id = ctx.pathParam("id");
        Optional<Operation> known = all.stream().filter(o -> o.id().equals(id)).findFirst();
        if (known.isPresent()) {
            answer(ctx, 200, JSON, HoldfastJson.operation(known.get()));
        } else {
            answer(ctx, 404, TEXT, "no operation of the last ones has this identifier");
        }
    }

    private void showPosition(RoutingContext ctx) {
        later(
                ctx,
                service.position(),
                position ->
                        answer(
                                ctx,
                                200,
                                JSON,
                                HoldfastJson.position(position.withHeldCheck(held.newestAge()))));
    }

    /** Asks who it is first, and only then reads the body. */
    private void command(
            HttpMethod method, String path, Function<String, CompletionStage<Reply>> command) {
        command(method, path, (body, _) -> command.apply(body));
    }

    /** The same for one that may come with an identifier. */
    private void command(HttpMethod method, String path, Command command) {
        know(path, method);
        router.route(method, path).handler(this::admit);
        router.route(method, path)
                .handler(BodyHandler.create(false).setBodyLimit(limits.maxBodyBytes()))
                .handler(ctx -> {
                    String body = Optional.ofNullable(ctx.body().asString("UTF-8")).orElse("");
                    Optional<String> id =
                            Optional.ofNullable(ctx.request().getHeader(MemberService.OPERATION));
                    if (id.filter(text -> !Operation.isId(text)).isPresent()) {
                        answer(
                                ctx,
                                400,
                                TEXT,
                                "header "
                                        + MemberService.OPERATION
                                        + ": a time in UTC and some letters are expected, such as 20261126T093000.000Z-a1");
                        return;
                    }
                    later(ctx, command.run(body, id), reply -> answer(ctx, reply, path));
                });
    }

    private void admit(RoutingContext ctx) {
        // Names may have to be looked up, and the body must not be missed meanwhile.
        ctx.request().pause();
        Future.fromCompletionStage(
                        access.refuse(ctx.request(), this::memberUrls), vertx.getOrCreateContext())
                .onSuccess(refusal -> {
                    ctx.request().resume();
                    if (refusal.isPresent()) {
                        refusal.get().headers().forEach(ctx.response()::putHeader);
                        answer(ctx, refusal.get().status(), TEXT, refusal.get().sentence());
                    } else {
                        ctx.next();
                    }
                })
                .onFailure(ctx::fail);
    }

    private List<String> memberUrls() {
        return service.status().cluster().stream()
                .flatMap(view -> view.members().values().stream())
                .map(stored -> stored.member().apiUrl())
                .toList();
    }

    private static <T> CompletionStage<Reply> ask(
            Parsed<T> body, Function<T, CompletionStage<Reply>> member) {
        return switch (body) {
            case Parsed.Valid<T>(T request) -> member.apply(request);
            case Parsed.Invalid<T>(int status, String sentence) ->
                    CompletableFuture.completedFuture(new Reply(status, sentence));
        };
    }

    private CompletionStage<Reply> changeLeader(
            String body, Optional<String> id, CommandBodies.Kind asked) {
        boolean paused =
                service.status()
                        .cluster()
                        .flatMap(ClusterView::config)
                        .filter(config -> config.value().pause())
                        .isPresent();
        return ask(
                CommandBodies.switchover(
                        body,
                        asked,
                        paused ? CommandBodies.Pause.ON : CommandBodies.Pause.OFF,
                        wallClock.instant()),
                request ->
                        request.leader().isPresent()
                                ? service.switchover(request.as(id))
                                : service.failover(request.as(id)));
    }

    /** Answers when the member has; however long that takes, the client is not to blame. */
    private <T> void later(RoutingContext ctx, CompletionStage<T> stage, Consumer<T> answer) {
        connections.answering(ctx.request().connection());
        Future.fromCompletionStage(stage, vertx.getOrCreateContext())
                .onSuccess(value -> guarded(ctx::fail, () -> answer.accept(value)))
                .onFailure(ctx::fail);
    }

    /**
     * What does not run inside the router must hand its failures to it, or the client waits for
     * ever.
     */
    private static void guarded(Consumer<RuntimeException> failed, Runnable answer) {
        try {
            answer.run();
        } catch (RuntimeException e) {
            failed.accept(e);
        }
    }

    private void failed(HttpServerRequest request, Optional<Throwable> failure) {
        LOG.error("{} {} failed", request.method(), request.path(), failure);
        answer(request, 500, TEXT, "internal error; the member's log says more");
    }

    /** A new configuration is answered with itself, everything else with a sentence. */
    private void answer(RoutingContext ctx, Reply reply, String path) {
        String type = path.equals("/config") && reply.status() == 200 ? JSON : TEXT;
        reply.operation().ifPresent(id -> ctx.response().putHeader(MemberService.OPERATION, id));
        answer(ctx, reply.status(), type, reply.body());
    }

    private void answer(RoutingContext ctx, int status, String type, String body) {
        answer(ctx.request(), status, type, body);
    }

    private void answer(HttpServerRequest request, int status, String type, String body) {
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, type);
        connections.waiting(request.connection());
        if (request.method().equals(HttpMethod.HEAD)) {
            response.end();
        } else {
            response.end(body);
        }
    }
}
