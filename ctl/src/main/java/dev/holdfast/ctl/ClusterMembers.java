package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Which members a command is about. */
final class ClusterMembers {

    /** Members by what they are. */
    enum RoleFilter {
        LEADER("leader"),
        PRIMARY("primary"),
        STANDBY_LEADER("standby-leader"),
        REPLICA("replica"),
        STANDBY("standby"),
        ANY("any");

        private final String text;

        RoleFilter(String text) {
            this.text = text;
        }

        boolean matches(MemberRow row) {
            return switch (this) {
                case LEADER -> row.leads();
                case PRIMARY -> row.role() == MemberRow.Role.LEADER;
                case STANDBY_LEADER -> row.role() == MemberRow.Role.STANDBY_LEADER;
                case REPLICA, STANDBY -> !row.leads();
                case ANY -> true;
            };
        }

        /**
         * The condition under which the member itself is to act, in Patroni's words; empty for any.
         */
        Optional<String> condition() {
            return switch (this) {
                case PRIMARY -> Optional.of("primary");
                case STANDBY_LEADER -> Optional.of("standby_leader");
                case REPLICA, STANDBY -> Optional.of("replica");
                case LEADER, ANY -> Optional.empty();
            };
        }

        /** As it is named on the command line. */
        @Override
        public String toString() {
            return text;
        }
    }

    private ClusterMembers() {}

    /** The arguments {@code [CLUSTER] [MEMBER...]}, told apart. */
    record Named(String scope, List<String> members) {}

    /**
     * Tells the cluster's name from members' names. The first argument is the cluster, unless the
     * configuration names one that has a member of that name.
     */
    static Named named(Session session, List<String> arguments) {
        Optional<String> scope = session.settings().scope();
        if (arguments.isEmpty()) {
            return new Named(session.scope(Optional.empty()), List.of());
        }
        String first = arguments.getFirst();
        if (scope.isPresent() && !scope.get().equals(first)) {
            try (ClusterStore store = session.open(scope.get())) {
                boolean isMember =
                        store.viewOrNothing().members().keySet().stream()
                                .anyMatch(name -> name.value().equals(first));
                if (isMember) {
                    return new Named(scope.get(), arguments);
                }
            }
        }
        return new Named(first, arguments.subList(1, arguments.size()));
    }

    /**
     * The rows of the members that are named (all when none is) and have the role.
     *
     * @return standbys first, since whoever goes through them one after the other disturbs the
     *     fewest clients that way
     * @throws CtlException when a name is unknown, or none is left
     */
    static List<MemberRow> choose(
            String scope, ClusterView cluster, List<String> names, RoleFilter role) {
        Map<String, MemberRow> rows = new LinkedHashMap<>();
        ClusterRows.rows(cluster).forEach(row -> rows.put(row.name().value(), row));
        List<String> unknown = names.stream().filter(name -> !rows.containsKey(name)).toList();
        if (!unknown.isEmpty()) {
            throw new CtlException(
                    "cluster \""
                            + scope
                            + "\" has no member "
                            + quoted(unknown)
                            + "; its members are: "
                            + String.join(", ", rows.keySet())
                            + ".");
        }
        List<MemberRow> chosen =
                rows.values().stream()
                        .filter(row -> names.isEmpty() || names.contains(row.name().value()))
                        .filter(role::matches)
                        .sorted(Comparator.comparing(MemberRow::leads))
                        .toList();
        if (chosen.isEmpty()) {
            throw new CtlException(
                    "cluster \""
                            + scope
                            + "\" has no "
                            + (role == RoleFilter.ANY ? "member" : role)
                            + (names.isEmpty() ? "." : " among " + quoted(names) + "."));
        }
        return chosen;
    }

    static String names(List<MemberRow> rows) {
        return rows.stream().map(row -> row.name().value()).collect(Collectors.joining(", "));
    }

    private static String quoted(List<String> names) {
        return names.stream().map(name -> "\"" + name + "\"").collect(Collectors.joining(", "));
    }
}
