package dev.holdfast.chaos;

/** Where something listens. */
record Address(String host, int port) {
    /** On the machine that the harness runs on. */
    static Address here(int port) {
        return new Address("127.0.0.1", port);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
