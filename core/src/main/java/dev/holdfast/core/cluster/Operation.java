package dev.holdfast.core.cluster;

import dev.holdfast.core.MemberName;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * The key {@code operations/<id>}: a change of the leader or a restart that was asked for, and what
 * became of it, so that whoever asked can tell, whichever member or connection was lost meanwhile.
 *
 * @param from who led when it was asked for; of a restart empty
 * @param to who is to lead, or the member that is to be restarted; empty for any
 * @param scheduledAt when it shall happen, ISO 8601 with offset; empty for at once
 * @param startMicros of a restart the start of the server that is meant, else 0
 * @param askedAt ISO 8601 with offset
 * @param end how it ended; empty while it has not
 */
public record Operation(
        String id,
        Kind kind,
        Optional<MemberName> from,
        Optional<MemberName> to,
        Optional<String> scheduledAt,
        long startMicros,
        String askedAt,
        Optional<End> end) {

    /** What was asked for. */
    public enum Kind {
        SWITCHOVER("switchover"),
        FAILOVER("failover"),
        RESTART("restart");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** Whether what was asked for is so. */
    public enum Outcome {
        DONE("done"),
        FAILED("failed");

        private final String text;

        Outcome(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * How it ended.
     *
     * @param reason one sentence
     * @param at ISO 8601 with offset
     */
    public record End(Outcome outcome, String reason, String at) {}

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z-'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    /** How large a {@code salt} may be. */
    public static final long SALTS = 1L << 40;

    /**
     * A new identifier: the time first, so that they stand in the order in which they were asked
     * for.
     *
     * @param salt tells those of one instant apart; below {@link #SALTS}
     */
    public static String newId(Instant now, long salt) {
        return TIME.format(now) + Long.toString(salt, 36);
    }

    public static boolean isId(String text) {
        return text.matches("[0-9]{8}T[0-9]{6}\\.[0-9]{3}Z-[0-9a-z]{1,16}");
    }

    public Operation ended(Outcome outcome, String reason, String at) {
        return new Operation(
                id,
                kind,
                from,
                to,
                scheduledAt,
                startMicros,
                askedAt,
                Optional.of(new End(outcome, reason, at)));
    }

    /**
     * How a change of the leader has ended, now that {@code leader} is primary and the request is
     * not in the store any more.
     *
     * @param why what the old leader said of it last, where that is known
     */
    public Operation settledBy(MemberName leader, String why, String at) {
        boolean wished = to.map(leader::equals).orElseGet(() -> !from.equals(Optional.of(leader)));
        if (wished) {
            return ended(Outcome.DONE, leader + " leads", at);
        }
        String instead = from.equals(Optional.of(leader)) ? " still leads" : " leads instead";
        return ended(Outcome.FAILED, leader + instead + (why.isEmpty() ? "" : ": " + why), at);
    }
}
