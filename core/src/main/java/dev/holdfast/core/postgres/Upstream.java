package dev.holdfast.core.postgres;

import dev.holdfast.core.MemberName;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Whom a standby streams from, and copies are made from.
 *
 * @param member empty for servers of another cluster
 * @param addresses where; of several, the one that takes writes is meant
 */
public record Upstream(Optional<MemberName> member, List<Address> addresses) {
    /** Of one server. */
    public record Address(String host, int port) {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    public Upstream {
        addresses = List.copyOf(addresses);
    }

    /** A member of the cluster. */
    public Upstream(MemberName member, String host, int port) {
        this(Optional.of(member), List.of(new Address(host, port)));
    }

    /** Servers of another cluster. */
    public static Upstream outside(List<Address> addresses) {
        return new Upstream(Optional.empty(), addresses);
    }

    /** As sentences have it. */
    public String name() {
        return member.map(MemberName::value).orElseGet(this::where);
    }

    /** The addresses as sentences have them. */
    public String where() {
        return addresses.stream().map(Address::toString).collect(Collectors.joining(", "));
    }

    /** All of it that is at one of the addresses. */
    public Upstream at(Address address) {
        return new Upstream(member, List.of(address));
    }

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
