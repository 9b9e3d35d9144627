package dev.holdfast.chaos;

import java.util.List;
import java.util.SortedMap;

/**
 * What clients did to numbered lists, each appending numbers that nobody else appends, and what the
 * lists were in the end.
 *
 * @param last each list, read from the primary when all was over
 */
record ListHistory(List<Transaction> transactions, SortedMap<Integer, List<Long>> last) {

    /**
     * One transaction.
     *
     * @param number of it alone
     * @param beganNanos before its first statement was sent
     * @param endedNanos after the answer to its last, or its failure
     */
    record Transaction(
            long number,
            Port port,
            long beganNanos,
            long endedNanos,
            Result result,
            List<Step> steps) {}

    /** Through which of the balancer's ports it went. */
    enum Port {
        WRITER,
        READER
    }

    /** What its client learned of it. */
    enum Result {
        ACKNOWLEDGED,
        /** It is certain that it was not committed. */
        REFUSED,
        /** Its commit was sent, and no answer came. */
        UNKNOWN
    }

    /** What it did, in this order. */
    sealed interface Step {
        int list();

        /** A number was put at the list's end. */
        record Append(int list, long element) implements Step {}

        /** The list was this. */
        record Read(int list, List<Long> elements) implements Step {}
    }
}
