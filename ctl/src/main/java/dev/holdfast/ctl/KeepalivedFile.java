package dev.holdfast.ctl;

import dev.holdfast.ctl.GenerateKeepalivedCommand.Method;
import dev.holdfast.ctl.RoutingOptions.Trust;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A configuration of keepalived, whole. Who may have an address is what the agent says, and VRRP
 * merely moves it: a host whose check fails is not in the running, whatever its priority.
 *
 * @param writer,reader addresses with the bits of their networks
 * @param routerId of the writer's address; the reader's has the next one
 */
record KeepalivedFile(
        String scope,
        String device,
        Optional<String> writer,
        Optional<String> reader,
        int routerId,
        String replicaPath,
        Trust trust,
        Optional<String> certfile) {

    /** How hosts hear of each other. */
    sealed interface Advertised {
        record ToAll() implements Advertised {}

        record ToPeers(String own, List<String> peers) implements Advertised {}
    }

    private static final String HEAD =
            """
            # Cluster %s, written by `ctl generate keepalived` for %s. Members that are not registered in etcd now are
            # not in it: write it anew when members come or go.
            global_defs {
                vrrp_version 3
                enable_script_security
                script_user nobody
            }
            """;

    /** For a database host. */
    String host(RoutedMember own, Advertised advertised) {
        StringBuilder text = new StringBuilder(HEAD.formatted(scope, "the host of " + own.name()));
        writer.ifPresent(address ->
                text.append(script("primary", own, "/primary"))
                        .append(instance("writer", routerId, address, "primary", advertised)));
        reader.ifPresent(address ->
                text.append(script("replica", own, replicaPath))
                        .append(instance("reader", routerId + 1, address, "replica", advertised)));
        return text.toString();
    }

    /** For a host that is none of the database's and passes connections on. */
    String director(
            List<RoutedMember> members,
            Method method,
            Optional<Integer> port,
            Advertised advertised) {
        StringBuilder text =
                new StringBuilder(
                        HEAD.formatted(scope, "a director of LVS (" + method + ")") + note(method));
        writer.ifPresent(address ->
                text.append(instance("writer", routerId, address, "", advertised))
                        .append(virtualServer(address, members, method, port, "/primary")));
        reader.ifPresent(address ->
                text.append(instance("reader", routerId + 1, address, "", advertised))
                        .append(virtualServer(address, members, method, port, replicaPath)));
        return text.toString();
    }

    private static String note(Method method) {
        String sessions =
                """

                # Connections to a member that was taken out hang until they are given up, unless this host has
                #   sysctl net.ipv4.vs.expire_nodest_conn=1
                """;
        return switch (method) {
            case NAT -> sessions;
            case DR, TUN ->
                    sessions
                            + """
                            # Each member has the addresses below on its loopback interface, and says nothing about them by ARP
                            # (sysctl net.ipv4.conf.all.arp_ignore=1 and arp_announce=2); PostgreSQL listens on them too.
                            """;
        };
    }

    private String script(String name, RoutedMember own, String path) {
        return """

        # Asks the agent of this host, and nobody else: 200, or the address is given up. /primary holds an answer for up to
        # 0.8 s when it is about to change, hence the time-out. Needs curl.
        vrrp_script %1$s {
            script "/usr/bin/curl --silent --fail --head --output /dev/null --max-time 2%2$s %3$s"
            interval 1
            timeout 3
            fall 2
            rise 1
            init_fail
        }
        """
                .formatted(name, own.rest().isTls() ? tls() : "", own.rest().url(path));
    }

    private String tls() {
        return switch (trust) {
                    case Trust.Anybody() -> " --insecure";
                    case Trust.Authorities(String cafile) -> " --cacert " + cafile;
                }
                + certfile.map(file -> " --cert " + file).orElse("");
    }

    private String instance(
            String name, int id, String address, String script, Advertised advertised) {
        String peers =
                switch (advertised) {
                    case Advertised.ToAll() -> "";
                    case Advertised.ToPeers(String own, List<String> others) ->
                            """
                                unicast_src_ip %s
                                unicast_peer {
                            %s
                                }
                            """
                                    .formatted(
                                            own,
                                            others.stream()
                                                    .map(other -> "        " + other)
                                                    .collect(Collectors.joining("\n")));
                };
        String tracked =
                script.isEmpty() ? "" : "    track_script {\n        " + script + "\n    }\n";
        return """

        vrrp_instance %1$s {
            # All begin alike and `nopreempt`: an address stays where it is while the check there succeeds.
            state BACKUP
            nopreempt
            priority 100
            interface %2$s
            virtual_router_id %3$d
            # So short because a lost advertisement moves nothing: who does not pass the check cannot take the address.
            advert_int 0.2
        %4$s    virtual_ipaddress {
                %5$s
            }
        %6$s}
        """
                .formatted(name, device, id, peers, address, tracked);
    }

    private static String virtualServer(
            String address,
            List<RoutedMember> members,
            Method method,
            Optional<Integer> port,
            String path) {
        List<Integer> ports = members.stream().map(RoutedMember::port).distinct().toList();
        boolean translated = method == Method.NAT && port.isPresent();
        if (!translated && (ports.size() > 1 || !port.map(ports::contains).orElse(true))) {
            throw new CtlException(
                    "the members' PostgreSQL listen on "
                            + ports
                            + ", and only --lvs NAT translates ports: give --port with it.");
        }
        return """

        virtual_server %1$s %2$d {
            delay_loop 1
            lb_algo wrr
            lb_kind %3$s
            protocol TCP
        %4$s}
        """
                .formatted(
                        address.replaceFirst("/.*", ""),
                        port.orElse(ports.getFirst()),
                        method,
                        members.stream()
                                .map(member -> realServer(member, path))
                                .collect(Collectors.joining()));
    }

    /** SSL_GET neither verifies certificates nor shows one; there is nothing else. */
    private static String realServer(RoutedMember member, String path) {
        return """
            real_server %1$s %2$d {
                weight %3$d
                %4$s {
                    url {
                        path %5$s
                        status_code 200
                    }
                    connect_ip %6$s
                    connect_port %7$d
                    connect_timeout 2
                    retry 1
                    delay_before_retry 1
                }
            }
        """
                .formatted(
                        RoutedMember.address(member.host()),
                        member.port(),
                        member.weight().orElse(1),
                        member.rest().isTls() ? "SSL_GET" : "HTTP_GET",
                        path,
                        RoutedMember.address(member.rest().host()),
                        member.rest().port());
    }
}
