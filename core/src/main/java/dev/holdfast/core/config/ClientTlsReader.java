package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.ClientTls.Verification;
import dev.holdfast.core.config.AgentConfig.Identity;
import java.util.Optional;

/** Reads the keys by which a client of TLS knows servers, and is known to them. */
final class ClientTlsReader {
    private ClientTlsReader() {}

    /**
     * A section with {@code cacert}, and certificate and key under the names that it has for them.
     *
     * @param authorities instead of a missing {@code cacert}
     */
    static ClientTls read(
            ConfigTree section,
            String certKey,
            String keyKey,
            Optional<String> authorities,
            Verification verification) {
        return new ClientTls(
                section.absolutePath("cacert").or(() -> authorities),
                identity(section, certKey, keyKey),
                verification);
    }

    /** A certificate with its key, which may be in the same file. */
    static Optional<Identity> identity(ConfigTree section, String certKey, String keyKey) {
        Optional<String> certfile = section.absolutePath(certKey);
        Optional<String> keyfile = section.absolutePath(keyKey);
        Optional<String> password =
                section.secret(keyKey + "_password").filter(secret -> !secret.isEmpty());
        if (certfile.isEmpty() && keyfile.isPresent()) {
            section.error(certKey, "nothing", "the certificate that the key belongs to");
        }
        return certfile.map(file -> new Identity(file, keyfile.orElse(file), password));
    }
}
