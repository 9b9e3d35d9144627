package dev.holdfast.tls;

/** A certificate or a key cannot be used; the message is one sentence that says which and why. */
public final class TlsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TlsException(String sentence) {
        super(sentence);
    }

    TlsException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
