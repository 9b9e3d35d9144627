package dev.holdfast.chaos;

import java.util.Arrays;

/**
 * What one standby said, over one connection, of how far it has flushed, and when. Positions only
 * grow.
 */
final class ConfirmedFlushes {
    private static final int FIRST_SIZE = 1024;

    private long[] nanos = new long[FIRST_SIZE];
    private long[] positions = new long[FIRST_SIZE];
    private int count;
    private long closedNanos = Long.MAX_VALUE;

    synchronized void add(long position) {
        if (count > 0 && position <= positions[count - 1]) {
            return;
        }
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, count * 2);
            positions = Arrays.copyOf(positions, count * 2);
        }
        nanos[count] = System.nanoTime();
        positions[count] = position;
        count++;
    }

    synchronized void close() {
        closedNanos = System.nanoTime();
    }

    /** See {@link ReplicationRelay#isConfirmed}. */
    synchronized boolean isConfirmed(long position, long sentNanos, long acknowledgedNanos) {
        if (closedNanos < sentNanos) {
            return false;
        }
        int at = Arrays.binarySearch(nanos, 0, count, acknowledgedNanos);
        int last = at >= 0 ? at : -at - 2;
        return last >= 0 && positions[last] > position;
    }
}
