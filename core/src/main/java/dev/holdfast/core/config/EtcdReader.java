package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Etcd;
import dev.holdfast.core.config.AgentConfig.Srv;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        // The endpoints are used as they are given, which is what this asks for.
        etcd.raw("use_proxies");
        String protocol =
                etcd.read("protocol", "http or https", EtcdReader::protocol).orElse("http");
        Optional<Srv> srv = srv(etcd, protocol);
        List<Endpoint> endpoints = endpoints(etcd, protocol);
        ClientTls tls =
                ClientTlsReader.read(
                        etcd, "cert", "key", Optional.empty(), ClientTls.Verification.VERIFIED);
        boolean plain = endpoints.stream().anyMatch(e -> e.url().startsWith("http:"));
        if (plain && (tls.cacert().isPresent() || tls.identity().isPresent())) {
            etcd.error(
                    "protocol",
                    "http",
                    "https (or https:// in the address), because there are certificates for it");
        }
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
        return new Etcd(
                endpoints.stream().map(Endpoint::url).distinct().toList(), credentials, tls, srv);
    }

    private static Optional<Srv> srv(ConfigTree etcd, String protocol) {
        String expected = "a domain whose SRV records name the servers";
        Optional<String> suffix = etcd.text("srv_suffix");
        Optional<String> domain =
                etcd.text("srv").isEmpty()
                        ? Optional.empty()
                        : etcd.read("srv", expected, EtcdReader::domain);
        if (suffix.isPresent() && suffix.flatMap(EtcdReader::domain).isEmpty()) {
            etcd.error("srv_suffix", Problem.show(suffix.get()), "the end of a service's name");
        }
        return domain.map(name -> new Srv(name, suffix, protocol));
    }

    private static Optional<String> domain(Object value) {
        return Scalars.text(value)
                .map(String::strip)
                .filter(name -> name.matches("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?"));
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

    private static List<Endpoint> endpoints(ConfigTree etcd, String protocol) {
        List<Endpoint> endpoints = new ArrayList<>();
        boolean given = false;
        // The first that is there is used, in this order; together they would contradict each
        // other.
        for (String key : List.of("proxy", "url", "hosts", "host")) {
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
                            endpoint(address, protocol)
                                    .ifPresentOrElse(
                                            endpoints::add,
                                            () ->
                                                    etcd.error(
                                                            key,
                                                            Problem.show(address),
                                                            "http://host:port, https://host:port, or host:port")));
            if (endpoints.isEmpty() && addresses(value).isEmpty()) {
                etcd.error(key, Problem.show(value), "at least one host:port");
            }
        }
        if (!given && !etcd.has("srv")) {
            etcd.error(
                    "hosts",
                    "nothing",
                    "where etcd is: a list of host:port (or host, url, proxy or srv)");
        } else if (given && etcd.has("srv")) {
            etcd.warning(
                    "srv",
                    Problem.show(etcd.raw("srv").orElse(null)),
                    "is ignored, because an address of etcd is there too");
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

    private static Optional<Endpoint> endpoint(String address, String protocol) {
        Matcher matcher = URL.matcher(address);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String scheme = matcher.group(1) == null ? protocol : matcher.group(1);
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
                .map(hostPort -> new Endpoint(scheme + "://" + hostPort, credentials));
    }

    private static Optional<String> protocol(Object value) {
        return Scalars.text(value)
                .map(text -> text.strip().toLowerCase(Locale.ROOT))
                .filter(List.of("http", "https")::contains);
    }
}
