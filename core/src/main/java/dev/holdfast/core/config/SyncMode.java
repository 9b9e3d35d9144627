package dev.holdfast.core.config;

/** {@code synchronous_mode}. */
public enum SyncMode {
    OFF,
    /** Each of the chosen standbys confirms each commit. */
    ON,
    /** So many of all standbys confirm each commit, whichever they are. */
    QUORUM
}
