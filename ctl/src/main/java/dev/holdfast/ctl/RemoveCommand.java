package dev.holdfast.ctl;

import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.ctl.MemberTable.Detail;
import dev.holdfast.ctl.MemberTable.Order;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.json.KeyCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code remove}. */
@Command(
        name = "remove",
        description = "Remove all that the store holds of a cluster. It always asks.")
final class RemoveCommand implements Callable<Integer> {
    private static final String AWARE = "Yes I am aware";

    /** Fewer than the 128 writes that etcd takes in one transaction. */
    private static final int AT_ONCE = 100;

    private final Options options;

    @Parameters(paramLabel = "CLUSTER", arity = "1", description = "Which one.")
    private String cluster = "";

    @Option(
            names = {"-f", "--format"},
            paramLabel = "FORMAT",
            description =
                    "How to show it first: ${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private Format format = Format.PRETTY;

    RemoveCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        Terminal terminal = session.terminal();
        try (ClusterStore store = session.open(cluster)) {
            Dcs.Snapshot snapshot = store.read();
            var view = KeyCodec.toView(snapshot).view();
            terminal.print(
                    new MemberTable(cluster, view).write(format, Detail.USUAL, Order.BY_NAME));
            if (!terminal.answer("Please confirm the cluster name to remove").equals(cluster)) {
                throw new CtlException("Cluster names specified do not match");
            }
            if (!terminal.answer(
                            "You are about to remove all information in DCS for "
                                    + cluster
                                    + ", please type: \""
                                    + AWARE
                                    + "\"")
                    .equals(AWARE)) {
                throw new CtlException("You did not exactly type \"" + AWARE + "\"");
            }
            Optional<LeaderKey> leader = view.leader();
            if (leader.isPresent()
                    && !terminal.answer(
                                    "This cluster currently is healthy. Please specify the leader name to continue")
                            .equals(leader.get().member().value())) {
                throw new CtlException("You did not specify the current leader of the cluster");
            }
            remove(store, snapshot);
            return CommandTree.DONE;
        }
    }

    private static void remove(ClusterStore store, Dcs.Snapshot snapshot) {
        List<String> keys = new ArrayList<>(snapshot.entries().keySet());
        for (int from = 0; from < keys.size(); from += AT_ONCE) {
            List<Op> deletes =
                    keys.subList(from, Math.min(keys.size(), from + AT_ONCE)).stream()
                            .map(Op::delete)
                            .toList();
            ClusterStore.await(store.dcs().commit(List.of(), deletes));
        }
    }
}
