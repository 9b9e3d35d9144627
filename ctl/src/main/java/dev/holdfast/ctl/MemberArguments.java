package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.ctl.ClusterMembers.Named;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.ctl.MemberTable.Detail;
import dev.holdfast.ctl.MemberTable.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code [CLUSTER] [MEMBER...] --force}, for commands that go to members one by one. */
final class MemberArguments {
    @Parameters(
            paramLabel = "[CLUSTER] [MEMBER]",
            arity = "0..*",
            hideParamSyntax = true,
            description =
                    "The cluster, the configured one by default, and its members, all by default.")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    boolean forced() {
        return force;
    }

    /**
     * Takes one of {@code words} out of the arguments: the last of them, as Patroni has it, or the
     * first after the cluster's name.
     */
    Optional<String> take(List<String> words) {
        for (int i : List.of(arguments.size() - 1, 1, 0)) {
            if (i >= 0 && i < arguments.size() && words.contains(arguments.get(i))) {
                List<String> left = new ArrayList<>(arguments);
                String word = left.remove(i);
                arguments = left;
                return Optional.of(word);
            }
        }
        return Optional.empty();
    }

    /** The cluster that is meant, for what is not about members. */
    String scope(Session session) {
        return ClusterMembers.named(session, arguments).scope();
    }

    /** Which of the cluster's members are meant. */
    interface Choice {
        List<MemberRow> of(String scope, ClusterView cluster, List<String> names);
    }

    /** A choice by role, narrowed. */
    static Choice byRole(RoleFilter role, UnaryOperator<List<MemberRow>> narrowed) {
        return (scope, cluster, names) ->
                narrowed.apply(ClusterMembers.choose(scope, cluster, names, role));
    }

    /**
     * Those that are named; never all by default.
     *
     * @param which what the members are, for the sentence when none was named
     * @param possible of whom they would be
     */
    static Choice named(String which, RoleFilter possible) {
        return (scope, cluster, names) -> {
            if (names.isEmpty()) {
                throw new CtlException(
                        "no member was named: name those "
                                + which
                                + ", of "
                                + ClusterMembers.names(
                                        ClusterMembers.choose(scope, cluster, names, possible))
                                + ".");
            }
            return ClusterMembers.choose(scope, cluster, names, RoleFilter.ANY);
        };
    }

    /**
     * Shows the cluster, asks, and does {@code work} with the members that are meant.
     *
     * @param what the question's verb
     */
    int run(
            Session session,
            String what,
            Choice choice,
            BiFunction<ClusterStore, List<MemberRow>, Integer> work) {
        Named named = ClusterMembers.named(session, arguments);
        try (ClusterStore store = session.open(named.scope())) {
            ClusterView cluster = store.view();
            session.terminal()
                    .print(
                            new MemberTable(named.scope(), cluster)
                                    .pretty(Detail.USUAL, Order.BY_NAME));
            List<MemberRow> members = choice.of(named.scope(), cluster, named.members());
            if (members.isEmpty()) {
                session.terminal().line("There is nothing to " + what + ".");
                return CommandTree.DONE;
            }
            if (!force) {
                session.terminal()
                        .confirm(
                                "Are you sure you want to "
                                        + what
                                        + " "
                                        + ClusterMembers.names(members)
                                        + "?");
            }
            return work.apply(store, members);
        }
    }
}
