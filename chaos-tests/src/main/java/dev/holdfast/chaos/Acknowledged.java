package dev.holdfast.chaos;

/**
 * A row whose commit the server has acknowledged.
 *
 * @param serverPort of the PostgreSQL that did
 * @param timeline that it wrote on
 * @param position a place in its WAL before the commit's record
 * @param sentNanos when the row was sent
 * @param nanos when the acknowledgement was there
 */
record Acknowledged(
        Client client,
        long number,
        int serverPort,
        long timeline,
        long position,
        long sentNanos,
        long nanos) {

    /** What stands in the table. */
    String row() {
        return client.number() + "/" + number;
    }
}
