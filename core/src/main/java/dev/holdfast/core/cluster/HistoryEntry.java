package dev.holdfast.core.cluster;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;

/**
 * A line of the key {@code history}: {@code timeline} ended at {@code lsn}.
 *
 * @param timestamp ISO 8601 with offset, or empty
 * @param newLeader the member that was promoted, or empty
 */
public record HistoryEntry(
        Timeline timeline, Lsn lsn, String reason, String timestamp, String newLeader) {}
