package dev.holdfast.ctl;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.ctl.ClusterStore.StoredConfig;
import dev.holdfast.ctl.LeaderDialog.Consent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code demote-cluster} and {@code promote-cluster} share: both change one section of the
 * dynamic configuration, and watch until the leader has become what that asks for.
 */
final class ClusterRoleChange {
    private static final String SECTION = "standby_cluster";

    /** A shutdown, and a rewind where one is needed, take their time. */
    private static final Duration LIMIT = Duration.ofMinutes(15);

    /** How long a standby leader may take to stream, once it runs, before a note says so. */
    private static final Duration FOLLOW = Duration.ofSeconds(30);

    /** What is wished. */
    enum Wish {
        DEMOTE("demot", MemberRole.STANDBY_LEADER),
        PROMOTE("promot", MemberRole.PRIMARY);

        private final String stem;
        private final MemberRole role;

        Wish(String stem, MemberRole role) {
            this.stem = stem;
            this.role = role;
        }
    }

    private final Session session;
    private final ClusterStore store;
    private final Wish wish;
    private final LeaderDialog dialog;
    private final ClusterView before;

    ClusterRoleChange(Session session, ClusterStore store, Wish wish) {
        this.session = session;
        this.store = store;
        this.wish = wish;
        this.dialog = new LeaderDialog(session, store);
        this.before = dialog.cluster();
    }

    /**
     * Has it done.
     *
     * @param section the new value of {@code standby_cluster}; empty to remove it
     * @throws CtlException when it was refused, or has not come to its end in time
     */
    void run(Map<String, Object> section, Consent consent) {
        Optional<MemberRecord> leader = before.leader().flatMap(key -> before.member(key.member()));
        if (before.leader().isEmpty()) {
            throw new CtlException("Cluster has no leader, " + wish.stem + "ion is not possible");
        }
        if (leader.filter(this::isDone).isPresent()) {
            throw new CtlException("Cluster is already in the required state");
        }
        if (before.config().filter(config -> config.value().pause()).isPresent()) {
            throw new CtlException(
                    "cluster \""
                            + store.scope()
                            + "\" is paused, which holds such a change back: use resume first.");
        }
        dialog.showCurrent();
        StoredConfig current = store.config();
        Map<String, Object> changed = new LinkedHashMap<>(current.tree());
        changed.remove(SECTION);
        if (!section.isEmpty()) {
            changed.put(SECTION, section);
        }
        ConfigWriter writer = new ConfigWriter(session, store);
        writer.check(changed);
        if (consent == Consent.ASKED) {
            session.terminal()
                    .confirm(
                            "Are you sure you want to "
                                    + wish.stem
                                    + "e "
                                    + store.scope()
                                    + " cluster?");
        }
        try (MemberCall call =
                new MemberCall(session.surroundings(), store.dcs(), store.read(), _ -> {})) {
            writer.apply(before, ConfigPatch.between(current.tree(), changed));
            if (!call.until(LIMIT, this::isReached)) {
                throw new CtlException(
                        "the configuration is changed, and the cluster is not "
                                + wish.stem
                                + "ed after "
                                + LIMIT.toMinutes()
                                + " min: it goes on, and the journal of the leader tells what it waits for.");
            }
            boolean followed =
                    !section.containsKey("host") || call.until(FOLLOW, ClusterRoleChange::streams);
            dialog.done("cluster is successfully " + wish.stem + "ed");
            if (!followed) {
                session.terminal()
                        .warn(
                                "Note: the standby leader does not stream from "
                                        + section.get("host")
                                        + " yet; look again with list.");
            }
        }
    }

    private static boolean streams(ClusterView cluster) {
        return cluster.leader()
                .flatMap(key -> cluster.member(key.member()))
                .flatMap(MemberRecord::replicationState)
                .filter("streaming"::equals)
                .isPresent();
    }

    private boolean isDone(MemberRecord leader) {
        return leader.role() == wish.role && leader.state() == MemberState.RUNNING;
    }

    /** Whoever led before is back too, where it is alive. */
    private boolean isReached(ClusterView cluster) {
        return cluster.leader()
                        .flatMap(key -> cluster.member(key.member()))
                        .filter(this::isDone)
                        .isPresent()
                && before.leader()
                        .flatMap(key -> cluster.member(key.member()))
                        .filter(member -> !member.state().isRunning())
                        .isEmpty();
    }
}
