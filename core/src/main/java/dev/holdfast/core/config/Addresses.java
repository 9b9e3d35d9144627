package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.HostPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Addresses as people write them. IPv6 addresses stand in brackets; only {@code postgresql.listen}
 * takes them without, as Patroni does.
 */
final class Addresses {
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?");
    private static final Pattern IPV6_CHARACTERS =
            Pattern.compile("[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?");
    private static final Pattern PORT = Pattern.compile("\\d{1,5}");

    private Addresses() {}

    /**
     * Hosts that a server listens on, without brackets, joined by commas as in {@code
     * listen_addresses}, and their one port.
     */
    record Listen(String hosts, int port) {}

    /**
     * {@code host:port}, {@code [address]:port}, or a host alone; {@code *} and nothing for every
     * address.
     */
    static Optional<HostPort> hostPort(String text, int defaultPort) {
        String stripped = text.strip();
        if (stripped.startsWith("[")) {
            int end = stripped.indexOf(']');
            if (end < 0 || !isIpv6(stripped.substring(1, end))) {
                return Optional.empty();
            }
            return withPort(stripped.substring(1, end), stripped.substring(end + 1), defaultPort);
        }
        int colon = stripped.indexOf(':');
        String host = colon < 0 ? stripped : stripped.substring(0, colon);
        boolean every = host.equals("*") || (host.isEmpty() && colon == 0);
        if (!every && !NAME.matcher(host).matches()) {
            return Optional.empty();
        }
        return withPort(
                every ? "*" : host, colon < 0 ? "" : stripped.substring(colon), defaultPort);
    }

    /** Hosts joined by commas, and after the last one the port: {@code 127.0.0.1,::1:5432}. */
    static Optional<Listen> listen(String text, int defaultPort) {
        List<String> hosts = new ArrayList<>();
        List<String> parts = List.of(text.split(",", -1));
        for (String part : parts.subList(0, parts.size() - 1)) {
            Optional<String> host = bareHost(part.strip());
            if (host.isEmpty()) {
                return Optional.empty();
            }
            hosts.add(host.get());
        }
        String last = parts.getLast().strip();
        int colon = last.lastIndexOf(':');
        Optional<HostPort> end = hostPort(last, defaultPort);
        if (end.isEmpty() && colon > 0 && isIpv6(last.substring(0, colon))) {
            end = withPort(last.substring(0, colon), last.substring(colon), defaultPort);
        }
        return end.map(address -> {
            hosts.add(address.host());
            return new Listen(String.join(",", hosts), address.port());
        });
    }

    /**
     * Whether a host means every address of the machine, which nobody can connect to from
     * elsewhere.
     */
    static boolean isEveryAddress(String host) {
        return host.equals("*") || host.equals("0.0.0.0") || host.equals("::");
    }

    private static Optional<String> bareHost(String part) {
        if (part.startsWith("[") && part.endsWith("]")) {
            return Optional.of(part.substring(1, part.length() - 1)).filter(Addresses::isIpv6);
        }
        return Optional.of(part)
                .filter(host -> host.equals("*") || NAME.matcher(host).matches() || isIpv6(host));
    }

    private static Optional<HostPort> withPort(String host, String colonAndPort, int defaultPort) {
        if (colonAndPort.isEmpty()) {
            return Optional.of(new HostPort(host, defaultPort));
        }
        String port = colonAndPort.substring(1);
        if (!colonAndPort.startsWith(":") || !PORT.matcher(port).matches()) {
            return Optional.empty();
        }
        int number = Integer.parseInt(port);
        return number >= 1 && number <= 65_535
                ? Optional.of(new HostPort(host, number))
                : Optional.empty();
    }

    /**
     * Close enough to tell an address from a slip of the pen; the operating system has the last
     * word.
     */
    static boolean isIpv6(String host) {
        if (!IPV6_CHARACTERS.matcher(host).matches() || host.contains(":::")) {
            return false;
        }
        String address = host.replaceFirst("%.*", "");
        int shortened = address.indexOf("::");
        if (shortened >= 0 && address.indexOf("::", shortened + 1) >= 0) {
            return false;
        }
        List<String> groups = List.of(address.split(":", -1));
        boolean looseColon =
                (address.startsWith(":") && shortened != 0)
                        || (address.endsWith(":") && !address.endsWith("::"));
        boolean longGroup =
                groups.stream().anyMatch(group -> group.length() > 4 && !group.contains("."));
        return groups.size() >= 3
                && !looseColon
                && !longGroup
                && (shortened >= 0 ? groups.size() <= 9 : groups.size() <= 8);
    }
}
