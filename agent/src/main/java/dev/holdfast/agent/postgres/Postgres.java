package dev.holdfast.agent.postgres;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * The PostgreSQL server of this member. Every method blocks and belongs on a worker thread. An
 * interrupt cancels: the program that runs is ended, the call returns promptly by {@link
 * java.util.concurrent.CancellationException} with the thread's interrupt flag set. What cannot be
 * done is a {@link PostgresException}.
 *
 * <p>{@link #probe} is called by one thread at a time; the other methods may be called beside it.
 */
public interface Postgres extends AutoCloseable {
    /** What the files of the next start are for. */
    enum Role {
        /** No {@code standby.signal}: the server opens for writing. */
        PRIMARY,
        /** With {@code standby.signal}: the server stays in recovery until it is promoted. */
        STANDBY
    }

    /**
     * What writing the files came to.
     *
     * @param changed a file is different from before
     * @param notes sentences for the journal: what was ignored, replaced or raised
     */
    record Prepared(boolean changed, List<String> notes) {
        public Prepared {
            notes = List.copyOf(notes);
        }
    }

    /**
     * What applying came to.
     *
     * @param files what changed in the files
     * @param waiting whether commits are known to wait for the names that were applied
     */
    record Applied(Prepared files, Waiting waiting) {}

    /** Whether the server is known to make commits wait for {@code synchronous_standby_names}. */
    enum Waiting {
        /** The names are empty: no commit waits. */
        FOR_NOBODY,
        /** The checkpointer has reread the names: commits wait. */
        CONFIRMED,
        /**
         * Sessions see the names, but the checkpointer was not asked, because the server is a
         * standby, where that could delay a promotion by flushing the whole cache. Call {@link
         * #apply} again once it is primary.
         */
        UNCONFIRMED
    }

    /**
     * How far a base backup is.
     *
     * @param totalBytes an estimate of the source; 0 while it is not known
     */
    record Progress(long doneBytes, long totalBytes) {}

    /**
     * Another member's server, as it tells over a replication connection.
     *
     * @param position flushed on a primary, replayed or received on a standby
     * @param history of {@code timeline}
     */
    record Source(
            SystemIdentifier system,
            Timeline timeline,
            Lsn position,
            Role role,
            TimelineHistory history) {}

    /**
     * Looks into the data directory. Never changes it.
     *
     * @throws PostgresException when it cannot be judged: no permission, or another major version
     */
    DataDirectory inspect();

    /** The pid of the postmaster that serves the data directory now; empty when there is none. */
    Optional<Long> runningPostmaster();

    /**
     * Writes all files for the next start in {@code role}, each atomically, and only where it
     * differs.
     */
    Prepared prepare(ServerFiles files, Role role);

    /**
     * The arguments of {@link #executable()} for a start with {@code files}. Call {@link #prepare}
     * before: for a standby, limits that recovery needs are raised to what {@code pg_control} asks
     * for.
     */
    List<String> startArguments(ServerFiles files);

    /** The {@code postgres} program. */
    Path executable();

    /** Where the server's standard output and error go, always by appending. */
    Path log();

    /** How long {@link #log()} is now. */
    long logBytes();

    /**
     * What the server logged last before it ended, which names the reason (a port in use, a wrong
     * parameter): a clause that goes on from a sentence on its end.
     *
     * @param fromByte what was logged before is of no concern
     */
    String lastWords(long fromByte);

    /**
     * Whether a server that was just started has its sockets: only then it writes its status into
     * its pid file. An answer alone could be another server's that has the port.
     */
    boolean listens();

    /**
     * Keeps {@link #log()} at 10 MiB at most, with one older file beside it. Cheap when there is
     * nothing to do; meant to be called before a start and about every minute.
     */
    void rotateLog();

    /**
     * Writes the files for the role that the server has now, reloads where they or the server
     * differ, and waits until a fresh session sees {@code synchronous_standby_names} and, on a
     * standby, {@code primary_conninfo}; on a primary also until commits wait for those names. A
     * standby that recovers and takes no sessions yet gets the files and the reload, and nothing is
     * waited for.
     *
     * @param reload sends SIGHUP to the postmaster
     * @throws PostgresException also when the server does not take the values within 10 s
     */
    Applied apply(ServerFiles files, Runnable reload);

    /**
     * Asks the running server over one kept session. Never throws for what the server does: silence
     * and refusal are answers.
     *
     * @param wanted against which {@code pendingRestart} is computed
     */
    Server probe(ServerFiles wanted);

    /**
     * Asks the server over a session made for it, which proves that it takes connections. Costs
     * some 13 ms of processor time for the password: not for every second.
     */
    Server freshProbe();

    /**
     * Whether the server answers a new connection at all, up to where it asks for a password: empty
     * when it does, whatever the answer. A twentieth of the cost of {@link #freshProbe}, and meant
     * for every second.
     */
    Optional<Server.Silent> silence();

    /**
     * Promotes and waits until the server is out of recovery; one that is already only tells its
     * timeline. A cancelled or timed-out call leaves the server promoting.
     *
     * @return the timeline it writes to
     */
    Timeline promote(Duration timeout);

    /** An immediate checkpoint, or restart point on a standby; waits for its end. */
    void checkpoint();

    /**
     * Writes and flushes a little WAL without waiting for a standby.
     *
     * @return the flush position after it
     */
    Lsn emitWal();

    /**
     * Who of a primary's roles, databases or sessions has a {@code synchronous_commit} that does
     * not wait until a standby has flushed, one sentence each.
     */
    List<String> weakerCommits();

    /** Creates physical slots that hold WAL back at once; those that exist stay as they are. */
    void createSlots(Set<String> names);

    /** Creates logical slots on a primary; those that exist stay as they are. May take its time. */
    void createLogicalSlots(SortedMap<String, Slot.Logical> slots);

    /**
     * Moves those that exist, are not in use and are not there yet on. A slot of a standby that
     * cannot follow, because what it needs is gone, is dropped. May take its time.
     */
    void advanceSlots(SortedMap<String, Action.Advance> slots);

    /** Logical slots as they were copied: the primary keeps what they need until this is closed. */
    interface SlotCopy extends AutoCloseable {
        /** By name, what the primary's directory holds of them. */
        SortedMap<String, byte[]> files();

        /** Whether a standby has told the primary of what its slots need. */
        boolean isHeld();

        @Override
        void close();
    }

    /**
     * Copies logical slots of a primary.
     *
     * @param through the primary's slot by which it hears of this standby
     * @throws PostgresException also when one of them is not there, or this server could not start
     *     with it
     */
    SlotCopy copySlots(Upstream primary, String through, SortedMap<String, Slot.Logical> slots);

    /** Puts them into the data directory. The server must not run. */
    void placeSlots(SortedMap<String, byte[]> slots);

    /** Takes slots out of the data directory again. The server must not run. */
    void removeSlots(Set<String> slots);

    /** Drops those of the slots that exist and are not in use. */
    void dropSlots(Set<String> names);

    /**
     * Creates a new cluster in the data directory, which must be missing or empty; on failure
     * nothing is left in it.
     *
     * @param options of {@code initdb}, each as {@code name} or {@code name=value}
     */
    void initdb(List<String> options, Consumer<String> progress);

    /** As {@link #initdb} and {@link #newClusterBegins}, by a program of the operator. */
    void makeBy(Scripts.NewCluster method, Consumer<String> progress);

    /**
     * From here on {@link #inspect} calls the directory broken, except to the agent that called
     * this, until {@link #newClusterIsWhole}: a new cluster that was recovered halfway must not
     * pass for one.
     */
    void newClusterBegins();

    /** As {@link #prepare} for a primary, for the first start of a new cluster. */
    Prepared prepareNewCluster(ServerFiles files, Scripts.Recovery recovery);

    /** The new cluster is a primary, and all that was to be done in it first is done. */
    void newClusterIsWhole();

    /**
     * Calls the operator's program {@code bootstrap.post_bootstrap} with the address of the server,
     * and waits for its end.
     */
    void callPostBootstrap(List<String> command, Consumer<String> progress);

    /**
     * Calls a program of the operator and waits for its end.
     *
     * @param key under which the configuration names it
     * @throws PostgresException when it cannot be started, ends with another status than 0, or is
     *     ended because its time is over
     */
    void call(String key, Scripts.Script script);

    /** Creates or corrects the users of replication and rewind; for a primary that runs. */
    void createUsers();

    /**
     * Copies {@code source} into the data directory, which must be missing or empty; on failure
     * nothing is left in it.
     */
    void cloneFrom(Upstream source, Consumer<Progress> progress);

    /**
     * Fills the data directory by a program of the operator. It must be missing or empty, and on
     * failure nothing is left in it, unless the method keeps what is there: then it is broken after
     * a failure.
     *
     * @param source a server to copy from, where one runs
     */
    void copyBy(
            Scripts.ReplicaMethod.Command method,
            Optional<Upstream> source,
            Consumer<String> progress);

    /**
     * Rewinds the data directory to where its history and that of {@code source} part, after crash
     * recovery where that is needed. The server must not run. After a failure that changed files
     * {@link #inspect} says {@link DataDirectory.Broken}; after any other the directory is as it
     * was.
     */
    void rewind(Upstream source, Consumer<String> progress);

    /**
     * Renames the data directory, with its tablespaces and a {@code pg_wal} that lies elsewhere,
     * and leaves an empty one. Only the newest ones that were set aside are kept, as many as {@code
     * postgresql.keep_directories} says; with 0 the content is gone at return.
     *
     * @param reason why, in a word or a few; becomes part of the name
     * @return the new path
     */
    Path moveAside(String reason);

    /**
     * Copies the data directory, and what its links point to, beside it, before it is changed in
     * place. Counted with those that {@link #moveAside} keeps. Where the newest of them is a copy
     * of the directory as it is now, that is all there is to do.
     *
     * @param how {@link Keeping#AUTO}, {@link Keeping#REFLINK} or {@link Keeping#COPY}
     * @param progress is told sentences
     * @return the copy; empty where the policy is content with none
     * @throws PostgresException also where there is no room for it, with how much it needs
     */
    Optional<Path> copyAside(Keeping how, String reason, Consumer<String> progress);

    /**
     * Refuses a new copy beside a data directory that is kept, where there is no room for as much
     * again.
     */
    void demandRoomForAnother();

    /**
     * Asks another member who it is, over a replication connection.
     *
     * @throws PostgresException also when its system identifier differs from that of the data
     *     directory here
     */
    Source sourceHistory(Upstream source);

    /** Ends the kept session. */
    @Override
    void close();
}
