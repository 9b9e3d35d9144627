package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is configured for PostgreSQL in one role only, and wins there over what is for both.
 *
 * @param parameters {@code parameters_primary}, or {@code parameters_replica} and {@code
 *     parameters_standby_leader} over {@code recovery_conf}
 * @param pgHba lines in place of {@code pg_hba}; empty where the role has none of its own
 * @param pgIdent the same for {@code pg_ident}
 */
public record RoleSettings(
        SortedMap<String, String> parameters, List<String> pgHba, List<String> pgIdent) {
    public RoleSettings {
        parameters = FrozenMap.copyOf(parameters);
        pgHba = List.copyOf(pgHba);
        pgIdent = List.copyOf(pgIdent);
    }

    public static RoleSettings none() {
        return new RoleSettings(new TreeMap<>(), List.of(), List.of());
    }

    /** Those of each role. */
    public record ByRole(RoleSettings primary, RoleSettings replica, RoleSettings standbyLeader) {
        public static ByRole none() {
            return new ByRole(RoleSettings.none(), RoleSettings.none(), RoleSettings.none());
        }
    }

    /**
     * Reads the keys of {@code postgresql} that end in the names of roles. What {@code
     * recovery_conf} has are parameters of a standby, since PostgreSQL 12.
     */
    static ByRole read(ConfigTree postgresql) {
        SortedMap<String, String> recovery =
                ParametersReader.ofRole(postgresql.section("recovery_conf"));
        return new ByRole(
                read(postgresql, "_primary", new TreeMap<>()),
                read(postgresql, "_replica", recovery),
                read(postgresql, "_standby_leader", recovery));
    }

    private static RoleSettings read(
            ConfigTree postgresql, String role, SortedMap<String, String> lesser) {
        SortedMap<String, String> parameters = new TreeMap<>(lesser);
        parameters.putAll(ParametersReader.ofRole(postgresql.section("parameters" + role)));
        return new RoleSettings(
                parameters, postgresql.lines("pg_hba" + role), postgresql.lines("pg_ident" + role));
    }
}
