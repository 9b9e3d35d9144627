package dev.holdfast.dcs.etcd;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.tls.TlsException;
import dev.holdfast.tls.TlsFiles;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How connections to etcd are protected. The files are read anew for each connection, so that
 * renewed certificates come in by themselves; where they cannot be read any more, what was read
 * last goes on, since without etcd a leader would have to go.
 */
final class EtcdTls {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdTls.class);

    private final ClientTls config;
    private SslContext last;

    /**
     * Reads the files.
     *
     * @throws DcsException where they are of no use
     */
    EtcdTls(ClientTls config) {
        this.config = config;
        try {
            this.last = read(config);
        } catch (TlsException | SSLException e) {
            throw new DcsException("TLS to etcd is not possible: " + e.getMessage() + ".", e);
        }
    }

    synchronized SslContext current() {
        try {
            last = read(config);
        } catch (TlsException | SSLException e) {
            LOG.warn("certificates for etcd stay as they were: {}", e.getMessage());
        }
        return last;
    }

    private static SslContext read(ClientTls config) throws SSLException {
        SslContextBuilder builder = GrpcSslContexts.forClient();
        config.cacert().ifPresent(path -> builder.trustManager(TlsFiles.authorities(path)));
        config.identity().ifPresent(files -> builder.keyManager(TlsFiles.identity(files)));
        return builder.build();
    }
}
