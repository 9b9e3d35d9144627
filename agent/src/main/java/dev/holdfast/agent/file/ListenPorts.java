package dev.holdfast.agent.file;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether a server could listen where it is told to. */
public final class ListenPorts {
    private ListenPorts() {}

    /** Every address of {@code postgresql.listen}. */
    public static List<HostPort> of(AgentConfig.Postgres postgres) {
        return Stream.of(postgres.listenHosts().split(",", -1))
                .map(host -> new HostPort(host.strip(), postgres.port()))
                .toList();
    }

    /** Why nobody can listen there now. */
    public static Optional<String> refusal(HostPort where) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(
                    where.host().isEmpty() || where.host().equals("*")
                            ? new InetSocketAddress(where.port())
                            : new InetSocketAddress(
                                    InetAddress.getByName(where.host()), where.port()));
            return Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.of("the name cannot be resolved");
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
