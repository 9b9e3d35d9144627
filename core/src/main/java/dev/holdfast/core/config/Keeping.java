package dev.holdfast.core.config;

/**
 * {@code postgresql.keep_aside}: how the state of a data directory is kept before pg_rewind changes
 * it in place. One that is replaced as a whole is always renamed, which costs nothing.
 */
public enum Keeping {
    /** By sharing blocks where the file system can; where it cannot, nothing is kept. */
    AUTO,
    /** By sharing blocks; where the file system cannot, there is no rewind. */
    REFLINK,
    /** By a whole copy, which takes its time and its room. */
    COPY,
    /** By never rewinding: the directory is renamed, and copied anew from the leader. */
    RENAME,
    /** Not at all, since no directories are to be kept. */
    NOTHING
}
