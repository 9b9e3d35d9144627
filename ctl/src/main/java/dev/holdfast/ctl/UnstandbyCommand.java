package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unstandby}. */
@Command(name = "unstandby", description = "Take members in again that standby took out.")
final class UnstandbyCommand implements Callable<Integer> {
    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    UnstandbyCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        return members.run(
                session,
                "take in",
                MemberArguments.named("to be taken in again", RoleFilter.ANY),
                (store, chosen) -> {
                    for (MemberRow member : chosen) {
                        SettingsWriter.change(
                                store, member.name(), settings -> settings.with(Duty.FULL));
                        session.terminal()
                                .line("Success: member " + member.name() + " is taken in");
                    }
                    return CommandTree.DONE;
                });
    }
}
