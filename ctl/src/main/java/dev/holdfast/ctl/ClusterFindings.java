package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is wrong with a cluster as a whole. */
final class ClusterFindings {
    private final Checkup checkup;
    private final ClusterView cluster;
    private final List<Finding> findings = new ArrayList<>();

    private ClusterFindings(Checkup checkup) {
        this.checkup = checkup;
        this.cluster = checkup.cluster();
    }

    static List<Finding> of(Checkup checkup) {
        ClusterFindings all = new ClusterFindings(checkup);
        all.store();
        if (all.cluster.leader().isEmpty()) {
            all.withoutLeader();
        } else {
            all.ledBy(all.cluster.leader().get());
        }
        all.gone();
        all.paused();
        all.versions();
        return all.findings;
    }

    private void add(String code, String what, String advice) {
        findings.add(new Finding(checkup.scope(), code, what, advice));
    }

    private void store() {
        for (String problem : checkup.problems()) {
            add(
                    "store.problem",
                    // A sentence of its own, with a full stop.
                    "etcd holds what cannot be used as it stands ("
                            + problem.replaceFirst("\\.$", "")
                            + ")",
                    "mend the key; config by edit-config");
        }
    }

    private void withoutLeader() {
        if (cluster.initialize().isEmpty()) {
            add(
                    "cluster.none",
                    "no cluster was made yet" + reasons(),
                    "start an agent of a member that may lead");
            return;
        }
        add(
                "leader.none",
                "nobody leads"
                        + (cluster.members().isEmpty() ? ", and no agent runs" : "")
                        + reasons(),
                cluster.members().isEmpty()
                        ? "start the agents"
                        : "what its members wait for is said by the codes, see OPERATIONS.md; failover names one by force");
    }

    /** The last word of each member. */
    private String reasons() {
        return checkup.reports().keySet().stream()
                .filter(name -> checkup.told(name).isPresent())
                .map(name -> "; " + name + " says" + checkup.because(name))
                .collect(Collectors.joining());
    }

    private void ledBy(LeaderKey leader) {
        if (cluster.member(leader.member()).isEmpty()) {
            add(
                    "leader.unlisted",
                    "the leader key names " + leader.member() + ", which is not among the members",
                    "look whether its agent runs and reaches etcd; its lease runs out by itself if it does not");
        }
        synchronous(leader);
        successors(leader);
    }

    private void synchronous(LeaderKey leader) {
        if (!checkup.waitsForStandbys()) {
            return;
        }
        var sync = cluster.sync().value();
        int named =
                sync.leader().filter(leader.member()::equals).isPresent()
                        ? (int)
                                sync.standbys().stream()
                                        .filter(name -> !name.equals(leader.member()))
                                        .count()
                        : 0;
        int wanted = checkup.config().syncNodeCount();
        if (named == 0) {
            add(
                    "sync.none",
                    checkup.config().syncStrict()
                            ? "no synchronous standby, and commits wait for one (synchronous_mode_strict)"
                            : "no synchronous standby: what is acknowledged now is on "
                                    + leader.member()
                                    + " only",
                    "bring a standby back, one without the tag nosync");
        } else if (named < wanted) {
            add(
                    "sync.few",
                    named + " synchronous standbys of " + wanted + " (synchronous_node_count)",
                    "bring more standbys back, or ask for fewer");
        }
    }

    /** With nobody to take over, the next failure is an outage. */
    private void successors(LeaderKey leader) {
        boolean any =
                checkup.rows().stream()
                        .filter(row -> !row.name().equals(leader.member()))
                        .anyMatch(this::mayTakeOver);
        if (!any) {
            add(
                    "standby.none",
                    "nobody could take over from " + leader.member(),
                    "bring back, or add, a standby that streams and has no tag nofailover");
        }
    }

    private boolean mayTakeOver(MemberRow row) {
        MemberName name = row.name();
        return !row.tags().noFailover()
                && row.state().equals("streaming")
                && cluster.member(name).filter(MemberRecord::isWell).isPresent()
                && (!checkup.waitsForStandbys()
                        || cluster.sync().value().standbys().contains(name));
    }

    /**
     * Members whose agents are gone, by the slots that the leader keeps for who was there lately:
     * that list outlives a change of leader. Where the leader's own server has such a slot that
     * holds WAL back, that says it better.
     */
    private void gone() {
        SortedSet<String> known = new TreeSet<>();
        cluster.members().keySet().forEach(name -> known.add(name.slotName()));
        cluster.settings()
                .forEach((name, settings) -> {
                    if (settings.value().duty() == MemberSettings.Duty.REMOVED) {
                        known.add(name.slotName());
                    }
                });
        checkup.leader()
                .flatMap(checkup::told)
                .ifPresent(report -> known.addAll(report.idleSlots()));
        for (String slot : cluster.slots().retained()) {
            if (!known.contains(slot)) {
                add(
                        "member.gone",
                        slot
                                + " was a member within the last "
                                + checkup.config().memberSlotsTtl().toMinutes()
                                + " minutes (member_slots_ttl), and no agent of that name is there",
                        "start its agent if it is to come back, else remove-member " + slot);
            }
        }
    }

    private void paused() {
        if (checkup.config().pause()) {
            add(
                    "cluster.paused",
                    "paused: nobody fails over, and the guards are disarmed",
                    "resume when the maintenance is done");
        }
    }

    private void versions() {
        SortedSet<String> versions = new TreeSet<>();
        cluster.members().values().forEach(stored -> versions.add(stored.member().version()));
        if (versions.size() > 1) {
            add(
                    "versions.differ",
                    "the agents are of different versions ("
                            + cluster.members().values().stream()
                                    .map(stored -> stored.name() + " " + stored.member().version())
                                    .collect(Collectors.joining(", "))
                            + ")",
                    "finish the upgrade");
        }
    }
}
