package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Reads the section {@code standby_cluster}. */
final class StandbyClusterReader {
    private static final int DEFAULT_PORT = 5432;

    private StandbyClusterReader() {}

    /**
     * Empty where there is no such section. One that names no source is an error: to take it for
     * none would promote a cluster that should follow another one.
     */
    static Optional<StandbyCluster> read(ConfigTree tree) {
        Object found = tree.raw("standby_cluster").orElse(null);
        if (Scalars.saysOff(found)) {
            return Optional.empty();
        }
        ConfigTree section = tree.section("standby_cluster");
        SortedMap<String, String> parameters = new TreeMap<>();
        parameter(section, "restore_command", parameters);
        parameter(section, "archive_cleanup_command", parameters);
        SortedMap<String, String> leaderParameters = new TreeMap<>();
        parameter(section, "recovery_min_apply_delay", leaderParameters);
        List<HostPort> hosts = hosts(section);
        StandbyCluster read =
                new StandbyCluster(
                        hosts,
                        section.read(
                                "primary_slot_name",
                                "the name of a replication slot: small letters, digits and _, at most 63 of them",
                                value -> Scalars.text(value).filter(Slot::isName)),
                        methods(section),
                        parameters,
                        leaderParameters);
        boolean named =
                section.has("host") || section.has("port") || section.has("restore_command");
        if (!named && found instanceof Map<?, ?>) {
            tree.error(
                    "standby_cluster",
                    Problem.show(found),
                    "host, port or restore_command of the cluster to follow; null for a cluster of its own");
        }
        return Optional.of(read);
    }

    private static void parameter(
            ConfigTree section, String name, SortedMap<String, String> parameters) {
        section.read(name, "text on one line", ParametersReader::value)
                .filter(value -> !value.isBlank())
                .ifPresent(value -> parameters.put(name, value));
    }

    private static List<String> methods(ConfigTree section) {
        return section.raw("create_replica_methods").orElse(null) instanceof String one
                ? List.of(one.strip())
                : section.lines("create_replica_methods").stream().distinct().toList();
    }

    /** One port is that of every host; else there is one for each. */
    private static List<HostPort> hosts(ConfigTree section) {
        Optional<List<String>> hosts =
                section.read(
                        "host",
                        "names or addresses of servers, with a comma between two",
                        value -> listed(value, StandbyClusterReader::host));
        Optional<List<Integer>> ports =
                section.read(
                        "port",
                        "a port from 1 to 65535, or one for each host with a comma between two",
                        value -> listed(value, StandbyClusterReader::port));
        if (hosts.isEmpty() && ports.isEmpty()) {
            return List.of();
        }
        List<String> names = hosts.orElse(List.of("localhost"));
        List<Integer> numbers = ports.orElse(List.of(DEFAULT_PORT));
        if (numbers.size() != 1 && numbers.size() != names.size()) {
            section.error(
                    "port",
                    numbers.size() + " ports for " + names.size() + " hosts",
                    "one port, or one for each host");
            return List.of();
        }
        List<HostPort> read = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            read.add(new HostPort(names.get(i), numbers.get(numbers.size() == 1 ? 0 : i)));
        }
        return read;
    }

    private static <T> Optional<List<T>> listed(Object value, Function<String, Optional<T>> one) {
        List<T> read = new ArrayList<>();
        for (String part : Scalars.text(value).orElse("").split(",", -1)) {
            Optional<T> each = one.apply(part.strip());
            if (each.isEmpty()) {
                return Optional.empty();
            }
            read.add(each.get());
        }
        return Optional.of(read);
    }

    private static Optional<String> host(String text) {
        return text.matches("[^\\s,]+") ? Optional.of(text) : Optional.empty();
    }

    private static Optional<Integer> port(String text) {
        return text.matches("\\d{1,5}")
                ? Optional.of(Integer.parseInt(text)).filter(n -> n >= 1 && n <= 65_535)
                : Optional.empty();
    }
}
