package dev.holdfast.core.status;

import java.util.Locale;

/**
 * A service that follows the leader, while it runs on this member or should not any more.
 *
 * @param failure why it is as it is, one sentence, or empty
 */
public record ServiceStatus(String name, State state, String failure) {

    /** What it does. */
    public enum State {
        STARTING,
        STARTED,
        FAILED,
        STOPPING,
        STOP_FAILED;

        /** As JSON has it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }
}
