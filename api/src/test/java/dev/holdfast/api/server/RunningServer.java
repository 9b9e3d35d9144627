package dev.holdfast.api.server;

import dev.holdfast.core.config.AgentConfig.Allowlist;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfig.RestApi;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server on a port of the system's choice, a member that a test plays with, and a client that
 * speaks to it.
 */
final class RunningServer implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final FakeMember member;
    private final RestServer server;

    RunningServer(FakeMember member, Limits limits, Optional<Credentials> authentication) {
        this(member, limits, listenOn("127.0.0.1", 0, authentication));
    }

    RunningServer(FakeMember member, Limits limits, RestApi config) {
        this.member = member;
        this.server =
                await(
                        RestServer.start(
                                vertx,
                                config,
                                member,
                                limits,
                                () -> Instant.parse("2026-11-20T18:00:00Z")));
    }

    static RestApi listenOn(String host, int port, Optional<Credentials> authentication) {
        HostPort address = new HostPort(host, port);
        return new RestApi(
                address,
                address,
                authentication,
                Optional.empty(),
                Allowlist.everybody(),
                new TreeMap<>(),
                1024);
    }

    static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage()
                    .toCompletableFuture()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    FakeMember member() {
        return member;
    }

    RestServer server() {
        return server;
    }

    Vertx vertx() {
        return vertx;
    }

    HttpRequest.Builder request(String uri) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + uri))
                .timeout(PATIENCE);
    }

    HttpResponse<String> get(String uri) {
        return send("GET", uri, "");
    }

    HttpResponse<String> send(String method, String uri, String body) {
        return send(request(uri).method(method, HttpRequest.BodyPublishers.ofString(body)).build());
    }

    HttpResponse<String> send(HttpRequest request) {
        return begin(request).join();
    }

    CompletableFuture<HttpResponse<String>> begin(HttpRequest request) {
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    /** A bare connection, for clients that do not behave. */
    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    @Override
    public void close() {
        client.close();
        await(server.close());
        await(vertx.close());
    }
}
