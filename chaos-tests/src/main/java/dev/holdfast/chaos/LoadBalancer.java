package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** HAProxy with a port for writers and one for readers. */
final class LoadBalancer {
    private final Host host;
    private final int writerPort;
    private final int readerPort;
    private final Path runtime;

    LoadBalancer(Host host, Path directory, Ports ports, List<Member> members) {
        this.host = host;
        this.writerPort = ports.next();
        this.readerPort = ports.next();
        this.runtime = directory.resolve("haproxy.sock");
        Path file = directory.resolve("haproxy.cfg");
        try {
            Files.writeString(file, configuration(members));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        host.account().own(file);
        Child _ =
                host.account()
                        .start(
                                directory.resolve("haproxy.log"),
                                List.of(host.program("haproxy"), "-db", "-f", file.toString()));
    }

    Address writer() {
        return new Address(host.address(), writerPort);
    }

    Address reader() {
        return new Address(host.address(), readerPort);
    }

    /** Its {@code stats socket}. */
    Path runtime() {
        return runtime;
    }

    /**
     * A refused connection is passed on at once: with retries HAProxy would wait a second before
     * each.
     */
    private String configuration(List<Member> members) {
        return """
        global
            maxconn 500
            log stdout format raw local0 notice
            stats socket %s level admin

        defaults
            mode tcp
            log global
            retries 0
            timeout connect 1s
            timeout client 1h
            timeout server 1h
            default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions

        """
                        .formatted(runtime)
                + listen("writer", writer(), "/primary", members)
                + listen("reader", reader(), "/replica", members);
    }

    private static String listen(String name, Address address, String path, List<Member> members) {
        return """
        listen %s
            bind %s
            option httpchk OPTIONS %s
            http-check expect status 200
        %s

        """
                .formatted(
                        name,
                        address,
                        path,
                        members.stream()
                                .map(member ->
                                        "    server %s %s check port %d"
                                                .formatted(
                                                        member.name(),
                                                        member.postgres(),
                                                        member.restPort()))
                                .collect(Collectors.joining("\n")));
    }
}
