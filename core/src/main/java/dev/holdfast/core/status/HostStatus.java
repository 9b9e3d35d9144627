package dev.holdfast.core.status;

import java.util.Optional;

/**
 * What of a member's host an operator may want to look into, and no decision depends on.
 *
 * @param unwatched why the watchdog that the file asks for is not used, one sentence; empty where
 *     one is, or none is asked for
 * @param kept empty until it was looked at, and where nothing is kept
 */
public record HostStatus(Optional<String> unwatched, Optional<Kept> kept) {
    public static final HostStatus UNKNOWN = new HostStatus(Optional.empty(), Optional.empty());

    /**
     * Data directories that were set aside.
     *
     * @param bytes what the files in them hold
     * @param freeBytes how much room is left beside them
     */
    public record Kept(int directories, long bytes, long freeBytes) {}

    public HostStatus withUnwatched(Optional<String> why) {
        return new HostStatus(why, kept);
    }

    public HostStatus withKept(Optional<Kept> found) {
        return new HostStatus(unwatched, found);
    }
}
