package dev.holdfast.core.decide;

import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.postgres.Server;
import java.util.Optional;

/** Which server is to be restarted, and whether it is as the operator wants it. */
public final class Restarts {
    private Restarts() {}

    /** When the server was started, which tells one start from the next. */
    public static Optional<Long> startOf(Server server) {
        return common(server).map(Server.Common::startMicros);
    }

    /** Why {@code server} is not to be restarted, one sentence; empty when it is. */
    public static Optional<String> unmet(RestartConditions conditions, Server server) {
        String role = roleOf(server);
        if (conditions.role().filter(wanted -> !wanted.equals(role)).isPresent()) {
            return Optional.of("the role is " + role + ", not " + conditions.role().get());
        }
        if (conditions.onlyIfPending()
                && common(server).filter(c -> !c.pendingRestart().isEmpty()).isEmpty()) {
            return Optional.of("no restart is pending");
        }
        int version = common(server).map(Server.Common::versionNumber).orElse(0);
        return conditions
                .postgresVersion()
                .filter(wanted -> version >= numberOf(wanted))
                .map(wanted ->
                        "PostgreSQL is "
                                + version / 10_000
                                + "."
                                + version % 10_000
                                + ", not older than "
                                + wanted);
    }

    private static String roleOf(Server server) {
        return switch (server) {
            case Server.Primary _ -> "primary";
            case Server.Standby _ -> "replica";
            case Server.Rejecting _, Server.Silent _ -> "unknown";
        };
    }

    private static Optional<Server.Common> common(Server server) {
        return switch (server) {
            case Server.Primary primary -> Optional.of(primary.common());
            case Server.Standby standby -> Optional.of(standby.common());
            case Server.Rejecting _, Server.Silent _ -> Optional.empty();
        };
    }

    /** 15.4 as 150004, as PostgreSQL counts; what is no version is older than all. */
    private static int numberOf(String version) {
        String[] parts = version.split("\\.", -1);
        try {
            return Integer.parseInt(parts[0]) * 10_000
                    + (parts.length > 1 ? Integer.parseInt(parts[1]) : 0);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
