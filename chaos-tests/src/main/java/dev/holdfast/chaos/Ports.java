package dev.holdfast.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free ports of 127.0.0.1, below those that the kernel gives to outgoing connections: one of these
 * would, sooner or later, sit on the port of a server that a test has just stopped. JVMs that test
 * side by side have ports of their own each, for the same reason.
 */
final class Ports {
    private static final int LEAST = 15_000;
    private static final int MOST = 32_000;
    private static final int TRIES = 10_000;

    /** As many as there may be JVMs side by side. */
    private static final int SHARES = 16;

    /** Failsafe's number of this JVM, from 1 on. */
    private static final int SHARE = Integer.getInteger("holdfast.fork", 0) % SHARES;

    private final Iterator<Integer> free;

    private Ports(List<Integer> free) {
        this.free = free.iterator();
    }

    static Ports free(int count) {
        TreeSet<Integer> found = new TreeSet<>();
        for (int tries = 0; found.size() < count; tries++) {
            if (tries == TRIES) {
                throw new IllegalStateException(
                        "no %d ports are free between %d and %d".formatted(count, LEAST, MOST));
            }
            int port =
                    ThreadLocalRandom.current().nextInt(LEAST / SHARES, MOST / SHARES) * SHARES
                            + SHARE;
            if (isFree(port)) {
                found.add(port);
            }
        }
        return new Ports(List.copyOf(found));
    }

    private static boolean isFree(int port) {
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    int next() {
        return free.next();
    }
}
