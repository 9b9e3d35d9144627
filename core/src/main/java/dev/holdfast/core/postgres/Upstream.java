package dev.holdfast.core.postgres;

import dev.holdfast.core.MemberName;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whom a standby streams from. */
public record Upstream(MemberName member, String host, int port) {
    // Not java.net.URI, which sees no host in pg_1:5432.
    private static final Pattern CONN_URL =
            Pattern.compile(
                    "postgres(?:ql)?://(?:[^@/]*@)?(?:\\[([^\\]]+)\\]|([^:/?\\[\\]]+))(?::(\\d{1,5}))?(?:[/?].*)?");

    private static final int DEFAULT_PORT = 5432;

    /**
     * Reads a member's {@code conn_url}, {@code postgres://host:port/database}; empty when it is
     * not one.
     */
    public static Optional<Upstream> of(MemberName member, String connUrl) {
        Matcher parts = CONN_URL.matcher(connUrl);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String host = parts.group(1) != null ? parts.group(1) : parts.group(2);
        int port = parts.group(3) == null ? DEFAULT_PORT : Integer.parseInt(parts.group(3));
        return host == null || port < 1 || port > 65_535
                ? Optional.empty()
                : Optional.of(new Upstream(member, host, port));
    }
}
