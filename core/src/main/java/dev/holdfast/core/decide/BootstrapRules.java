package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_CLAIM;
import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_ELSEWHERE;
import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_FINISH;
import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_INITDB;
import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_LOST;
import static dev.holdfast.core.decide.Reason.Code.BOOTSTRAP_START;
import static dev.holdfast.core.decide.Reason.Code.CLONE;
import static dev.holdfast.core.decide.Reason.Code.CLONE_WAIT;
import static dev.holdfast.core.decide.Reason.Code.DATA_UNKNOWN;
import static dev.holdfast.core.decide.Reason.Code.REFUSE_DIRECTORY;
import static dev.holdfast.core.decide.Reason.Code.REFUSE_SYSTEM;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * From an empty directory to a member, and the refusal of a directory that is not this cluster's.
 */
final class BootstrapRules {
    /** How long a long action that failed is left alone before it is tried again. */
    private static final Duration RETRY = Duration.ofSeconds(3);

    private BootstrapRules() {}

    static Optional<Decision> decide(Observation o, ClusterView cluster) {
        if (o.data().isEmpty()) {
            return Optional.of(
                    Say.of(o, DATA_UNKNOWN, "the data directory is being looked at")
                            .act(new Action.Inspect())
                            .service(Serving.whileRunning(o))
                            .decision());
        }
        if (isClaimedByMe(o, cluster)) {
            return Optional.of(begin(o, cluster, o.data().get()));
        }
        return switch (o.data().get()) {
            case DataDirectory.Missing _ ->
                    mayCopy(o, cluster) ? Optional.of(missing(o, cluster)) : Optional.empty();
            case DataDirectory.Broken broken ->
                    mayCopy(o, cluster)
                            ? Optional.of(broken(o, cluster, broken))
                            : Optional.empty();
            case DataDirectory.Valid valid -> refuseOther(o, cluster, valid.control().system());
        };
    }

    /** A leader that lost its directory has nobody to copy from before it gives the lease back. */
    private static boolean mayCopy(Observation o, ClusterView cluster) {
        return o.serverGone() && !cluster.isLeader(o.me());
    }

    /**
     * The key {@code initialize} is there without an identifier and hangs on our living lease:
     * nobody else may begin.
     */
    static boolean isClaimedByMe(Observation o, ClusterView cluster) {
        return o.lease().isGood(o.now())
                && cluster.initialize()
                        .map(Versioned::value)
                        .filter(i -> i.isClaim() && i.lease().equals(o.lease().id()))
                        .isPresent();
    }

    private static Decision begin(Observation o, ClusterView cluster, DataDirectory data) {
        if (o.config().standbyCluster().isPresent()) {
            return beginStandbyCluster(o, cluster, data);
        }
        return switch (data) {
            case DataDirectory.Missing _ ->
                    failedLately(o, Action.InitDb.class)
                            .or(() -> failedLately(o, Action.StartNewCluster.class))
                            .map(why ->
                                    exit(
                                            o,
                                            BOOTSTRAP_LOST,
                                            "the new cluster could not be made: " + why))
                            .orElseGet(() -> make(o, "this member makes the new cluster"));
            case DataDirectory.Broken broken ->
                    failedLately(o, Action.InitDb.class)
                            .map(why ->
                                    exit(
                                            o,
                                            BOOTSTRAP_LOST,
                                            "the new cluster could not be made: " + why))
                            .orElseGet(() ->
                                    make(
                                            o,
                                            "this member makes the new cluster anew: "
                                                    + broken.why()));
            case DataDirectory.Valid valid ->
                    failedLately(o, Action.StartNewCluster.class)
                            .map(why ->
                                    exit(
                                            o,
                                            BOOTSTRAP_LOST,
                                            "the new cluster did not start: " + why))
                            .orElseGet(() ->
                                    Decide.isPrimary(o.server())
                                            ? finish(o, cluster, valid.control().system())
                                            : start(o));
        };
    }

    /** Its data are those of the cluster that it follows, and so is its identifier. */
    private static Decision beginStandbyCluster(
            Observation o, ClusterView cluster, DataDirectory data) {
        return switch (data) {
            case DataDirectory.Valid valid -> finish(o, cluster, valid.control().system());
            case DataDirectory.Missing _, DataDirectory.Broken _ ->
                    o.serverGone()
                            ? copy(o, cluster, data instanceof DataDirectory.Broken ? "broken" : "")
                            : stopLeftover(o, "this member makes the new cluster");
        };
    }

    private static Decision stopLeftover(Observation o, String sentence) {
        return Say.of(o, BOOTSTRAP_INITDB, sentence)
                .act(new Action.Stop(Action.StopMode.IMMEDIATE, ShutdownRules.patience(o)))
                .decision();
    }

    /**
     * An agent before this one may have left a server that runs in what it did not finish: it is
     * nobody's yet.
     */
    private static Decision make(Observation o, String sentence) {
        return o.serverGone()
                ? Say.of(o, BOOTSTRAP_INITDB, sentence)
                        .act(new Action.InitDb(o.lease().goodUntil()))
                        .decision()
                : stopLeftover(o, sentence);
    }

    /**
     * Once the claim has run out, another member may make the cluster: the guard ends this one's
     * server before that.
     */
    private static Decision start(Observation o) {
        if (o.serverGone() && !PromotionRules.isArmed(o)) {
            return PromotionRules.arm(o, "before the new cluster's first server starts");
        }
        Say say = Say.of(o, BOOTSTRAP_START, "the new cluster's first server is started").eager();
        return (o.serverGone() ? say.act(new Action.StartNewCluster(Files.forPrimary(o, ""))) : say)
                .decision();
    }

    private static Decision finish(Observation o, ClusterView cluster, SystemIdentifier system) {
        LeaseId lease = o.lease().id().orElseThrow();
        return Say.of(o, BOOTSTRAP_FINISH, "the new cluster " + system + " stands")
                .act(
                        new Action.FinishInitialize(
                                lease, cluster.initialize().orElseThrow().revision(), system))
                .decision();
    }

    private static Decision missing(Observation o, ClusterView cluster) {
        if (cluster.initialize().isPresent()) {
            return cluster.system().isPresent()
                    ? copy(o, cluster, "")
                    : Say.of(o, BOOTSTRAP_ELSEWHERE, "another member is making the new cluster")
                            .decision();
        }
        if (cluster.leader().isPresent() || cluster.epoch().isPresent()) {
            // Somebody leads, or has led: there is a cluster, which may not be made a second time.
            return copy(o, cluster, "");
        }
        if (o.self().tags().noFailover() || !o.lease().isGood(o.now())) {
            return Say.of(
                            o,
                            BOOTSTRAP_ELSEWHERE,
                            "there is no cluster yet, and this member may not, or cannot yet, make one")
                    .decision();
        }
        return Say.of(o, BOOTSTRAP_CLAIM, "there is no cluster yet: claiming to make it")
                .act(new Action.ClaimInitialize(o.lease().id().orElseThrow()))
                .decision();
    }

    private static Decision broken(
            Observation o, ClusterView cluster, DataDirectory.Broken broken) {
        return cluster.initialize().isPresent()
                ? copy(o, cluster, "broken")
                : exit(
                        o,
                        REFUSE_DIRECTORY,
                        broken.why()
                                + "; there is no cluster yet to copy from, so empty the directory or name another one in postgresql.data_dir");
    }

    /**
     * A base backup from a standby that offers itself, or else from the leader, unless an operator
     * has said that he orders it himself; of the cluster to follow where there is none yet. What
     * lies in the directory is moved aside, under a name that holds {@code aside}.
     */
    static Decision copy(Observation o, ClusterView cluster, String aside) {
        return MaintenanceRules.leavesAlone(o, "the data directory has to be copied")
                .orElseGet(() -> copyNow(o, cluster, aside));
    }

    /**
     * The same, because it was ordered. Whoever stands in {@code /sync} is entitled to lead, by
     * what it has confirmed; a copy may be older than that, but for one of the leader itself. A
     * member with backups waits until it is taken out, which a strict leader does not do with its
     * last.
     */
    static Decision copyNow(Observation o, ClusterView cluster, String aside) {
        Optional<MemberRecord.Stored> leader =
                cluster.runningLeader().filter(p -> !p.name().equals(o.me()));
        boolean entitled = leader.isPresent() && cluster.sync().value().standbys().contains(o.me());
        boolean hasBackups = o.self().copy() == Scripts.Leader.NOT_NEEDED;
        if (entitled && hasBackups && !o.config().syncStrict()) {
            return Say.of(
                            o,
                            CLONE_WAIT,
                            "this member stands in /sync: its data is not replaced before "
                                    + leader.get().name()
                                    + " has taken it out")
                    .decision();
        }
        boolean free = cluster.leader().isEmpty() || cluster.isLeader(o.me());
        Optional<Upstream> source =
                leader.filter(_ -> !entitled)
                        .flatMap(_ -> offered(o, cluster))
                        .or(() -> leader)
                        .flatMap(MemberRecord.Stored::upstream)
                        .or(() -> free ? Outside.upstream(o) : Optional.empty());
        List<String> methods = entitled ? Outside.BASE_BACKUP : Outside.copyMethods(o, source);
        Optional<MonoTime> failed = copyFailed(o);
        if (failed.isPresent() && o.now().isBefore(failed.get())) {
            return Say.of(
                            o,
                            CLONE_WAIT,
                            "the copy failed and is tried again soon: " + outcome(o.task()))
                    .lookAt(failed.get())
                    .decision();
        }
        if (source.isEmpty() && mayRestore(o, cluster)) {
            return Say.of(
                            o,
                            CLONE,
                            "no member has a server to copy from: the data directory is restored from a backup")
                    .act(new Action.Restore(methods, aside))
                    .decision();
        }
        if (source.isEmpty()) {
            return Say.of(
                            o,
                            CLONE_WAIT,
                            "a leader whose server runs as primary is awaited, to copy from")
                    .decision();
        }
        return Say.of(o, CLONE, "the data directory is copied from " + source.get().name())
                .act(new Action.Clone(source.get(), methods, aside))
                .decision();
    }

    /**
     * A standby with the tag {@code clonefrom} that streams. After a copy that failed it is the
     * leader's turn.
     */
    private static Optional<MemberRecord.Stored> offered(Observation o, ClusterView cluster) {
        boolean leaderOnly =
                copyFailed(o).isPresent()
                        || o.orders()
                                .reinitialize()
                                .filter(r -> r.from() == Orders.CopyOf.LEADER)
                                .isPresent();
        return leaderOnly
                ? Optional.empty()
                : cluster.members().values().stream()
                        .filter(m -> !m.name().equals(o.me()) && !cluster.isLeader(m.name()))
                        .filter(m -> m.member().tags().cloneFrom() && m.member().isStreaming())
                        .findFirst();
    }

    /**
     * While another member that may lead is there, its data is as new or newer: it is to lead, and
     * to be copied from.
     */
    private static boolean mayRestore(Observation o, ClusterView cluster) {
        if (o.config().standbyCluster().isPresent()) {
            // Nobody here has any data yet, or whoever leads has lost the last of them.
            return isClaimedByMe(o, cluster) || cluster.isLeader(o.me());
        }
        return o.self().copy() == Scripts.Leader.NOT_NEEDED
                && cluster.leader().isEmpty()
                && cluster.members().values().stream()
                        .allMatch(m -> m.name().equals(o.me()) || m.member().tags().noFailover());
    }

    /** Until when a copy that failed is left alone. */
    private static Optional<MonoTime> copyFailed(Observation o) {
        return o.task() instanceof Task.Ended(var action, MonoTime at, Task.Outcome.Failed _)
                        && (action instanceof Action.Clone || action instanceof Action.Restore)
                ? Optional.of(at.plus(RETRY))
                : Optional.empty();
    }

    private static String outcome(Task task) {
        return task instanceof Task.Ended(var _, var _, Task.Outcome.Failed(String why)) ? why : "";
    }

    private static Optional<Decision> refuseOther(
            Observation o, ClusterView cluster, SystemIdentifier mine) {
        return cluster.system()
                .filter(theirs -> !theirs.equals(mine))
                .map(theirs ->
                        exit(
                                o,
                                REFUSE_SYSTEM,
                                "the data directory belongs to another cluster: its system identifier is "
                                        + mine
                                        + ", that of the cluster in the store is "
                                        + theirs
                                        + "; nothing was changed. Check postgresql.data_dir and scope, or move the directory away"));
    }

    private static Optional<String> failedLately(
            Observation o, Class<? extends Action.Lengthy> kind) {
        return o.task()
                                instanceof
                                Task.Ended(
                                        Action.Lengthy action,
                                        var _,
                                        Task.Outcome.Failed(String why))
                        && kind.isInstance(action)
                ? Optional.of(why)
                : Optional.empty();
    }

    private static Decision exit(Observation o, Reason.Code code, String sentence) {
        return Say.of(o, code, sentence).act(new Action.Exit(1, sentence)).decision();
    }
}
