package dev.holdfast.api.server;

import dev.holdfast.api.MemberService;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.tls.TlsException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerConfig;
import io.vertx.core.http.HttpServerOptions;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The REST server of a member: listens, bounds its clients, and follows the member's status for the
 * answers it holds.
 */
public final class RestServer {
    private static final Logger LOG = LoggerFactory.getLogger(RestServer.class);

    /**
     * The kernel would take megabytes for who asks on and never reads, and making them keeps all
     * others waiting.
     */
    private static final int SEND_BUFFER_BYTES = 64 << 10;

    private final Context context;
    private final HttpServer http;
    private final HeldAnswers held;
    private final RestRoutes routes;
    private final AgentConfig.RestApi began;
    private final AutoCloseable subscription;

    private RestServer(
            Context context,
            HttpServer http,
            HeldAnswers held,
            RestRoutes routes,
            AgentConfig.RestApi began,
            AutoCloseable subscription) {
        this.context = context;
        this.http = http;
        this.held = held;
        this.routes = routes;
        this.began = began;
        this.subscription = subscription;
    }

    /**
     * Starts to serve. Where the address cannot be listened on, the future fails with one sentence
     * that says which and why.
     *
     * @param service is asked on the server's event loop
     */
    public static Future<RestServer> start(
            Vertx vertx, AgentConfig.RestApi config, MemberService service) {
        return start(vertx, config, service, Limits.defaults(), InstantSource.system());
    }

    static Future<RestServer> start(
            Vertx vertx,
            AgentConfig.RestApi config,
            MemberService service,
            Limits limits,
            InstantSource wallClock) {
        Context context = vertx.getOrCreateContext();
        Promise<RestServer> started = Promise.promise();
        // Everything below has its state on this one event loop, whatever thread the caller is on.
        context.runOnContext(_ ->
                listen(vertx, context, config, service, limits, wallClock).onComplete(started));
        return started.future();
    }

    private static Future<RestServer> listen(
            Vertx vertx,
            Context context,
            AgentConfig.RestApi config,
            MemberService service,
            Limits limits,
            InstantSource wallClock) {
        HeldAnswers held = new HeldAnswers(vertx, limits, service::now, service::status);
        Connections connections = new Connections(vertx, limits);
        RestRoutes routes =
                new RestRoutes(vertx, service, held, connections, config, limits, wallClock);
        HttpServer http;
        try {
            http = server(vertx, config);
        } catch (TlsException e) {
            return Future.failedFuture(
                    new IllegalArgumentException(
                            "the REST server cannot speak TLS (restapi.certfile): "
                                    + e.getMessage(),
                            e));
        }
        http.connectionHandler(connections::opened).requestHandler(routes::handle);
        return http.listen()
                .transform(listening -> {
                    if (listening.failed()) {
                        return Future.failedFuture(
                                listenFailure(config.listen(), listening.cause()));
                    }
                    AutoCloseable subscription =
                            service.onChange(() -> context.runOnContext(_ -> held.statusChanged()));
                    return Future.succeededFuture(
                            new RestServer(context, http, held, routes, config, subscription));
                });
    }

    private static HttpServer server(Vertx vertx, AgentConfig.RestApi config) {
        HostPort listen = config.listen();
        HttpServerOptions options =
                new HttpServerOptions()
                        .setHost(anyHost(listen.host()) ? "0.0.0.0" : listen.host())
                        .setPort(listen.port())
                        .setAcceptBacklog(config.backlog())
                        .setTcpKeepAlive(true)
                        .setSendBufferSize(SEND_BUFFER_BYTES)
                        .setHttp2ClearTextEnabled(false)
                        // Nobody speaks WebSocket here, and what listens for it throws and logs for
                        // each request of who asks on and is being thrown out.
                        .setPerFrameWebSocketCompressionSupported(false)
                        .setPerMessageWebSocketCompressionSupported(false);
        if (config.tls().isEmpty()) {
            return vertx.createHttpServer(options);
        }
        return vertx.createHttpServer(
                new HttpServerConfig(options.setSsl(true).setUseAlpn(false)),
                ServerProtection.of(config.tls().get()));
    }

    /**
     * Takes over what may change while the port stays open: certificates, which are read anew, who
     * may command, and headers. New connections get the new certificate; those that are open go on.
     *
     * @return what could not be taken over, a sentence each
     */
    public List<String> reload(AgentConfig.RestApi config) {
        List<String> left = new ArrayList<>();
        if (!config.listen().equals(began.listen())
                || !config.connectAddress().equals(began.connectAddress())
                || config.backlog() != began.backlog()) {
            left.add(
                    "restapi.listen, connect_address and request_queue_size count from the next start of the agent on");
        }
        if (config.tls().isPresent() != began.tls().isPresent()) {
            left.add(
                    "restapi stays as it was: between http and https it changes at the next start of the agent");
            return left;
        }
        if (config.tls().isPresent()) {
            try {
                http.updateSSLOptions(ServerProtection.of(config.tls().get()), true)
                        .onFailure(e ->
                                LOG.error(
                                        "the REST server's certificate stays as it was: {}",
                                        String.valueOf(e.getMessage())));
            } catch (TlsException e) {
                left.add("restapi stays as it was: " + e.getMessage());
                return left;
            }
        }
        routes.reload(config);
        return left;
    }

    /** The JVM's wildcard listens on IPv6 too where the host has it. */
    private static boolean anyHost(String host) {
        return host.isEmpty() || host.equals("*");
    }

    private static BindException listenFailure(HostPort listen, Throwable cause) {
        BindException failure =
                new BindException(
                        "cannot listen on " + listen + " (restapi.listen): " + reason(cause));
        failure.initCause(cause);
        return failure;
    }

    private static String reason(Throwable cause) {
        String message =
                Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getSimpleName());
        if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
            return "the host name cannot be resolved; give an address of this host, or * for all of them";
        }
        if (message.contains("Address already in use")) {
            return "another process uses this port; end it (ss -ltnp shows which it is) or choose another port";
        }
        if (message.contains("Cannot assign requested address")) {
            return "this host has no such address; give one of its own, or * for all of them";
        }
        if (message.contains("Permission denied")) {
            return "permission denied; choose a port from 1024 up";
        }
        return message;
    }

    /**
     * The port that is listened on, which is chosen by the system when the configuration says 0.
     */
    public int port() {
        return http.actualPort();
    }

    /** How many health checks are held back right now; may be asked from any thread. */
    public int heldCount() {
        return held.count();
    }

    /** Answers what is held, then closes all connections. */
    public Future<Void> close() {
        Promise<Void> closed = Promise.promise();
        context.runOnContext(_ -> {
            try {
                subscription.close();
            } catch (Exception e) {
                LOG.warn("the subscription to the member's status could not be closed", e);
            }
            held.answerAll();
            http.close().onComplete(closed);
        });
        return closed.future();
    }
}
