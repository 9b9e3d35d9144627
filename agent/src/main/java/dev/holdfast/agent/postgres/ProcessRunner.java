package dev.holdfast.agent.postgres;

import java.io.IOException;

/**
 * Starts the programs of PostgreSQL. A port, so that a test that runs as root can start them as the
 * user that PostgreSQL wants.
 */
@FunctionalInterface
public interface ProcessRunner {
    /**
     * Starts what {@code builder} describes.
     *
     * @throws IOException when the program cannot be started
     */
    Process start(ProcessBuilder builder) throws IOException;

    /** Starts programs as this process's own user. */
    static ProcessRunner direct() {
        return ProcessBuilder::start;
    }
}
