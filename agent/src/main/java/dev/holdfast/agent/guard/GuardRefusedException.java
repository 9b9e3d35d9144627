package dev.holdfast.agent.guard;

import java.io.IOException;

/** The guard said no: the request was not carried out, and the message is the guard's reason. */
public final class GuardRefusedException extends IOException {
    GuardRefusedException(String message) {
        super(message);
    }
}
