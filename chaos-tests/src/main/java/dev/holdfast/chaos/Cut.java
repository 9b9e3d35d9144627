package dev.holdfast.chaos;

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
        CLIENTS
    }

    /** Which packets are gone. */
    enum Direction {
        BOTH,
        /** What the host sends. */
        SENT,
        /** What is sent to the host. */
        RECEIVED
    }

    /** In both directions. */
    static Cut off(Member member, From from) {
        return new Cut(member.name(), from, Direction.BOTH);
    }
}
