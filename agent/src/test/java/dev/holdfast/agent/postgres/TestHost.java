package dev.holdfast.agent.postgres;

import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;

/**
 * A member's PostgreSQL and guard as its agent reaches them, and what befalls the server from
 * elsewhere.
 */
public interface TestHost {
    /** A client's transaction, as {@code synchronous_commit = on} makes it wait. */
    interface Commit {
        Outcome outcome();
    }

    /** What a client was told. */
    enum Outcome {
        NOTHING_YET,
        COMMITTED,
        /** It was cancelled while it waited: committed here, and perhaps nowhere else. */
        CANCELLED,
        /** The connection broke, or the server refused. */
        FAILED
    }

    MemberName name();

    Postgres postgres();

    GuardPort guard();

    /** The host's own clock, by which its guard's deadlines are counted. */
    MonoTime now();

    /** How others reach this server. */
    Upstream asUpstream();

    /** What every server here is configured with: no upstream, no slot, no names. */
    ServerFiles settings();

    /** Fills the empty data directory with a cluster in which clients can commit. */
    void makeCluster();

    Commit commit();

    /** Writes so much that to recover from a crash takes a moment. */
    void writeMuch();

    /** Whether a session here sees what that client wrote, on whichever host it did. */
    boolean sees(Commit commit);

    /** An operator cancels whatever waits for standbys. */
    void cancelWaits();

    /** SIGSTOP for the checkpointer alone. */
    void stopCheckpointer();

    void continueCheckpointer();

    /** What is received from now on is not replayed for a while. */
    void holdReplay();

    void releaseReplay();
}
