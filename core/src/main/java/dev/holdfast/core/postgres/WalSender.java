package dev.holdfast.core.postgres;

import dev.holdfast.core.Lsn;

/** A line of {@code pg_stat_replication}. */
public record WalSender(
        int pid,
        String applicationName,
        String state,
        String syncState,
        int syncPriority,
        Lsn sent,
        Lsn written,
        Lsn flushed,
        Lsn replayed) {

    public boolean isStreaming() {
        return state.equals("streaming");
    }

    /**
     * Whether it has surely flushed what was written here up to {@code position}. PostgreSQL asks
     * no standby of which history its position is: one that went another way says at once that it
     * has more than was ever sent to it.
     */
    public boolean hasFlushed(Lsn position) {
        return !flushed.isBefore(position) && !flushed.isAfter(sent);
    }
}
