package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Etcd;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code etcd3}, or {@code etcd} as the same servers under their old name. */
final class EtcdReader {
    private static final int DEFAULT_PORT = 2379;
    private static final Pattern URL =
            Pattern.compile("(?:(https?)://)?(?:([^@/:]+):([^@/]*)@)?([^@/]+)/?");

    private EtcdReader() {}

    /** One server, and who the address said that we are. */
    private record Endpoint(String url, Optional<Credentials> credentials) {}

    /** The section; its endpoints are empty only where there is an error. */
    static Etcd read(ConfigTree root) {
        ConfigTree etcd = choose(root);
        etcd.refused("leave the connections to etcd unprotected", "cacert", "cert", "key");
        etcd.refused("connect to other servers than meant", "srv", "srv_suffix", "proxy");
        etcd.raw(
                "use_proxies"); // The endpoints are used as they are given, which is what this asks
        // for.
        etcd.read("protocol", "http (https is not supported yet)", EtcdReader::plainHttp);
        List<Endpoint> endpoints = endpoints(etcd);
        Optional<String> user = etcd.text("username");
        Optional<String> password = etcd.secret("password");
        Optional<Credentials> credentials =
                user.map(name -> new Credentials(name, password.orElse("")))
                        .or(() ->
                                endpoints.stream()
                                        .flatMap(e -> e.credentials().stream())
                                        .findFirst());
        if (user.isEmpty() && password.isPresent()) {
            etcd.error("username", "nothing", "the user to whom the password belongs");
        }
        return new Etcd(endpoints.stream().map(Endpoint::url).distinct().toList(), credentials);
    }

    private static ConfigTree choose(ConfigTree root) {
        boolean old = root.has("etcd");
        if (root.has("etcd3")) {
            if (old) {
                root.warning(
                        "etcd",
                        "a second section for etcd",
                        "is ignored, because etcd3 is there too");
            }
            return root.section("etcd3");
        }
        return root.section(old ? "etcd" : "etcd3");
    }

    private static List<Endpoint> endpoints(ConfigTree etcd) {
        List<Endpoint> endpoints = new ArrayList<>();
        boolean given = false;
        // The first that is there is used, in this order; together they would contradict each
        // other.
        for (String key : List.of("url", "hosts", "host")) {
            Object value = etcd.raw(key).orElse(null);
            if (value == null) {
                continue;
            }
            if (given) {
                etcd.warning(
                        key,
                        Problem.show(value),
                        "is ignored, because another address of etcd is there too");
                continue;
            }
            given = true;
            addresses(value)
                    .forEach(address ->
                            endpoint(address)
                                    .ifPresentOrElse(
                                            endpoints::add,
                                            () ->
                                                    etcd.error(
                                                            key,
                                                            Problem.show(address),
                                                            "http://host:port, or host:port (https is not supported yet)")));
            if (endpoints.isEmpty() && addresses(value).isEmpty()) {
                etcd.error(key, Problem.show(value), "at least one host:port");
            }
        }
        if (!given && !etcd.has("srv") && !etcd.has("proxy")) {
            etcd.error("hosts", "nothing", "where etcd is: a list of host:port (or host, or url)");
        }
        return endpoints;
    }

    /**
     * A list, or text with commas; single addresses in text may be quoted, as Patroni's variables
     * have them.
     */
    private static List<String> addresses(Object value) {
        List<?> entries =
                value instanceof List<?> list ? list : List.of(String.valueOf(value).split(","));
        return entries.stream()
                .map(entry -> String.valueOf(entry).strip().replaceAll("^['\"]|['\"]$", "").strip())
                .filter(address -> !address.isEmpty())
                .toList();
    }

    private static Optional<Endpoint> endpoint(String address) {
        Matcher matcher = URL.matcher(address);
        if (!matcher.matches() || "https".equals(matcher.group(1))) {
            return Optional.empty();
        }
        @Nullable String user = matcher.group(2);
        @Nullable String password = matcher.group(3);
        // An encoded character would be sent as it stands and refused far from here: keys take such
        // a password as it is.
        if (user != null && (user + password).contains("%")) {
            return Optional.empty();
        }
        Optional<Credentials> credentials =
                user == null
                        ? Optional.empty()
                        : Optional.of(new Credentials(user, password == null ? "" : password));
        return Addresses.hostPort(matcher.group(4), DEFAULT_PORT)
                .filter(hostPort -> !Addresses.isEveryAddress(hostPort.host()))
                .map(hostPort -> new Endpoint("http://" + hostPort, credentials));
    }

    private static Optional<String> plainHttp(Object value) {
        return Scalars.text(value).filter(protocol -> protocol.strip().equalsIgnoreCase("http"));
    }
}
