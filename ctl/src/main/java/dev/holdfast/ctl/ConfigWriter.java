package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.ctl.ClusterStore.StoredConfig;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.Trees;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Brings changes of the dynamic configuration to the cluster: through the leader or, where it does
 * not answer, another member; and where none does, into the store itself, by compare-and-set. A
 * patch that two members apply does the same as one that one applies, so an answer that was lost is
 * no reason to stop.
 */
final class ConfigWriter {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(20);

    private final Session session;
    private final ClusterStore store;

    ConfigWriter(Session session, ClusterStore store) {
        this.session = session;
        this.store = store;
    }

    /**
     * Judges a configuration as the members will, and tells the warnings.
     *
     * @throws CtlException with every error
     */
    void check(Map<String, Object> config) {
        List<Problem> problems = ClusterConfigReader.read(config).problems();
        List<String> errors = new ArrayList<>();
        for (Problem problem : problems) {
            switch (problem.severity()) {
                case ERROR -> errors.add(problem.sentence());
                case WARNING -> session.terminal().warn("Warning: " + problem.sentence());
            }
        }
        if (!errors.isEmpty()) {
            throw new CtlException("nothing was changed: " + String.join("\n", errors));
        }
    }

    /**
     * Applies {@code patch}.
     *
     * @throws CtlException when it was refused
     */
    void apply(ClusterView cluster, ConfigPatch patch) {
        List<String> silent = new ArrayList<>();
        for (MemberRecord.Stored stored : toAsk(cluster)) {
            MemberName name = stored.name();
            String apiUrl = stored.member().apiUrl();
            switch (Replies.await(
                    session.members().patch(apiUrl, "/config", patch.json(), REPLY_LIMIT))) {
                case Answer.Accepted _ -> {
                    return;
                }
                case Answer.Refused(Reply reply) -> {
                    if (reply.status() < 500) {
                        throw new CtlException(Replies.refusal(name.value(), reply));
                    }
                    silent.add(
                            "member "
                                    + name
                                    + " answered "
                                    + reply.status()
                                    + " ("
                                    + reply.body().strip()
                                    + ")");
                }
                case Answer.Silent(String why, _) -> silent.add(why);
            }
        }
        session.terminal()
                .warn(
                        (silent.isEmpty()
                                        ? "The cluster has no members"
                                        : "No member took the change ("
                                                + String.join("; ", silent)
                                                + ")")
                                + ", so it goes into the store.");
        intoStore(patch);
    }

    /** The leader first. */
    private static List<MemberRecord.Stored> toAsk(ClusterView cluster) {
        return cluster.members().values().stream()
                .sorted(Comparator.comparing(stored -> !cluster.isLeader(stored.name())))
                .toList();
    }

    private void intoStore(ConfigPatch patch) {
        StoredConfig current = store.config();
        Map<String, Object> next = patch.applied(current.tree());
        check(next);
        TxnResult result =
                ClusterStore.await(
                        store.dcs()
                                .commit(
                                        List.of(Compare.unchanged(Keys.CONFIG, current.revision())),
                                        List.of(Op.put(Keys.CONFIG, Trees.toJson(next)))));
        switch (result) {
            case TxnResult.Applied _ -> {}
            case TxnResult.Refused _ ->
                    throw new CtlException(
                            "the configuration was changed by somebody else at the same moment, and yours was not"
                                    + " written: look at it with show-config and try again.");
            case TxnResult.LeaseGone() ->
                    throw new IllegalStateException(
                            "a write without a lease was refused for its lease");
        }
    }
}
