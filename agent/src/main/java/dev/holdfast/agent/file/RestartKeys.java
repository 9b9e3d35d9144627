package dev.holdfast.agent.file;

import dev.holdfast.core.config.AgentConfig;
import java.util.List;
import java.util.function.Function;

/**
 * What of a member's file holds only after its agent was restarted: where it is, whom it speaks to,
 * and as whom. Parameters, lines of {@code pg_hba} and {@code pg_ident}, tags and the log change
 * while it runs; what is under {@code bootstrap} matters no more once there is a cluster.
 */
public final class RestartKeys {
    private record Part(String path, Function<AgentConfig, Object> value) {}

    private static final List<Part> PARTS =
            List.of(
                    new Part("scope", AgentConfig::scope),
                    new Part("namespace", AgentConfig::namespace),
                    new Part("name", AgentConfig::name),
                    new Part("restapi", AgentConfig::restApi),
                    new Part("etcd3", AgentConfig::etcd),
                    new Part("guard", AgentConfig::guard),
                    new Part("watchdog", AgentConfig::watchdog),
                    new Part("postgresql.listen", c -> ListenPorts.of(c.postgresql())),
                    new Part("postgresql.connect_address", c -> c.postgresql().connectAddress()),
                    new Part("postgresql.proxy_address", c -> c.postgresql().proxyAddress()),
                    new Part("postgresql.data_dir", c -> c.postgresql().dataDir()),
                    new Part("postgresql.config_dir", c -> c.postgresql().configDir()),
                    new Part("postgresql.bin_dir", c -> c.postgresql().binDir()),
                    new Part("postgresql.bin_name", c -> c.postgresql().binName()),
                    new Part("postgresql.custom_conf", c -> c.postgresql().customConf()),
                    new Part("postgresql.pgpass", c -> c.postgresql().pgpass()),
                    new Part(
                            "postgresql.authentication",
                            c ->
                                    List.of(
                                            c.postgresql().superuser(),
                                            c.postgresql().replication(),
                                            c.postgresql().rewind())),
                    new Part("postgresql.basebackup", c -> c.postgresql().basebackup()),
                    new Part("postgresql.keep_directories", c -> c.postgresql().keepDirectories()),
                    new Part("postgresql.keep_aside", c -> c.postgresql().keepAside()),
                    new Part("postgresql.use_unix_socket", c -> c.postgresql().useUnixSocket()),
                    new Part(
                            "postgresql.use_unix_socket_repl",
                            c -> c.postgresql().useUnixSocketRepl()));

    private RestartKeys() {}

    /** The paths whose values differ between what the agent runs with and what its file says. */
    public static List<String> changed(AgentConfig running, AgentConfig file) {
        return PARTS.stream()
                .filter(part -> !part.value().apply(running).equals(part.value().apply(file)))
                .map(Part::path)
                .toList();
    }
}
