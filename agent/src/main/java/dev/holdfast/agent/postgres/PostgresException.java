package dev.holdfast.agent.postgres;

/**
 * Something asked of PostgreSQL, its programs or its files could not be done. The message is one
 * sentence for the operator: what was found, where, and what to do. Whether the thing took effect
 * is unknown unless the method says otherwise.
 */
public final class PostgresException extends RuntimeException {
    public PostgresException(String message) {
        super(message);
    }

    public PostgresException(String message, Throwable cause) {
        super(message, cause);
    }
}
