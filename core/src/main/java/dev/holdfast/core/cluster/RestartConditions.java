package dev.holdfast.core.cluster;

import java.util.Optional;

/**
 * What must hold for a restart to be made; where nothing is said, everything will do.
 *
 * @param role {@code primary}, {@code standby_leader} or {@code replica}
 * @param postgresVersion only a server older than this, {@code 15.4} say
 * @param onlyIfPending only where the configuration waits for a restart
 */
public record RestartConditions(
        Optional<String> role, Optional<String> postgresVersion, boolean onlyIfPending) {
    public static final RestartConditions NONE =
            new RestartConditions(Optional.empty(), Optional.empty(), false);
}
