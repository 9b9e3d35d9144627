package dev.holdfast.ctl;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.ClientTls.Verification;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.AgentConfigReader.Client;
import dev.holdfast.core.config.AgentConfigReader.ClientRead;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.json.ConfigFiles;
import dev.holdfast.dcs.json.ParseResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what is needed to reach a cluster: in a configuration file, which may be an agent's or hold
 * no more than {@code scope}, {@code namespace}, {@code etcd3} and {@code ctl}; in the environment,
 * which wins over the file; and in {@code -d}, which wins over both.
 */
final class SettingsReader {
    private static final List<String> OF_EVERY_SERVER =
            List.of("username", "password", "protocol", "cacert", "cert", "key", "key_password");

    private final Map<String, String> environment;
    private final Path home;
    private final Terminal terminal;

    SettingsReader(Map<String, String> environment, Path home, Terminal terminal) {
        this.environment = environment;
        this.home = home;
        this.terminal = terminal;
    }

    /**
     * Reads.
     *
     * @param file the file named on the command line
     * @param dcsGiven {@code etcd3://host:port[/namespace]}; without it {@code DCS_URL} counts, as
     *     in Patroni
     * @param verification of the members' certificates, unless the file leaves it out
     * @throws CtlException when the file cannot be read, or does not say where the store is
     */
    Settings read(Optional<Path> file, Optional<String> dcsGiven, Verification verification) {
        Optional<String> dcsUrl =
                dcsGiven.or(() ->
                        Optional.ofNullable(environment.get("DCS_URL"))
                                .filter(url -> !url.isBlank()));
        Optional<Path> chosen = file.or(this::namedByEnvironment).or(this::found);
        Map<String, Object> tree =
                new LinkedHashMap<>(chosen.map(SettingsReader::parse).orElse(Map.of()));
        if (chosen.isEmpty()
                && dcsUrl.isEmpty()
                && environment.keySet().stream().noneMatch(SettingsReader::saysWhereEtcdIs)) {
            throw new CtlException(
                    "it is not known where etcd is: give -d etcd3://HOST:PORT, or a configuration file by -c FILE"
                            + " (there is none at "
                            + usualPlaces().stream()
                                    .map(Path::toString)
                                    .collect(Collectors.joining(", "))
                            + ").");
        }
        Map<String, String> variables = environment;
        if (dcsUrl.isPresent()) {
            placeEtcd(tree, dcsUrl.get());
            variables = new TreeMap<>(environment);
            variables.keySet().removeIf(SettingsReader::saysWhereEtcdIs);
            if (placeNamespace(tree, dcsUrl.get())) {
                variables.keySet().removeIf(name -> name.matches("(HOLDFAST|PATRONI)_NAMESPACE"));
            }
        }
        ClientRead read = AgentConfigReader.readForClient(tree, variables);
        String where =
                chosen.map(path -> "the configuration file " + path).orElse("the environment");
        return read.client()
                .map(client -> settings(client, verification, read.problems()))
                .orElseThrow(() ->
                        new CtlException(
                                "in "
                                        + where
                                        + ": "
                                        + read.problems().stream()
                                                .filter(Problem::isError)
                                                .map(Problem::sentence)
                                                .collect(Collectors.joining(" "))));
    }

    private Settings settings(Client client, Verification asked, List<Problem> warnings) {
        warnings.forEach(warning -> terminal.warn("Warning: " + warning.sentence()));
        ClientTls tls = client.ctl().tls();
        Ctl rest =
                switch (asked) {
                    case VERIFIED -> client.ctl();
                    case UNVERIFIED ->
                            new Ctl(
                                    client.ctl().authentication(),
                                    new ClientTls(tls.cacert(), tls.identity(), asked));
                };
        return new Settings(client.scope(), client.namespace(), client.etcd(), rest);
    }

    private Optional<Path> namedByEnvironment() {
        return Stream.of("HOLDFASTCTL_CONFIG_FILE", "PATRONICTL_CONFIG_FILE")
                .flatMap(name -> Optional.ofNullable(environment.get(name)).stream())
                .filter(name -> !name.isBlank())
                .findFirst()
                .map(Path::of);
    }

    private List<Path> usualPlaces() {
        return List.of(
                home.resolve(".config/patroni/patronictl.yaml"),
                home.resolve(".config/holdfast/ctl.yml"),
                Path.of("/etc/holdfast/holdfast.yml"));
    }

    private Optional<Path> found() {
        return usualPlaces().stream().filter(Files::isRegularFile).findFirst();
    }

    private static Map<String, Object> parse(Path place) {
        return switch (ConfigFiles.read(place)) {
            case ParseResult.Parsed(Map<String, Object> tree) -> tree;
            case ParseResult.Malformed(String sentence) ->
                    throw new CtlException(
                            sentence
                                    + (Files.exists(place)
                                            ? "."
                                            : ": correct -c, or the variable that names it."));
        };
    }

    /** Puts the address of {@code -d} where the file has its own; who we are, and TLS, stay. */
    private static void placeEtcd(Map<String, Object> tree, String dcsUrl) {
        int end = dcsUrl.indexOf("://");
        String scheme = end < 0 ? "etcd3" : dcsUrl.substring(0, end);
        String rest = place(dcsUrl).split("/", 2)[0];
        if (!List.of("etcd", "etcd3", "http", "https").contains(scheme)) {
            throw new CtlException(
                    "-d "
                            + dcsUrl
                            + " names the store \""
                            + scheme
                            + "\", and only etcd is known: give -d etcd3://HOST:PORT.");
        }
        Map<String, Object> etcd = new LinkedHashMap<>();
        if (tree.get(tree.containsKey("etcd3") ? "etcd3" : "etcd") instanceof Map<?, ?> old) {
            OF_EVERY_SERVER.stream()
                    .filter(key -> old.get(key) != null)
                    .forEach(key -> etcd.put(key, String.valueOf(old.get(key))));
        }
        if (scheme.startsWith("http")) {
            etcd.put("protocol", scheme);
        }
        etcd.put("hosts", rest);
        tree.remove("etcd");
        tree.put("etcd3", etcd);
    }

    /** The namespace that stands behind the address. Returns whether there is one. */
    private static boolean placeNamespace(Map<String, Object> tree, String dcsUrl) {
        String[] parts = place(dcsUrl).split("/", 2);
        boolean named = parts.length > 1 && !parts[1].isBlank();
        if (named) {
            tree.put("namespace", parts[1]);
        }
        return named;
    }

    /** Without the scheme. */
    private static String place(String dcsUrl) {
        int end = dcsUrl.indexOf("://");
        return end < 0 ? dcsUrl : dcsUrl.substring(end + 3);
    }

    private static boolean saysWhereEtcdIs(String variable) {
        return variable.matches("(HOLDFAST|PATRONI)_ETCD3?_(HOST|HOSTS|URL|SRV|SRV_SUFFIX|PROXY)");
    }
}
