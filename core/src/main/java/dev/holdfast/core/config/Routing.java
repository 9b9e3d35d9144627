package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.HostPort;
import java.util.List;
import java.util.Optional;

/** How clients find the member that they need, as far as the agent has a hand in it. */
public record Routing(Haproxy haproxy, Optional<Vip> vip) {
    /** Where nobody says anything: balancers ask by themselves. */
    public static Routing none() {
        return new Routing(new Haproxy(List.of(), Haproxy.BACKEND), Optional.empty());
    }

    /**
     * {@code haproxy}: who is told at once of a new primary.
     *
     * @param backend in which the members are servers, each by its own name
     */
    public record Haproxy(List<StatsSocket> runtime, String backend) {
        /** As {@code ctl generate haproxy} names it. */
        public static final String BACKEND = "primary";

        public Haproxy {
            runtime = List.copyOf(runtime);
        }

        /** Whether HAProxy could call a server so, and nothing else be said by it. */
        public static boolean isServerName(String name) {
            return name.matches("[A-Za-z0-9_.:-]+");
        }
    }

    /**
     * {@code vip}: addresses of this host's network that the member holds while it is what their
     * clients look for.
     *
     * @param device the network interface
     * @param writer,reader each as {@code address/bits}; one of IPv4, one of IPv6, or both
     * @param maximumLagBytes a replica that is behind by more has no readers' address
     */
    public record Vip(
            String device, List<String> writer, List<String> reader, long maximumLagBytes) {
        public Vip {
            writer = List.copyOf(writer);
            reader = List.copyOf(reader);
        }
    }

    /** A {@code stats socket} of HAProxy. */
    public sealed interface StatsSocket {
        /** On this host. */
        record Local(String path) implements StatsSocket {
            @Override
            public String toString() {
                return path;
            }
        }

        /** By TCP. */
        record Remote(HostPort address) implements StatsSocket {
            @Override
            public String toString() {
                return address.toString();
            }
        }
    }
}
