package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.Allowlist;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfig.Identity;
import dev.holdfast.core.config.AgentConfig.RestApi;
import dev.holdfast.core.config.AgentConfig.ServerTls;
import dev.holdfast.core.config.AgentConfig.ServerTls.ClientCertificates;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads {@code restapi} and {@code ctl}: who may ask, and who asks. */
final class RestReader {
    private static final int REST_PORT = 8008;

    /** The kernel has a bound of its own, often 4096. */
    private static final int BACKLOG = 1024;

    private static final int LARGEST_BACKLOG = 65_535;
    private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    private RestReader() {}

    /** Both sections; what that of the clients does not say, that of the server says. */
    record Sections(RestApi restApi, Ctl ctl) {}

    static Sections read(ConfigTree root) {
        ConfigTree restApi = root.section("restapi");
        Optional<Credentials> authentication = credentials(restApi);
        Optional<String> cafile = restApi.absolutePath("cafile");
        Ctl ctl = ctl(root.section("ctl"), authentication, cafile);
        HostPort listen = listen(restApi);
        Optional<ServerTls> tls = tls(restApi, cafile);
        membersCanAsk(root.section("ctl"), tls, ctl.tls());
        return new Sections(
                new RestApi(
                        listen,
                        AddressKeys.connectAddress(restApi, listen, REST_PORT),
                        authentication,
                        tls,
                        allowlist(restApi),
                        headers(restApi, tls.isPresent() ? "https" : "http"),
                        restApi.integer("request_queue_size", 1, LARGEST_BACKLOG).orElse(BACKLOG)),
                ctl);
    }

    /** What the control command needs, from a file that may have no {@code restapi}. */
    static Ctl readCtl(ConfigTree root) {
        ConfigTree restApi = root.section("restapi");
        return ctl(root.section("ctl"), credentials(restApi), restApi.absolutePath("cafile"));
    }

    private static Ctl ctl(
            ConfigTree ctl, Optional<Credentials> ofRestApi, Optional<String> cafile) {
        return new Ctl(
                credentials(ctl).or(() -> ofRestApi),
                ClientTlsReader.read(
                        ctl,
                        "certfile",
                        "keyfile",
                        cafile,
                        ctl.flag("insecure").orElse(false)
                                ? ClientTls.Verification.UNVERIFIED
                                : ClientTls.Verification.VERIFIED));
    }

    private static HostPort listen(ConfigTree restApi) {
        String expected = "host:port on which the REST server listens, such as \"*:8008\"";
        HostPort nowhere = new HostPort("", REST_PORT);
        if (restApi.requiredText("listen", expected).isEmpty()) {
            return nowhere;
        }
        return restApi.read(
                        "listen",
                        expected,
                        value ->
                                Scalars.text(value)
                                        .flatMap(text -> Addresses.hostPort(text, REST_PORT)))
                .orElse(nowhere);
    }

    /** Members ask each other, and must be let in. */
    private static void membersCanAsk(ConfigTree ctl, Optional<ServerTls> tls, ClientTls asking) {
        if (asking.identity().isPresent()) {
            return;
        }
        switch (tls.map(ServerTls::clientCertificates).orElse(ClientCertificates.NONE)) {
            case NONE -> {}
            case OPTIONAL ->
                    ctl.warning(
                            "certfile",
                            "nothing",
                            "leaves members unable to confirm a leader (failsafe_mode) and to pass"
                                    + " commands on, because restapi.verify_client is optional");
            case REQUIRED ->
                    ctl.error(
                            "certfile",
                            "nothing",
                            "the certificate that this member shows to others, because"
                                    + " restapi.verify_client is required");
        }
    }

    private static Optional<ServerTls> tls(ConfigTree restApi, Optional<String> cafile) {
        Optional<Identity> identity = ClientTlsReader.identity(restApi, "certfile", "keyfile");
        ClientCertificates certificates =
                restApi.read("verify_client", "none, optional or required", RestReader::mode)
                        .orElse(ClientCertificates.NONE);
        if (certificates != ClientCertificates.NONE) {
            if (identity.isEmpty()) {
                restApi.error(
                        "certfile",
                        "nothing",
                        "the server's certificate, because verify_client needs TLS");
            }
            if (cafile.isEmpty()) {
                restApi.error(
                        "cafile",
                        "nothing",
                        "the authorities of the clients' certificates, because verify_client asks for them");
            }
        }
        List<String> ciphers = ciphers(restApi);
        return identity.map(shown -> new ServerTls(shown, cafile, ciphers, certificates));
    }

    private static List<String> ciphers(ConfigTree restApi) {
        String text = restApi.text("ciphers").orElse("");
        return switch (CipherList.read(text)) {
            case CipherList.Read.Suites(List<String> names, List<String> unspoken) -> {
                if (!unspoken.isEmpty()) {
                    restApi.warning(
                            "ciphers",
                            String.join(", ", unspoken),
                            "the JDK does not speak, so that is left out");
                }
                yield names;
            }
            case CipherList.Read.Refused(Optional<String> word) -> {
                restApi.error(
                        "ciphers",
                        Problem.show(word.orElse(text)),
                        word.isPresent()
                                ? "names or groups of openssl that the JDK speaks, such as"
                                        + " ECDHE-RSA-AES256-GCM-SHA384 or ECDHE+AESGCM:!SHA1, or the JDK's"
                                        + " own names (without this key nothing weak is spoken)"
                                : "a list that leaves a cipher suite of TLS 1.2 which the JDK speaks");
                yield List.of();
            }
        };
    }

    private static Optional<ClientCertificates> mode(Object value) {
        return Scalars.text(value)
                .flatMap(text ->
                        switch (text.strip().toLowerCase(Locale.ROOT)) {
                            case "none", "" -> Optional.of(ClientCertificates.NONE);
                            case "optional" -> Optional.of(ClientCertificates.OPTIONAL);
                            case "required" -> Optional.of(ClientCertificates.REQUIRED);
                            case String _ -> Optional.empty();
                        });
    }

    private static Allowlist allowlist(ConfigTree restApi) {
        Object value = restApi.raw("allowlist").orElse(List.of());
        List<?> entries =
                value instanceof List<?> list ? list : List.of(String.valueOf(value).split(","));
        List<String> hosts =
                entries.stream()
                        .map(entry -> String.valueOf(entry).strip().replaceAll("^['\"]|['\"]$", ""))
                        .filter(entry -> !entry.isEmpty())
                        .toList();
        for (String host : hosts) {
            if (!isHostOrNetwork(host)) {
                restApi.error(
                        "allowlist",
                        Problem.show(host),
                        "a host name, an address, or a network such as 10.0.0.0/8");
            }
        }
        return new Allowlist(hosts, restApi.flag("allowlist_include_members").orElse(false));
    }

    private static boolean isHostOrNetwork(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        boolean six = host.contains(":");
        boolean known =
                Addresses.hostPort(six ? "[" + host + "]" : host, REST_PORT)
                        .filter(address -> !address.host().equals("*"))
                        .isPresent();
        if (slash < 0 || !known) {
            return known;
        }
        boolean address = six || host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
        return address
                && text.substring(slash + 1).matches("\\d{1,3}")
                && Integer.parseInt(text.substring(slash + 1)) <= (six ? 128 : 32);
    }

    /** Those of https come on top of those of http. */
    private static SortedMap<String, String> headers(ConfigTree restApi, String protocol) {
        SortedMap<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        serverHeader(restApi).ifPresent(server -> headers.put("Server", server));
        for (String key : List.of("http_extra_headers", "https_extra_headers")) {
            SortedMap<String, String> given =
                    restApi.read(key, "a map of names and values of headers", Pairs::of)
                            .orElse(Collections.emptySortedMap());
            given.forEach((name, value) -> {
                if (!HEADER.matcher(name).matches()
                        || value.chars().anyMatch(c -> c < 32 || c > 126)) {
                    restApi.error(
                            key + "." + name,
                            Problem.show(value),
                            "a header: a name, and one line");
                } else if (key.startsWith(protocol + "_") || key.startsWith("http_")) {
                    headers.put(name, value);
                }
            });
        }
        return headers;
    }

    /** {@code server_tokens}: nothing is said by default, as it helps only who looks for holes. */
    private static Optional<String> serverHeader(ConfigTree restApi) {
        return restApi.read(
                        "server_tokens",
                        "Minimal, ProductOnly or Original",
                        value ->
                                Scalars.text(value)
                                        .flatMap(text ->
                                                switch (text.strip().toLowerCase(Locale.ROOT)) {
                                                    case "original", "" -> Optional.of("");
                                                    case "productonly", "minimal" ->
                                                            Optional.of("Holdfast");
                                                    case String _ -> Optional.<String>empty();
                                                }))
                .filter(server -> !server.isEmpty());
    }

    /** {@code authentication} of a section: user and password, or neither. */
    private static Optional<Credentials> credentials(ConfigTree section) {
        if (!section.has("authentication")) {
            return Optional.empty();
        }
        ConfigTree authentication = section.section("authentication");
        Optional<String> user = authentication.text("username");
        Optional<String> password =
                authentication.secret("password").filter(secret -> !secret.isEmpty());
        if (user.isPresent() != password.isPresent()) {
            authentication.error(
                    user.isPresent() ? "password" : "username",
                    "nothing",
                    "both username and password, or neither");
        }
        return user.map(name -> new Credentials(name, password.orElse("")));
    }
}
