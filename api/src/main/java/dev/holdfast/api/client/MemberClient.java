package dev.holdfast.api.client;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.api.MemberService;
import dev.holdfast.api.MemberService.Position;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.client.UnusableAnswerException.Delivery;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.tls.TlsException;
import dev.holdfast.tls.TlsFiles;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientConfig;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks members over their REST interface. Calls return at once; stages complete on an event loop,
 * and fail with {@link UnusableAnswerException} when no answer came, so that what became of a
 * command is unknown. Any HTTP status is an answer. A member is named by its {@code api_url} as
 * published in the store, {@code http://host:port/patroni} or {@code https}; its path is ignored.
 *
 * <p>Each call opens a connection of its own: a pooled one to a member that was frozen or cut off
 * meanwhile would make a live member look dead for as long as the time-out lasts.
 */
public final class MemberClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MemberClient.class);

    /** The longest answer that is read, bytes. */
    static final int MAX_BODY_BYTES = 4 << 20;

    private final Vertx vertx;
    private final VertxOwnership ownership;
    private final HttpClientAgent http;
    private volatile Optional<String> authorization;
    private final PositionJson positions;

    private enum Step {
        CONNECTING,
        SENT,
        GIVEN_UP
    }

    private enum VertxOwnership {
        SHARED,
        OWN
    }

    private MemberClient(Vertx vertx, VertxOwnership ownership, Ctl settings) {
        this.vertx = vertx;
        this.ownership = ownership;
        this.authorization = settings.authentication().map(MemberClient::basic);
        this.positions = new PositionJson(JsonMapper.builder().build());
        this.http =
                vertx.createHttpClient(
                        new HttpClientConfig(
                                new HttpClientOptions().setKeepAlive(false).setTcpNoDelay(true)),
                        protection(settings.tls()),
                        // Waiting for a free connection would count against the time-out of a call
                        // that has done nothing yet.
                        new PoolOptions().setHttp1MaxSize(64));
    }

    /**
     * A client on a Vert.x that stays open when the client is closed.
     *
     * @throws TlsException when certificates cannot be read
     */
    public static MemberClient on(Vertx vertx, Ctl settings) {
        return new MemberClient(vertx, VertxOwnership.SHARED, settings);
    }

    /**
     * From the next call on; certificates are read anew.
     *
     * @throws TlsException when they cannot be, and all stays as it was
     */
    public void reload(Ctl settings) {
        http.updateSSLOptions(protection(settings.tls()), true)
                .onFailure(e ->
                        LOG.error(
                                "the certificate shown to other members stays as it was: {}",
                                String.valueOf(e.getMessage())));
        authorization = settings.authentication().map(MemberClient::basic);
    }

    private static ClientSSLOptions protection(ClientTls tls) {
        boolean verified = tls.verification() == ClientTls.Verification.VERIFIED;
        ClientSSLOptions options =
                new ClientSSLOptions()
                        .setTrustAll(!verified)
                        .setHostnameVerificationAlgorithm(verified ? "HTTPS" : "");
        if (verified) {
            tls.cacert()
                    .ifPresent(path ->
                            options.setTrustOptions(TrustOptions.wrap(TlsFiles.authorities(path))));
        }
        tls.identity()
                .ifPresent(files ->
                        options.setKeyCertOptions(KeyCertOptions.wrap(TlsFiles.identity(files))));
        return options;
    }

    /**
     * A client with an event loop of its own, which ends with it. It leaves no file behind.
     *
     * @throws TlsException when certificates cannot be read
     */
    public static MemberClient standalone(Ctl settings) {
        VertxOptions small =
                new VertxOptions()
                        .setEventLoopPoolSize(1)
                        .setWorkerPoolSize(1)
                        .setInternalBlockingPoolSize(1)
                        .setFileSystemOptions(
                                new FileSystemOptions()
                                        .setFileCachingEnabled(false)
                                        .setClassPathResolvingEnabled(false));
        return new MemberClient(Vertx.vertx(small), VertxOwnership.OWN, settings);
    }

    /**
     * Where the member stands, by a probe made for this question. Anything but a whole answer fails
     * the stage.
     */
    public CompletionStage<Position> position(String apiUrl, Duration timeout) {
        return send(HttpMethod.GET, apiUrl, "/holdfast/position", Optional.empty(), timeout)
                .map(reply -> {
                    if (reply.status() != 200) {
                        throw new UnusableAnswerException(
                                apiUrl
                                        + " answered /holdfast/position with status "
                                        + reply.status(),
                                Delivery.UNKNOWN);
                    }
                    return positions.read(apiUrl, reply.body());
                })
                .toCompletionStage();
    }

    /** The member's own JSON, {@code /patroni}. */
    public CompletionStage<Reply> status(String apiUrl, Duration timeout) {
        return get(apiUrl, "/patroni", timeout);
    }

    public CompletionStage<Reply> get(String apiUrl, String path, Duration timeout) {
        return send(HttpMethod.GET, apiUrl, path, Optional.empty(), timeout).toCompletionStage();
    }

    /** Sends a command; {@code body} is JSON. */
    public CompletionStage<Reply> post(String apiUrl, String path, String body, Duration timeout) {
        return send(HttpMethod.POST, apiUrl, path, Optional.of(body), timeout).toCompletionStage();
    }

    /**
     * The same under an identifier, by which its end can be asked for even if the answer is lost.
     */
    public CompletionStage<Reply> post(
            String apiUrl, String path, String body, String operation, Duration timeout) {
        return send(
                        HttpMethod.POST,
                        apiUrl,
                        path,
                        Optional.of(body),
                        Optional.of(operation),
                        timeout)
                .toCompletionStage();
    }

    /** Changes part of what is at {@code path}; {@code body} is JSON. */
    public CompletionStage<Reply> patch(String apiUrl, String path, String body, Duration timeout) {
        return send(HttpMethod.PATCH, apiUrl, path, Optional.of(body), timeout).toCompletionStage();
    }

    /** Replaces what is at {@code path}; {@code body} is JSON. */
    public CompletionStage<Reply> put(String apiUrl, String path, String body, Duration timeout) {
        return send(HttpMethod.PUT, apiUrl, path, Optional.of(body), timeout).toCompletionStage();
    }

    public CompletionStage<Reply> delete(String apiUrl, String path, Duration timeout) {
        return send(HttpMethod.DELETE, apiUrl, path, Optional.empty(), timeout).toCompletionStage();
    }

    @Override
    public void close() {
        http.close();
        if (ownership == VertxOwnership.OWN) {
            vertx.close();
        }
    }

    private Future<Reply> send(
            HttpMethod method,
            String apiUrl,
            String path,
            Optional<String> body,
            Duration timeout) {
        return send(method, apiUrl, path, body, Optional.empty(), timeout);
    }

    private Future<Reply> send(
            HttpMethod method,
            String apiUrl,
            String path,
            Optional<String> body,
            Optional<String> operation,
            Duration timeout) {
        Optional<Origin> known = Origin.of(apiUrl);
        if (known.isEmpty()) {
            return Future.failedFuture(
                    new UnusableAnswerException(
                            "\""
                                    + apiUrl
                                    + "\" is not the address of a member (http://host:port is expected)",
                            Delivery.NEVER_SENT));
        }
        Origin origin = known.get();
        RequestOptions options =
                new RequestOptions()
                        .setMethod(method)
                        .setSsl(origin.secure())
                        .setHost(origin.host())
                        .setPort(origin.port())
                        .setURI(path)
                        .setConnectTimeout(timeout.toMillis());
        authorization.ifPresent(value -> options.putHeader("Authorization", value));
        operation.ifPresent(id -> options.putHeader(MemberService.OPERATION, id));
        body.ifPresent(_ -> options.putHeader("Content-Type", "application/json"));

        Future<HttpClientRequest> connecting = http.request(options);
        // A command must not leave after its caller was told that it never will.
        AtomicReference<Step> step = new AtomicReference<>(Step.CONNECTING);
        return connecting
                .compose(request -> {
                    if (!step.compareAndSet(Step.CONNECTING, Step.SENT)) {
                        return Future.failedFuture("given up");
                    }
                    return (body.isPresent() ? request.send(body.get()) : request.send())
                            .compose(MemberClient::read);
                })
                .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                // Whatever went wrong, the connection goes: also one that comes up after the
                // time-out.
                .onFailure(_ -> connecting.onSuccess(HttpClientRequest::reset))
                .recover(e ->
                        Future.failedFuture(
                                unusable(
                                        origin,
                                        timeout,
                                        step.compareAndSet(Step.CONNECTING, Step.GIVEN_UP)
                                                ? Delivery.NEVER_SENT
                                                : Delivery.UNKNOWN,
                                        e)));
    }

    private static Future<Reply> read(HttpClientResponse response) {
        Promise<Reply> whole = Promise.promise();
        Buffer body = Buffer.buffer();
        response.exceptionHandler(whole::tryFail);
        response.handler(chunk -> {
            if (body.length() + chunk.length() > MAX_BODY_BYTES) {
                whole.tryFail("the answer is longer than " + MAX_BODY_BYTES + " bytes");
            } else {
                body.appendBuffer(chunk);
            }
        });
        response.endHandler(_ ->
                whole.tryComplete(
                        new Reply(
                                response.statusCode(),
                                body.toString(StandardCharsets.UTF_8),
                                Optional.ofNullable(response.getHeader(MemberService.OPERATION)))));
        return whole.future();
    }

    private static UnusableAnswerException unusable(
            Origin origin, Duration timeout, Delivery delivery, Throwable e) {
        String why =
                switch (e) {
                    case TimeoutException _ -> "no answer within " + timeout.toMillis() + " ms";
                    default ->
                            e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
                };
        return new UnusableAnswerException(
                "the REST interface at " + origin + " could not be asked: " + why, delivery, e);
    }

    private static String basic(Credentials credentials) {
        String pair = credentials.username() + ":" + credentials.password();
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }
}
