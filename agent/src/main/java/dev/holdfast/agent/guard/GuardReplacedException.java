package dev.holdfast.agent.guard;

import java.io.IOException;

/** Another agent has claimed the guard since: this one was replaced, and must end. */
public final class GuardReplacedException extends IOException {
    private static final long serialVersionUID = 1L;

    GuardReplacedException(String message) {
        super(message);
    }
}
