package dev.holdfast.agent.show;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.decide.CommitsFact;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.FailsafeProof;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.Memory;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Task;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.status.Condition;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;

/** From an observation and the decision on it to what the member shows. Pure. */
public final class StatusView {
    /**
     * A probe older than this proves nothing any more, so that {@code /primary} closes although the
     * lease may live.
     */
    private static final Duration PROBE_COUNTS = Duration.ofSeconds(5);

    /** How long health checks may be held back for a change that is under way. */
    private static final Duration SETTLES = Duration.ofSeconds(2);

    private StatusView() {}

    /** What the member shows after this turn. */
    public static MemberStatus of(
            Observation o,
            Decision decision,
            String scope,
            String version,
            long storeSeenEpochSeconds,
            List<ServiceStatus> services,
            HostStatus host) {
        MonoTime byLease =
                o.lease().leaderEpoch().isPresent()
                                && o.cluster().filter(c -> c.isLeader(o.me())).isPresent()
                        ? o.lease().leaderUntil()
                        : MonoTime.BEGINNING;
        Optional<FailsafeProof> staying = o.staying();
        MonoTime leaderUntil =
                staying.map(s -> MonoTime.max(byLease, s.goodUntil())).orElse(byLease);
        MonoTime soft =
                staying.map(s -> MonoTime.max(o.deadlines().soft(byLease), s.validUntil()))
                        .orElse(o.deadlines().soft(byLease));
        MonoTime primaryUntil =
                decision.service() == Decision.Service.OPEN
                        ? MonoTime.min(soft, o.serverAskedAt().plus(PROBE_COUNTS))
                        : MonoTime.BEGINNING;
        MonoTime settlesBy =
                decision.service() == Decision.Service.CHANGING
                        ? o.now().plus(SETTLES)
                        : MonoTime.BEGINNING;
        return new MemberStatus(
                scope,
                o.me(),
                version,
                state(o),
                role(o),
                o.server(),
                o.cluster(),
                system(o),
                storeSeenEpochSeconds,
                leaderUntil,
                primaryUntil,
                settlesBy,
                o.config().synchronous()
                        && o.cluster()
                                .filter(c -> c.sync().value().standbys().contains(o.me()))
                                .isPresent(),
                o.config().pause(),
                o.self().tags(),
                pendingRestart(o),
                o.orders().scheduled(),
                decision.reason().code().text(),
                decision.reason().sentence(),
                task(o),
                guard(o),
                condition(o, decision.memory()),
                services,
                host);
    }

    /** Before the first turn of the loop nothing is known, and nothing is promised. */
    static MemberStatus starting(AgentConfig config) {
        return new MemberStatus(
                config.scope(),
                config.name(),
                "",
                MemberState.STARTING,
                MemberRole.UNINITIALIZED,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0,
                MonoTime.BEGINNING,
                MonoTime.BEGINNING,
                MonoTime.BEGINNING,
                false,
                false,
                config.tags(),
                Collections.emptySortedMap(),
                Optional.empty(),
                "agent.starting",
                "the agent is starting",
                "",
                "unreachable",
                Condition.FINE,
                List.of(),
                HostStatus.UNKNOWN);
    }

    private static Condition condition(Observation o, Memory memory) {
        return new Condition(
                memory.crashes().count(),
                o.vitals().unwell(o.now(), o.deadlines()).orElse(""),
                memory.alone().since(),
                memory.alone().times(),
                o.proof().isPresent()
                        ? Optional.empty()
                        : o.staying().map(FailsafeProof::validUntil),
                o.config().synchronous() && o.server().orElse(null) instanceof Server.Primary
                        ? o.commits().map(CommitsFact::weaker).orElse(List.of())
                        : List.of(),
                o.self().barred());
    }

    private static MemberState state(Observation o) {
        if (o.task() instanceof Task.Running running) {
            return switch (running.action()) {
                case Action.InitDb _ -> MemberState.INITIALIZING;
                case Action.PrePromote _ -> MemberState.RUNNING;
                case Action.StartNewCluster _, Action.StartStandby _, Action.StartPrimary _ ->
                        o.orders().restart().isPresent()
                                ? MemberState.RESTARTING
                                : MemberState.STARTING;
                case Action.PlaceSlots _ -> MemberState.RESTARTING;
                case Action.Stop _ -> MemberState.STOPPING;
                case Action.Promote _ -> MemberState.RUNNING;
                case Action.KeepAside _, Action.Rewind _ -> MemberState.REWINDING;
                case Action.Clone _, Action.Restore _ -> MemberState.CREATING_REPLICA;
            };
        }
        return switch (o.server().orElse(null)) {
            case Server.Primary _ -> MemberState.RUNNING;
            case Server.Standby standby ->
                    !standby.isStreaming()
                                    && o.applied().filter(StatusView::takesFromArchive).isPresent()
                            ? MemberState.IN_ARCHIVE_RECOVERY
                            : MemberState.RUNNING;
            case Server.Rejecting _, Server.Silent _ -> MemberState.STARTING;
            case null -> o.serverGone() ? withoutServer(o) : MemberState.STARTING;
        };
    }

    private static boolean takesFromArchive(ServerFiles files) {
        return !files.parameters().getOrDefault("restore_command", "").isBlank();
    }

    private static MemberState withoutServer(Observation o) {
        return switch (o.task()) {
            case Task.Ended(Action.StartStandby _, var _, Task.Outcome.Failed _),
                    Task.Ended(Action.StartPrimary _, var _, Task.Outcome.Failed _) ->
                    MemberState.START_FAILED;
            case Task.Ended(Action.InitDb _, var _, Task.Outcome.Failed _) ->
                    MemberState.INIT_FAILED;
            case Task.Ended(Action.Stop _, var _, var _) -> MemberState.STOPPED;
            case Task.Idle _, Task.Running _, Task.Ended _ ->
                    o.data().orElse(null) instanceof DataDirectory.Valid(var control, var _)
                                    && control.state()
                                            == dev.holdfast.core.postgres.ControlData.State
                                                    .IN_PRODUCTION
                            ? MemberState.CRASHED
                            : MemberState.STOPPED;
        };
    }

    private static MemberRole role(Observation o) {
        boolean standbyCluster = o.config().standbyCluster().isPresent();
        MemberRole led =
                o.cluster().filter(c -> c.isLeader(o.me())).isEmpty()
                        ? MemberRole.REPLICA
                        : standbyCluster ? MemberRole.STANDBY_LEADER : MemberRole.PRIMARY;
        return switch (o.server().orElse(null)) {
            case Server.Primary _ -> MemberRole.PRIMARY;
            case Server.Standby _ -> standbyCluster ? led : MemberRole.REPLICA;
            case Server.Rejecting _, Server.Silent _ -> led;
            case null ->
                    o.data().orElse(null) instanceof DataDirectory.Missing
                            ? MemberRole.UNINITIALIZED
                            : led;
        };
    }

    private static Optional<SystemIdentifier> system(Observation o) {
        return o.data().orElse(null) instanceof DataDirectory.Valid valid
                ? Optional.of(valid.control().system())
                : o.cluster().flatMap(ClusterView::system);
    }

    static SortedMap<String, String> pendingRestart(Observation o) {
        return switch (o.server().orElse(null)) {
            case Server.Primary primary -> primary.common().pendingRestart();
            case Server.Standby standby -> standby.common().pendingRestart();
            case Server.Rejecting _, Server.Silent _ -> Collections.emptySortedMap();
            case null -> Collections.emptySortedMap();
        };
    }

    private static String task(Observation o) {
        return o.task() instanceof Task.Running running
                ? running.action().getClass().getSimpleName().toLowerCase(Locale.ROOT)
                        + (running.progress().isEmpty() ? "" : ": " + running.progress())
                : "";
    }

    private static String guard(Observation o) {
        return switch (o.guard()) {
            case GuardFact.Away _ -> "unreachable";
            case GuardFact.Present present ->
                    switch (present.mode()) {
                        case GuardFact.Mode.Standby _ -> "standby";
                        case GuardFact.Mode.Armed _ -> "armed";
                        case GuardFact.Mode.Paused _ -> "paused";
                    };
        };
    }
}
