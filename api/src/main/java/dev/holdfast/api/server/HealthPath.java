package dev.holdfast.api.server;

import java.util.List;
import java.util.Optional;

/** The health checks, each with all the paths it is asked for by. */
public enum HealthPath {
    PRIMARY,
    LEADER,
    STANDBY_LEADER,
    REPLICA,
    READ_ONLY,
    SYNC,
    READ_ONLY_SYNC,
    ASYNC,
    QUORUM,
    READ_ONLY_QUORUM,
    HEALTH,
    LIVENESS,
    READINESS;

    /** Patroni's name of the check and its aliases. */
    public List<String> paths() {
        return switch (this) {
            case PRIMARY -> List.of("/", "/primary", "/read-write", "/master");
            case LEADER -> List.of("/leader");
            case STANDBY_LEADER -> List.of("/standby-leader", "/standby_leader");
            case REPLICA -> List.of("/replica");
            case READ_ONLY -> List.of("/read-only");
            case SYNC -> List.of("/sync", "/synchronous");
            case READ_ONLY_SYNC -> List.of("/read-only-sync", "/read-only-synchronous");
            case ASYNC -> List.of("/async", "/asynchronous");
            case QUORUM -> List.of("/quorum");
            case READ_ONLY_QUORUM -> List.of("/read-only-quorum");
            case HEALTH -> List.of("/health");
            case LIVENESS -> List.of("/liveness");
            case READINESS -> List.of("/readiness");
        };
    }

    public static Optional<HealthPath> of(String path) {
        for (HealthPath check : values()) {
            if (check.paths().contains(path)) {
                return Optional.of(check);
            }
        }
        return Optional.empty();
    }

    /**
     * Whether clients that write are routed by it, so that its 503 may be held back while a change
     * of role is under way.
     */
    public boolean routesWriters() {
        return switch (this) {
            case PRIMARY, LEADER -> true;
            case STANDBY_LEADER,
                    REPLICA,
                    READ_ONLY,
                    SYNC,
                    READ_ONLY_SYNC,
                    ASYNC,
                    QUORUM,
                    READ_ONLY_QUORUM,
                    HEALTH,
                    LIVENESS,
                    READINESS ->
                    false;
        };
    }

    /** Whether the query string has a say; it is ignored elsewhere, as in Patroni. */
    public boolean readsQuery() {
        return switch (this) {
            case PRIMARY, LEADER, STANDBY_LEADER, LIVENESS -> false;
            case REPLICA,
                    READ_ONLY,
                    SYNC,
                    READ_ONLY_SYNC,
                    ASYNC,
                    QUORUM,
                    READ_ONLY_QUORUM,
                    HEALTH,
                    READINESS ->
                    true;
        };
    }
}
