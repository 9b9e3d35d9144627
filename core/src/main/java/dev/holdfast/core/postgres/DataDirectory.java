package dev.holdfast.core.postgres;

import dev.holdfast.core.TimelineHistory;

/** What lies in the member's data directory. */
public sealed interface DataDirectory {
    /** It does not exist, or is empty. */
    record Missing() implements DataDirectory {}

    /**
     * A PostgreSQL data directory.
     *
     * @param history of {@code control.newestTimeline()}; of a newer one where a server runs that
     *     has replayed to it
     */
    record Valid(ControlData control, TimelineHistory history) implements DataDirectory {}

    /**
     * Something is there that is not a whole data directory: an interrupted base backup, or files
     * of somebody else.
     */
    record Broken(String why) implements DataDirectory {}
}
