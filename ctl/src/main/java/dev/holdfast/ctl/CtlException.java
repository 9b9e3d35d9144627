package dev.holdfast.ctl;

/**
 * Ends a command: it was refused, or cannot be done. The message is all that an operator is told,
 * one sentence or several lines that say what was found, where, and what to do; the exit status is
 * 1.
 */
final class CtlException extends RuntimeException {
    CtlException(String message) {
        super(message);
    }

    CtlException(String message, Throwable cause) {
        super(message, cause);
    }
}
