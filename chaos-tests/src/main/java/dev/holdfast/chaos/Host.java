package dev.holdfast.chaos;

import java.util.Optional;

/** A host: what is started on it has its address, and reaches others by its network only. */
interface Host {
    String name();

    String address();

    /** Starts what belongs to the cluster on it. */
    Account account();

    /** Of all that is started on it, where this can be had. */
    Optional<MemoryGroup> memory();

    /** Starts on it what only root may do, where the harness is root. */
    Account root();

    /**
     * Until the visit is over, what this thread connects to and listens on is the host's, and so is
     * what the threads and programs do that it starts meanwhile.
     */
    Visit enter();

    /** Is over when it is closed, by the thread that began it. */
    interface Visit extends AutoCloseable {
        @Override
        void close();
    }
}
