package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A member as a program that routes clients has to know it.
 *
 * @param host,port of its PostgreSQL
 * @param rest where its agent is asked
 * @param weight its share of the readers, by its tag {@code weight}; empty for the usual one
 */
record RoutedMember(String name, String host, int port, Rest rest, Optional<Integer> weight) {
    /** HAProxy takes no more. */
    private static final int LARGEST_WEIGHT = 256;

    private static final int POSTGRES_PORT = 5432;

    // Not java.net.URI, which sees no host in pg_1:8008.
    private static final Pattern API_URL =
            Pattern.compile("(https?)://(?:\\[([^\\]]+)\\]|([^:/\\[\\]]+)):(\\d{1,5})(?:/.*)?");

    /** The REST interface of a member. */
    record Rest(Scheme scheme, String host, int port) {
        enum Scheme {
            HTTP,
            HTTPS
        }

        boolean isTls() {
            return switch (scheme) {
                case HTTP -> false;
                case HTTPS -> true;
            };
        }

        String url(String path) {
            return (isTls() ? "https://" : "http://") + bracketed(host) + ":" + port + path;
        }
    }

    /**
     * Those that are registered now, in the order of their names.
     *
     * @throws CtlException when a record says too little, or nobody is there
     */
    static List<RoutedMember> of(String scope, ClusterView cluster) {
        List<RoutedMember> all =
                ClusterRows.rows(cluster).stream().map(RoutedMember::routed).toList();
        if (all.isEmpty()) {
            throw new CtlException(
                    "no member of cluster \""
                            + scope
                            + "\" is registered in etcd now, so there is nobody to route to: start the agents.");
        }
        return all;
    }

    private static RoutedMember routed(MemberRow row) {
        Matcher api = API_URL.matcher(row.apiUrl());
        if (row.host().isEmpty() || !api.matches()) {
            throw new CtlException(
                    "the record of member "
                            + row.name()
                            + " in etcd does not say where it is (conn_url and api_url are needed): look at"
                            + " connect_address in its file.");
        }
        return new RoutedMember(
                row.name().value(),
                row.host(),
                row.port().orElse(POSTGRES_PORT),
                new Rest(
                        Rest.Scheme.valueOf(api.group(1).toUpperCase(java.util.Locale.ROOT)),
                        api.group(2) != null ? api.group(2) : api.group(3),
                        Integer.parseInt(api.group(4))),
                Optional.ofNullable(row.tags().values().get("weight"))
                        .map(text -> weight(row, text)));
    }

    private static int weight(MemberRow row, String text) {
        if (!text.matches("\\d{1,3}") || Integer.parseInt(text) > LARGEST_WEIGHT) {
            throw new CtlException(
                    "the tag weight of member "
                            + row.name()
                            + " is \""
                            + text
                            + "\", and a whole number from 0 to "
                            + LARGEST_WEIGHT
                            + " is expected: correct tags.weight in its file.");
        }
        return Integer.parseInt(text);
    }

    /** For programs that take no names: what the name means on this host. */
    static String address(String host) {
        try {
            return InetAddress.getByName(host).getHostAddress();
        } catch (UnknownHostException e) {
            throw new CtlException(
                    "the name \""
                            + host
                            + "\" cannot be resolved here, and keepalived needs an address.",
                    e);
        }
    }

    static boolean isAddress(String host) {
        return host.contains(":") || host.matches("[0-9.]+");
    }

    static String bracketed(String host) {
        return host.contains(":") ? "[" + host + "]" : host;
    }
}
