package dev.holdfast.chaos;

import java.time.Duration;

/**
 * One of the clients that write all the time.
 *
 * @param number by which its rows are told from others'
 * @param address where it connects to
 */
record Client(int number, Address address, Route route) {

    /** Where a client writes, and what its acknowledgements mean. */
    enum Route {
        /** Through the balancer, as applications do. A server that hangs costs it a second. */
        BALANCED(1, Duration.ofMillis(5), Duration.ofMillis(20), ""),

        /**
         * Straight to one server, whatever the balancer thinks of it. It waits for a server that
         * was stopped, so that it is the first to write when that server goes on.
         */
        DIRECT(90, Duration.ofMillis(20), Duration.ofMillis(20), "-c log_min_messages=panic"),

        /**
         * As {@link #DIRECT}, and acknowledged without any standby. In a synchronous mode a second
         * primary acknowledges nothing else, so that only this client sees that it accepts writes.
         * What it writes may be lost.
         */
        DIRECT_LOCAL(
                90,
                Duration.ofMillis(20),
                Duration.ofMillis(20),
                "-c log_min_messages=panic -c synchronous_commit=local");

        private final int limitSeconds;
        private final Duration pause;
        private final Duration reconnect;
        private final String settings;

        Route(int limitSeconds, Duration pause, Duration reconnect, String settings) {
            this.limitSeconds = limitSeconds;
            this.pause = pause;
            this.reconnect = reconnect;
            this.settings = settings;
        }

        /** The longest wait for an answer. */
        int limitSeconds() {
            return limitSeconds;
        }

        /** Between one row and the next. */
        Duration pause() {
            return pause;
        }

        /** Before a connection is tried again. */
        Duration reconnect() {
            return reconnect;
        }

        /** Of its session, as on the server's command line. */
        String settings() {
            return settings;
        }

        /** Whether what was acknowledged may never be lost in a synchronous mode. */
        boolean isDurable() {
            return this != DIRECT_LOCAL;
        }
    }
}
