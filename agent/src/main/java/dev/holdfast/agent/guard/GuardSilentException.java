package dev.holdfast.agent.guard;

import java.io.IOException;

/** The guard did not answer: whether the request was, or will be, carried out is unknown. */
public final class GuardSilentException extends IOException {
    GuardSilentException(String message) {
        super(message);
    }
}
