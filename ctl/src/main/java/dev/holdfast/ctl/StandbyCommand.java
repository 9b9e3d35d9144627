package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code standby}. */
@Command(
        name = "standby",
        description =
                "Take members out for maintenance: a leader hands over first; then it is no candidate, not synchronous, and not"
                        + " shown to load balancers, until unstandby.")
final class StandbyCommand implements Callable<Integer> {
    /** A planned switchover is made within it, with its checkpoint. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Options options;

    @Mixin private final MemberArguments members = new MemberArguments();

    @Option(names = "--stop", description = "Stop PostgreSQL there, too.")
    private boolean stop;

    StandbyCommand(Options options) {
        this.options = options;
    }

    @Override
    public Integer call() {
        Session session = options.session();
        return members.run(
                session,
                "take out",
                MemberArguments.named("to be taken out", RoleFilter.ANY),
                (store, chosen) -> {
                    chosen.forEach(member ->
                            takeOut(
                                    session,
                                    store,
                                    member.name(),
                                    stop ? Duty.STOPPED : Duty.STANDBY));
                    return CommandTree.DONE;
                });
    }

    /** One after the other: what one takes away the next may need. */
    private static void takeOut(Session session, ClusterStore store, MemberName member, Duty duty) {
        var snapshot = store.read();
        ClusterView cluster = KeyCodec.toView(snapshot).view();
        Optional<String> refusal = TakingOut.refusal(cluster, member);
        if (refusal.isPresent()) {
            throw new CtlException(
                    "member " + member + " is not taken out: " + refusal.get() + ".");
        }
        MemberSettings before = cluster.settingsOf(member);
        try (MemberCall call =
                new MemberCall(session.surroundings(), store.dcs(), snapshot, _ -> {})) {
            SettingsWriter.change(store, member, settings -> settings.with(duty));
            if (call.until(LIMIT, view -> TakingOut.isDone(view, member, duty))) {
                session.terminal().line("Success: member " + member + " is taken out");
                return;
            }
            if (call.now().isLeader(member)) {
                SettingsWriter.change(store, member, settings -> settings.with(before.duty()));
                throw new CtlException(
                        "member "
                                + member
                                + " did not hand over within "
                                + LIMIT.toSeconds()
                                + " s, and is not taken out: its reason is in /patroni and the journal.");
            }
            session.terminal()
                    .warn(
                            "member "
                                    + member
                                    + " is to be out, and has not acted on it within "
                                    + LIMIT.toSeconds()
                                    + " s: look at it with doctor.");
        }
    }
}
