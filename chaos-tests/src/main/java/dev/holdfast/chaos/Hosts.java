package dev.holdfast.chaos;

/**
 * The hosts of a cluster, and the network between them: each member's, with an etcd of its own
 * where it is a host at all, and the clients' with the balancer.
 */
interface Hosts extends AutoCloseable {
    Host named(String member);

    /** Where the balancer is, and the clients are. */
    Host client();

    /**
     * Until the visit is over this thread, and what it starts meanwhile, reaches every host,
     * whatever is cut.
     */
    Host.Visit enter();

    /** Another address of their network, with this as its last number, that none of them has. */
    String spareAddress(int number);

    /** From now on these packets do not arrive; what was cut before stays cut. */
    void cut(Cut cut);

    /** Everything arrives again. */
    void mend();

    /** Ends what still runs on them, and removes them. */
    @Override
    void close();
}
