package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code remove-member}. */
@Command(
        name = "remove-member",
        description =
                "Forget a member that has left for good, and drop the slots that the others keep for it.")
final class RemoveMemberCommand implements Callable<Integer> {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(5);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Options options;

    @Parameters(
            paramLabel = "[CLUSTER] MEMBER",
            arity = "1..2",
            hideParamSyntax = true,
            description = "The cluster, the configured one by default, and the member's name.")
    private List<String> arguments = new ArrayList<>();

    @Option(names = "--force", description = "Do not ask.")
    private boolean force;

    RemoveMemberCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        String name = arguments.getLast();
        if (!MemberName.isValid(name)) {
            throw new CtlException("\"" + name + "\" is no name of a member.");
        }
        MemberName member = new MemberName(name);
        Optional<String> scope =
                arguments.size() > 1 ? Optional.of(arguments.getFirst()) : Optional.empty();
        try (ClusterStore store = session.open(session.scope(scope))) {
            var snapshot = store.read();
            ClusterView before = KeyCodec.toView(snapshot).view();
            if (before.members().containsKey(member)) {
                throw new CtlException(
                        "the agent of member "
                                + member
                                + " runs: stop it first, for good; to take a host out for a while there is standby.");
            }
            if (!before.settings().containsKey(member) && isForgotten(session, before, member)) {
                session.terminal()
                        .line(
                                "Nothing is kept for a member "
                                        + member
                                        + ", so nothing was done. The leader keeps slots for "
                                        + before.slots().retained()
                                        + ".");
                return CommandTree.DONE;
            }
            if (!force) {
                session.terminal()
                        .confirm("Are you sure that member " + member + " will not be back?");
            }
            SettingsWriter.change(store, member, settings -> settings.with(Duty.REMOVED));
            try (MemberCall call =
                    new MemberCall(session.surroundings(), store.dcs(), snapshot, _ -> {})) {
                if (!call.until(LIMIT, cluster -> isForgotten(session, cluster, member))) {
                    throw new CtlException(
                            "the leader has not dropped the slot of member "
                                    + member
                                    + " within "
                                    + LIMIT.toSeconds()
                                    + " s, or nobody leads; it will when it can. Run this again to see that it is done.");
                }
            }
            SettingsWriter.change(store, member, _ -> MemberSettings.USUAL);
            session.terminal().line("Success: member " + member + " is forgotten");
            return CommandTree.DONE;
        }
    }

    /**
     * Whether the leader keeps nothing for it any more, by its own word and by what it publishes.
     */
    private static boolean isForgotten(Session session, ClusterView cluster, MemberName member) {
        return cluster.leader()
                .filter(_ -> !cluster.slots().retained().contains(member.slotName()))
                .map(LeaderKey::member)
                .flatMap(cluster::member)
                .map(MemberRecord::apiUrl)
                .map(url -> session.members().status(url, REPLY_LIMIT))
                .filter(asked ->
                        switch (Replies.await(asked)) {
                            case Answer.Accepted(var reply) ->
                                    MemberReport.of(reply) instanceof MemberReport.Told told
                                            && !told.idleSlots().contains(member.slotName());
                            case Answer.Refused _, Answer.Silent _ -> false;
                        })
                .isPresent();
    }
}
