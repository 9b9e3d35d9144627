package dev.holdfast.core.config;

import dev.holdfast.core.config.Routing.Haproxy;
import dev.holdfast.core.config.Routing.StatsSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads {@code haproxy} and {@code vip}, which Patroni does not have. */
final class RoutingReader {
    private static final String SOCKETS =
            "a list of HAProxy's stats sockets, each an absolute path or host:port";

    /** HAProxy has no usual one, so a port must be there: this one never passes. */
    private static final int NO_PORT = 0;

    private RoutingReader() {}

    static Routing read(ConfigTree root) {
        ConfigTree haproxy = root.section("haproxy");
        List<StatsSocket> runtime =
                haproxy.read("runtime", SOCKETS, RoutingReader::runtime).orElse(List.of());
        String backend =
                haproxy.read(
                                "backend",
                                "the name of the backend for writers: letters, digits and _ . : -",
                                value -> Scalars.text(value).filter(Haproxy::isServerName))
                        .orElse(Haproxy.BACKEND);
        // A name that is none is told where it is read.
        Optional<String> name = runtime.isEmpty() ? Optional.empty() : root.text("name");
        if (name.filter(n -> !Haproxy.isServerName(n)).isPresent()) {
            haproxy.error(
                    "runtime",
                    "the member " + Problem.show(name.get()),
                    "a member whose name HAProxy takes for a server: letters, digits and _ . : -");
        }
        return new Routing(new Haproxy(runtime, backend), VipReader.read(root));
    }

    private static Optional<List<StatsSocket>> runtime(Object value) {
        List<?> entries =
                value instanceof List<?> list ? list : List.of(String.valueOf(value).split(","));
        List<StatsSocket> all = new ArrayList<>();
        for (Object entry : entries) {
            Optional<StatsSocket> one =
                    Scalars.text(entry).map(String::strip).flatMap(RoutingReader::one);
            if (one.isEmpty()) {
                return Optional.empty();
            }
            all.add(one.get());
        }
        return Optional.of(List.copyOf(all));
    }

    private static Optional<StatsSocket> one(String text) {
        if (text.startsWith("/")) {
            return Optional.of(new StatsSocket.Local(text));
        }
        return Addresses.hostPort(text, NO_PORT)
                .filter(address -> address.port() != NO_PORT)
                .filter(address -> !Addresses.isEveryAddress(address.host()))
                .map(StatsSocket.Remote::new);
    }
}
