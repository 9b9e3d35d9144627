package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.ctl.LeaderChange.Kind;
import dev.holdfast.ctl.LeaderChange.Limits;
import dev.holdfast.ctl.LeaderChange.Outcome;
import dev.holdfast.ctl.MemberTable.Detail;
import dev.holdfast.ctl.MemberTable.Order;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** What {@code switchover} and {@code failover} share: show, ask, have it done, show again. */
final class LeaderDialog {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSS");

    private final Session session;
    private final ClusterStore store;
    private final Dcs.Snapshot snapshot;
    private final ClusterView cluster;

    /** Whether the operator is asked before anything is done. */
    enum Consent {
        ASKED,
        FORCED
    }

    LeaderDialog(Session session, ClusterStore store) {
        this.session = session;
        this.store = store;
        this.snapshot = store.read();
        this.cluster = KeyCodec.toView(snapshot).view();
    }

    ClusterView cluster() {
        return cluster;
    }

    void showCurrent() {
        session.terminal().line("Current cluster topology");
        show(cluster);
    }

    Optional<MemberName> leader() {
        return cluster.leader().map(key -> key.member());
    }

    /** The members that could lead instead. */
    List<String> others() {
        return cluster.members().keySet().stream()
                .filter(name -> !cluster.isLeader(name))
                .map(MemberName::value)
                .toList();
    }

    /**
     * The member of that name.
     *
     * @throws CtlException when there is none, or it leads already
     */
    MemberName candidate(String name) {
        if (leader().filter(leader -> leader.value().equals(name)).isPresent()) {
            throw new CtlException(
                    "member \""
                            + name
                            + "\" leads cluster \""
                            + store.scope()
                            + "\" already: name another candidate, one of "
                            + String.join(", ", others())
                            + ".");
        }
        if (!others().contains(name)) {
            throw new CtlException(
                    "cluster \""
                            + store.scope()
                            + "\" has no member \""
                            + name
                            + "\": its candidates are "
                            + String.join(", ", others())
                            + ".");
        }
        return new MemberName(name);
    }

    /** Has it done, and shows what came of it. */
    int change(Kind kind, FailoverRequest request) {
        Outcome outcome =
                new LeaderChange(session, store, snapshot, kind, request, Limits.of(cluster)).run();
        return switch (outcome) {
            case Outcome.Done(String sentence, String note) -> {
                done(sentence);
                if (!note.isEmpty()) {
                    session.terminal().warn("Note: " + note);
                }
                yield CommandTree.DONE;
            }
            case Outcome.Refused(String sentence) -> throw new CtlException(sentence);
            case Outcome.Unknown(String sentence) -> throw new CtlException(sentence);
        };
    }

    /** Says what was done, and shows what came of it. */
    void done(String sentence) {
        session.terminal().line(TIME.format(session.surroundings().now().get()) + " " + sentence);
        show(store.view());
    }

    private void show(ClusterView view) {
        session.terminal()
                .print(new MemberTable(store.scope(), view).pretty(Detail.USUAL, Order.BY_NAME));
    }
}
