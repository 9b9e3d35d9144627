package dev.holdfast.ctl;

import dev.holdfast.core.config.Routing.Haproxy;
import dev.holdfast.ctl.RoutingOptions.Trust;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A configuration of HAProxy, whole. Whether a member is up is in all cases HAProxy's own finding;
 * what agents tell it through the runtime socket holds until its next check.
 *
 * @param bind the address, IPv6 in brackets
 */
// A file is read as one text, not in pieces between what fills it.
@SuppressWarnings("InlineFormatString")
record HaproxyFile(
        String scope,
        List<RoutedMember> members,
        String bind,
        int writerPort,
        int readerPort,
        Optional<String> runtime,
        String replicaPath,
        Trust trust,
        Optional<String> certfile) {
    private static final String MAIN =
            """
            # Cluster %1$s, written by `ctl generate haproxy`: writers use port %3$d, readers port %4$d. Members that are not
            # registered in etcd now are not in it: write it anew when members come or go.
            %5$sdefaults
                log global
                mode tcp
                option dontlog-normal
                timeout connect 1s
                timeout client 30m
                timeout server 30m
                option clitcpka
                option srvtcpka
                # The agents say who is primary and who is a replica; a PostgreSQL that merely accepts connections proves nothing.
                option httpchk
                http-check expect status 200
                # `rise 1`: the first 200 is the truth. Sessions to a member that has lost its role are ended at once.
                default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions

            frontend writer
                bind %2$s:%3$d
                default_backend %8$s

            frontend reader
                bind %2$s:%4$d
                use_backend replicas if { nbsrv(replicas) gt 0 }
                default_backend %8$s

            backend %8$s
                http-check send meth OPTIONS uri /primary
                retries 0
            %6$s

            backend replicas
                balance leastconn
                http-check send meth OPTIONS uri %9$s
                retries 2
                option redispatch 1
            %7$s
            """;

    private static final String RUNTIME =
            """
            global
                # Agents tell HAProxy here who has become primary. Whoever reaches this address commands HAProxy: keep it to the
                # database hosts, by a firewall or by permissions.
                stats socket %s level admin

            """;

    String text() {
        return MAIN.formatted(
                scope,
                bind,
                writerPort,
                readerPort,
                runtime.map(address -> RUNTIME.formatted(socket(address))).orElse(""),
                servers(_ -> ""),
                servers(member -> member.weight().map(w -> " weight " + w).orElse("")),
                Haproxy.BACKEND,
                replicaPath);
    }

    private static String socket(String address) {
        return address.startsWith("/") ? address + " mode 660" : address;
    }

    private String servers(Function<RoutedMember, String> more) {
        return members.stream()
                .map(member -> server(member) + more.apply(member))
                .collect(Collectors.joining("\n"));
    }

    private String server(RoutedMember member) {
        RoutedMember.Rest rest = member.rest();
        if (!Haproxy.isServerName(member.name())) {
            throw new CtlException(
                    "member \""
                            + member.name()
                            + "\" has a name that HAProxy does not take for a server: letters, digits and _ . : - are"
                            + " expected.");
        }
        return "    server "
                + member.name()
                + " "
                + RoutedMember.bracketed(member.host())
                + ":"
                + member.port()
                + " check"
                + (rest.host().equals(member.host()) ? "" : " addr " + rest.host())
                + " port "
                + rest.port()
                // A name that cannot be resolved when HAProxy starts must not keep it from
                // starting.
                + (RoutedMember.isAddress(member.host()) ? "" : " init-addr last,libc,none")
                + (rest.isTls() ? tls(rest.host()) : "");
    }

    private String tls(String host) {
        return " check-ssl"
                + switch (trust) {
                    case Trust.Anybody() -> " verify none";
                    case Trust.Authorities(String cafile) ->
                            " verify required ca-file "
                                    + cafile
                                    // It compares names only: of an address it looks at the
                                    // authority.
                                    + (RoutedMember.isAddress(host)
                                            ? ""
                                            : " verifyhost " + host + " check-sni " + host);
                }
                + certfile.map(file -> " crt " + file).orElse("");
    }
}
