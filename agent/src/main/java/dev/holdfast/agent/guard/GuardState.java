package dev.holdfast.agent.guard;

import dev.holdfast.core.MonoTime;

/**
 * What the guard holds, and until when.
 *
 * @param postmasterPid the process it holds, 0 when it holds none
 */
public record GuardState(Mode mode, long postmasterPid, Phase phase) {

    /** What the guard does by itself. */
    public sealed interface Mode {}

    /** Nothing: what runs, if anything, is a standby. */
    public record Standby() implements Mode {}

    /** It ends PostgreSQL at the deadline, unless it is told a later one before. */
    public record Armed(MonoTime deadline) implements Mode {}

    /** Nothing: the operator wishes PostgreSQL to be left alone. */
    public record Paused() implements Mode {}

    /** Where the postmaster is in its life. */
    public enum Phase {
        /** No process is left; another may be started. */
        NONE,
        RUNNING,
        /** The postmaster exited or was killed, and processes of it may be left. */
        ENDING
    }
}
