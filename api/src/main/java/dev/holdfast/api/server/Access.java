package dev.holdfast.api.server;

import dev.holdfast.api.client.Origin;
import dev.holdfast.core.config.AgentConfig.Allowlist;
import dev.holdfast.core.config.AgentConfig.RestApi;
import dev.holdfast.core.config.AgentConfig.ServerTls;
import dev.holdfast.core.config.AgentConfig.ServerTls.ClientCertificates;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Who may command: from where, then by which certificate, then under which name, as configured
 * last. Each that is configured is asked for; one does not stand in for another.
 */
final class Access {
    private static final long RESOLVING_SECONDS = 3;

    private volatile Rules rules;

    private record Rules(
            Allowlist allowlist,
            List<Network> networks,
            ClientCertificates certificates,
            BasicAuthentication authentication) {
        static Rules of(RestApi config) {
            return new Rules(
                    config.allowlist(),
                    config.allowlist().hosts().stream()
                            .flatMap(host -> Network.of(host).stream())
                            .toList(),
                    config.tls().map(ServerTls::clientCertificates).orElse(ClientCertificates.NONE),
                    new BasicAuthentication(config.authentication()));
        }
    }

    /** Why somebody may not, and what the answer carries besides. */
    record Refusal(int status, String sentence, Map<String, String> headers) {}

    Access(RestApi config) {
        this.rules = Rules.of(config);
    }

    void reload(RestApi config) {
        rules = Rules.of(config);
    }

    /**
     * Empty for one who may command. Complete at once, unless host names have to be looked up.
     *
     * @param memberUrls of the members' REST interfaces
     */
    CompletionStage<Optional<Refusal>> refuse(
            HttpServerRequest request, Supplier<List<String>> memberUrls) {
        Rules now = rules;
        return isFromAllowed(now, request.connection(), memberUrls)
                .thenApply(allowed ->
                        allowed
                                ? refuse(now, request)
                                : Optional.of(new Refusal(403, "Access is denied", Map.of())));
    }

    private static Optional<Refusal> refuse(Rules now, HttpServerRequest request) {
        if (now.certificates() != ClientCertificates.NONE && !showsItself(request.connection())) {
            return Optional.of(new Refusal(403, "client certificate required", Map.of()));
        }
        return now.authentication()
                .refuse(request.getHeader(HttpHeaders.AUTHORIZATION))
                .map(sentence ->
                        new Refusal(
                                401,
                                sentence,
                                Map.of("WWW-Authenticate", "Basic realm=\"Holdfast\"")));
    }

    /** A certificate that was not good would have ended the handshake. */
    private static boolean showsItself(HttpConnection connection) {
        try {
            return connection.isSsl() && !connection.peerCertificates().isEmpty();
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }

    private static CompletionStage<Boolean> isFromAllowed(
            Rules now, HttpConnection connection, Supplier<List<String>> memberUrls) {
        if (now.allowlist().isEverybody()) {
            return CompletableFuture.completedStage(true);
        }
        String text = connection.remoteAddress().hostAddress();
        InetAddress from = InetAddress.ofLiteral(text);
        List<String> members =
                now.allowlist().members()
                        ? memberUrls.get().stream()
                                .flatMap(url -> Origin.of(url).stream())
                                .map(Origin::host)
                                .toList()
                        : List.of();
        boolean literally =
                Stream.concat(
                                now.networks().stream(),
                                members.stream().flatMap(host -> Network.of(host).stream()))
                        .anyMatch(network -> network.contains(from));
        List<String> names =
                Stream.concat(now.allowlist().hosts().stream(), members.stream())
                        .filter(host -> Network.of(host).isEmpty())
                        .toList();
        if (literally || names.isEmpty()) {
            return CompletableFuture.completedStage(literally);
        }
        // The resolver may be slow, and the event loop waits for nobody.
        CompletableFuture<Boolean> found = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> found.complete(addresses(names).contains(from)));
        return found.completeOnTimeout(false, RESOLVING_SECONDS, TimeUnit.SECONDS);
    }

    private static List<InetAddress> addresses(List<String> names) {
        List<InetAddress> found = new ArrayList<>();
        for (String name : names) {
            try {
                found.addAll(List.of(InetAddress.getAllByName(name)));
            } catch (UnknownHostException _) {
                // Nobody comes from there.
            }
        }
        return found;
    }
}
