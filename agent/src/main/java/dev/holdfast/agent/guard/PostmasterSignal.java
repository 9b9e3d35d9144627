package dev.holdfast.agent.guard;

/** The signals that mean something to a postmaster. */
public enum PostmasterSignal {
    /** Reread the configuration files. */
    HUP,
    /** Smart shutdown: wait for all sessions to end. */
    TERM,
    /** Fast shutdown: end all sessions, then write a checkpoint. */
    INT,
    /** Immediate shutdown: end all processes, crash recovery at the next start. */
    QUIT,
    /** Look for what a backend or a trigger file asks. */
    USR1
}
