package dev.holdfast.api.server;

import dev.holdfast.core.config.AgentConfig.ServerTls;
import dev.holdfast.tls.TlsFiles;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** TLS of the server as Vert.x takes it. */
final class ServerProtection {
    /** Who has not said by then who he is holds memory for nothing. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(3);

    private ServerProtection() {}

    /** Reads the files anew. */
    static ServerSSLOptions of(ServerTls config) {
        ServerSSLOptions options =
                new ServerSSLOptions()
                        .setKeyCertOptions(
                                KeyCertOptions.wrap(TlsFiles.identity(config.identity())))
                        .setClientAuth(
                                switch (config.clientCertificates()) {
                                    case NONE -> ClientAuth.NONE;
                                    case OPTIONAL -> ClientAuth.REQUEST;
                                    case REQUIRED -> ClientAuth.REQUIRED;
                                })
                        .setUseAlpn(false)
                        .setSslHandshakeTimeout(HANDSHAKE.toMillis())
                        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        config.cafile()
                .ifPresent(path ->
                        options.setTrustOptions(TrustOptions.wrap(TlsFiles.authorities(path))));
        config.ciphers().forEach(options::addEnabledCipherSuite);
        return options;
    }
}
