package dev.holdfast.agent.file;

import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.HostPort;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a running server is reached: words and values ({@code host=db1 user=postgres}) or a URL, as
 * libpq takes both, and its variables ({@code PGHOST}, ...) for what is not said.
 */
record Dsn(HostPort address, Credentials user, String database) {
    private static final Pattern WORD =
            Pattern.compile("\\s*(\\w+)\\s*=\\s*(?:'((?:[^'\\\\]|\\\\.)*)'|(\\S*))");
    private static final int DEFAULT_PORT = 5432;

    /**
     * Reads.
     *
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    static Dsn of(Optional<String> text, Map<String, String> environment) {
        Map<String, String> words = new TreeMap<>();
        Map.of(
                        "PGHOST", "host",
                        "PGPORT", "port",
                        "PGUSER", "user",
                        "PGPASSWORD", "password",
                        "PGDATABASE", "dbname")
                .forEach((variable, word) -> {
                    String value = environment.getOrDefault(variable, "");
                    if (!value.isEmpty()) {
                        words.put(word, value);
                    }
                });
        text.ifPresent(dsn -> words.putAll(dsn.contains("://") ? ofUrl(dsn) : ofWords(dsn)));
        String host = words.getOrDefault("host", "localhost");
        String port = words.getOrDefault("port", String.valueOf(DEFAULT_PORT));
        if (!port.matches("\\d{1,5}")) {
            throw new IllegalArgumentException("\"" + port + "\" is not a port");
        }
        String user = words.getOrDefault("user", "postgres");
        return new Dsn(
                // The driver speaks no Unix sockets; who names one means this host.
                new HostPort(host.startsWith("/") ? "localhost" : host, Integer.parseInt(port)),
                new Credentials(user, words.getOrDefault("password", "")),
                words.getOrDefault("dbname", "postgres"));
    }

    Dsn withPassword(String password) {
        return new Dsn(address, new Credentials(user.username(), password), database);
    }

    private static Map<String, String> ofWords(String text) {
        Map<String, String> words = new TreeMap<>();
        Matcher word = WORD.matcher(text);
        int end = 0;
        while (end < text.stripTrailing().length()) {
            if (!word.find(end) || word.start() != end) {
                throw new IllegalArgumentException(
                        "the connection string is not made of word=value, from its character "
                                + (end + 1)
                                + " on");
            }
            String quoted = word.group(2);
            words.put(
                    word.group(1),
                    quoted == null ? word.group(3) : quoted.replaceAll("\\\\(.)", "$1"));
            end = word.end();
        }
        return words;
    }

    private static Map<String, String> ofUrl(String text) {
        try {
            URI url = new URI(text);
            Map<String, String> words = new TreeMap<>();
            Optional.ofNullable(url.getHost()).ifPresent(host -> words.put("host", bare(host)));
            if (url.getPort() > 0) {
                words.put("port", String.valueOf(url.getPort()));
            }
            Optional.ofNullable(url.getUserInfo())
                    .ifPresent(info -> {
                        int colon = info.indexOf(':');
                        words.put("user", colon < 0 ? info : info.substring(0, colon));
                        if (colon >= 0) {
                            words.put("password", info.substring(colon + 1));
                        }
                    });
            Optional.ofNullable(url.getPath())
                    .map(path -> path.replaceFirst("^/", ""))
                    .filter(path -> !path.isEmpty())
                    .ifPresent(path -> words.put("dbname", path));
            return words;
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "the connection string is not a URL: " + e.getReason(), e);
        }
    }

    private static String bare(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
