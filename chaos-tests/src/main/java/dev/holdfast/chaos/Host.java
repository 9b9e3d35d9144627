package dev.holdfast.chaos;

import java.nio.file.Path;
import java.util.Optional;

/** A host: what is started on it has its address, and reaches others by its network only. */
interface Host {
    String name();

    String address();

    /** Starts what belongs to the cluster on it. */
    Runner account();

    /** Of all that is started on it, where this can be had. */
    Optional<MemoryGroup> memory();

    /** Starts on it what only root may do, where the harness is root. */
    Runner root();

    /** Where a program of others is on it. */
    default String program(String name) {
        return Programs.named(name).toString();
    }

    /** The directory on it with PostgreSQL's programs. */
    default Path postgresPrograms() {
        return Programs.postgres();
    }

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
