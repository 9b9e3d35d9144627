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
}
