package dev.holdfast.api.client;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a URL that names a server. {@code java.net.URI} is no use here: it finds no host in
 * {@code http://pg_1:8008/}, which is how containers are often named.
 *
 * @param host without brackets where it is an IPv6 address
 */
public record Origin(String scheme, String host, int port) {
    private static final Pattern URL =
            Pattern.compile(
                    "(https?)://(?:\\[([^\\]]+)\\]|([^/?#:@\\s]+))(?::(\\d{1,5}))?(?:[/?#].*)?");

    /** Reads an {@code http} or {@code https} URL; empty when {@code url} is not one. */
    public static Optional<Origin> of(String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String host = parts.group(2) == null ? parts.group(3) : parts.group(2);
        int port =
                parts.group(4) != null
                        ? Integer.parseInt(parts.group(4))
                        : parts.group(1).equals("https") ? 443 : 80;
        return port < 1 || port > 65535
                ? Optional.empty()
                : Optional.of(new Origin(parts.group(1), host, port));
    }

    public boolean secure() {
        return scheme.equals("https");
    }

    @Override
    public String toString() {
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
