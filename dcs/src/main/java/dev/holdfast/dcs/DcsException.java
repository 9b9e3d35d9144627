package dev.holdfast.dcs;

/**
 * A call to the store failed and its outcome is unknown: it may have been executed, and may still
 * be. The message is one sentence that names the store's addresses, the call and the cause.
 */
public final class DcsException extends RuntimeException {
    public DcsException(String message) {
        super(message);
    }

    public DcsException(String message, Throwable cause) {
        super(message, cause);
    }
}
