package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.MemberSettings.Recovery;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code auto-recovery}. */
@Command(
        name = "auto-recovery",
        description =
                "Say whether members may be rewound or copied anew by themselves: auto-recovery [CLUSTER] MEMBER... on|off.")
final class AutoRecoveryCommand implements Callable<Integer> {
    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    AutoRecoveryCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        String word =
                members.take(List.of("on", "off"))
                        .orElseThrow(() ->
                                new CtlException(
                                        "it was not said which: on or off is expected, last."));
        Recovery recovery = word.equals("on") ? Recovery.AUTOMATIC : Recovery.BY_ORDER;
        return members.run(
                session,
                "switch automatic recovery " + word + " for",
                MemberArguments.named("whose automatic recovery is meant", RoleFilter.ANY),
                (store, chosen) -> {
                    for (MemberRow member : chosen) {
                        SettingsWriter.change(
                                store, member.name(), settings -> settings.with(recovery));
                        session.terminal()
                                .line(
                                        "Success: automatic recovery is "
                                                + word
                                                + " for member "
                                                + member.name());
                    }
                    return CommandTree.DONE;
                });
    }
}
