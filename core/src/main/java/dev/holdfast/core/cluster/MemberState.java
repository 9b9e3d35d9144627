package dev.holdfast.core.cluster;

import java.util.Optional;

/** Patroni's words for what PostgreSQL on a member is doing. */
public enum MemberState {
    RUNNING("running"),
    STREAMING("streaming"),
    IN_ARCHIVE_RECOVERY("in archive recovery"),
    STARTING("starting"),
    STOPPING("stopping"),
    STOPPED("stopped"),
    CRASHED("crashed"),
    START_FAILED("start failed"),
    RESTARTING("restarting"),
    RESTART_FAILED("restart failed"),
    STOP_FAILED("stop failed"),
    CREATING_REPLICA("creating replica"),
    REWINDING("running pg_rewind"),
    INITIALIZING("initializing new cluster"),
    INIT_FAILED("initdb failed");

    private final String text;

    MemberState(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }

    /** Whether PostgreSQL is up: the words for how a standby replicates say so too. */
    public boolean isRunning() {
        return this == RUNNING || this == STREAMING || this == IN_ARCHIVE_RECOVERY;
    }

    public static Optional<MemberState> of(String text) {
        for (MemberState state : values()) {
            if (state.text.equals(text)) {
                return Optional.of(state);
            }
        }
        return Optional.empty();
    }
}
