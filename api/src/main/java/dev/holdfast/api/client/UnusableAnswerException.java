package dev.holdfast.api.client;

/**
 * No usable answer came from a member: it could not be reached, was silent for too long, or said
 * something else than was asked. The message is one sentence that names the member's address.
 */
public final class UnusableAnswerException extends RuntimeException {
    /** Whether the member may have acted on the request. */
    public enum Delivery {
        /** No connection was made, so it has not and will not. */
        NEVER_SENT,
        /** The request left; it may have been executed, and may still be. */
        UNKNOWN
    }

    private final Delivery delivery;

    public UnusableAnswerException(String message, Delivery delivery) {
        super(message);
        this.delivery = delivery;
    }

    public UnusableAnswerException(String message, Delivery delivery, Throwable cause) {
        super(message, cause);
        this.delivery = delivery;
    }

    public Delivery delivery() {
        return delivery;
    }
}
