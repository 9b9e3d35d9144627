package dev.holdfast.chaos;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Reads what a client of PostgreSQL sends, of which two messages count: the first, which says who
 * it is, and a standby's reports of how far it has flushed. It takes bytes in whatever pieces they
 * come.
 */
final class StandbyMessages {
    /** Of a longer message no more is kept: neither of the two is that long. */
    private static final int KEPT_BYTES = 4096;

    private static final int PROTOCOL_3 = 3 << 16;
    private static final int REPORT_BYTES = 5 + 1 + 3 * Long.BYTES;
    private static final int FLUSHED_AT = 5 + 1 + Long.BYTES;

    private final LongConsumer onFlushed;
    private final byte[] message = new byte[KEPT_BYTES];
    private boolean started;
    private long have;
    private long total;
    private Optional<String> standby = Optional.empty();

    /**
     * Nothing has been read yet.
     *
     * @param onFlushed is told each position that a standby says it has flushed
     */
    StandbyMessages(LongConsumer onFlushed) {
        this.onFlushed = onFlushed;
    }

    /**
     * The {@code application_name} of a client that replicates; empty as long as, or if, it is
     * none.
     */
    Optional<String> standby() {
        return standby;
    }

    void feed(byte[] bytes, int count) {
        for (int at = 0; at < count; ) {
            int head = started ? 5 : 4;
            boolean inHead = have < head;
            int take = (int) Math.min(count - at, (inHead ? head : total) - have);
            int kept = (int) Math.max(0, Math.min(take, KEPT_BYTES - have));
            System.arraycopy(bytes, at, message, (int) Math.min(have, KEPT_BYTES), kept);
            at += take;
            have += take;
            if (inHead && have == head) {
                total = started ? 1L + intAt(1) : intAt(0);
            }
            if (have >= head && have >= total) {
                complete();
                have = 0;
            }
        }
    }

    private void complete() {
        if (!started) {
            // Requests for encryption come before; what follows them is a first message again.
            if (total >= 8 && intAt(4) == PROTOCOL_3) {
                started = true;
                readStartup();
            }
        } else if (message[0] == 'd' && total >= REPORT_BYTES && message[5] == 'r') {
            onFlushed.accept(ByteBuffer.wrap(message).getLong(FLUSHED_AT));
        }
    }

    private void readStartup() {
        String text =
                new String(
                        message, 8, (int) Math.min(total, KEPT_BYTES) - 8, StandardCharsets.UTF_8);
        List<String> words = Arrays.asList(text.split("\0", -1));
        if (words.contains("replication")) {
            int at = words.indexOf("application_name");
            standby = Optional.of(at < 0 ? "" : words.get(at + 1));
        }
    }

    private int intAt(int at) {
        return ByteBuffer.wrap(message).getInt(at);
    }
}
