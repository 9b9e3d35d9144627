package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.HostPort;
import java.util.Optional;

/** Reads the keys that hold one address. */
final class AddressKeys {
    private AddressKeys() {}

    /** An address to which somebody can connect. */
    static Optional<HostPort> address(ConfigTree tree, String key, int defaultPort) {
        if (tree.text(key).isEmpty()) {
            return Optional.empty();
        }
        return tree.read(
                key,
                "host:port (an IPv6 address in brackets) to which others can connect",
                value ->
                        Scalars.text(value)
                                .flatMap(text -> Addresses.hostPort(text, defaultPort))
                                .filter(address -> !Addresses.isEveryAddress(address.host())));
    }

    /**
     * {@code connect_address}; where it is missing, the address listened on, if that is one to
     * which others can connect.
     */
    static HostPort connectAddress(ConfigTree tree, HostPort listen, int defaultPort) {
        if (tree.text("connect_address").isPresent()) {
            return address(tree, "connect_address", defaultPort).orElse(listen);
        }
        if (!listen.host().isEmpty() && Addresses.isEveryAddress(listen.host())) {
            tree.error(
                    "connect_address",
                    "nothing",
                    "host:port to which others can connect, because listen names every address");
        }
        return listen;
    }
}
