package dev.holdfast.chaos;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * A part of the network that is gone for one host.
 *
 * @param host that is cut off
 */
record Cut(String host, From from, Direction direction) {

    /** From whom it is cut off. What runs on one host goes on to reach what runs there too. */
    enum From {
        EVERYTHING,
        /** From the etcd members on the other hosts, so that its own has no majority either. */
        ETCD,
        /** From the agents and servers of the other members, but not from etcd. */
        MEMBERS,
        /** From the balancer and the clients. */
        CLIENTS;

        private static final String ETCD_PORTS =
                "{ " + EtcdNode.CLIENT_PORT + ", " + EtcdNode.PEER_PORT + " }";

        /**
         * Of nftables, one a line.
         *
         * @param way which packets it is about, in one direction
         */
        String rules(String way) {
            return switch (this) {
                case EVERYTHING, CLIENTS -> way + " drop";
                case ETCD ->
                        way
                                + " tcp dport "
                                + ETCD_PORTS
                                + " drop\n"
                                + way
                                + " tcp sport "
                                + ETCD_PORTS
                                + " drop";
                case MEMBERS ->
                        way
                                + " tcp dport != "
                                + ETCD_PORTS
                                + " tcp sport != "
                                + ETCD_PORTS
                                + " drop\n"
                                + way
                                + " meta l4proto != tcp drop";
            };
        }
    }

    /** Which packets are gone. */
    enum Direction {
        BOTH,
        /** What the host sends. */
        SENT,
        /** What is sent to the host. */
        RECEIVED
    }

    /** The hosts, by name, that the host is cut off from. */
    List<String> peers(Collection<String> members, String client) {
        Stream<String> others = members.stream().filter(name -> !name.equals(host));
        return switch (from) {
            case EVERYTHING -> Stream.concat(others, Stream.of(client)).toList();
            case ETCD, MEMBERS -> others.toList();
            case CLIENTS -> List.of(client);
        };
    }

    /** In both directions. */
    static Cut off(Member member, From from) {
        return new Cut(member.name(), from, Direction.BOTH);
    }
}
