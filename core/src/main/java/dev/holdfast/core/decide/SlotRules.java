package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A replication slot for each other member, on every member that may lead: it keeps the WAL that
 * the member still needs, whomever it streams from now. One through which nobody streams follows
 * its member, as far as that one and the leader say that it is.
 */
final class SlotRules {
    /** WAL is removed by the segment: to move a slot on by less gains nothing. */
    private static final long SEGMENT_BYTES = 16L << 20;

    private SlotRules() {}

    static List<Action> onPrimary(Observation o, ClusterView cluster, Server.Primary primary) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = ofMembers(o, cluster, primary.slots(), primary.flushed());
        actions.addAll(PermanentSlots.onLeader(o, primary.slots()));
        actions.addAll(SlotOwners.clear(o));
        return actions;
    }

    static List<Action> onStandby(Observation o, ClusterView cluster, Server.Standby standby) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = ofMembers(o, cluster, standby.slots(), standby.replayed());
        actions.addAll(
                StandbyLeaderRules.leads(o, cluster)
                        ? PermanentSlots.onLeader(o, standby.slots())
                        : PermanentSlots.onStandby(o, cluster, standby));
        actions.addAll(SlotOwners.clear(o));
        return actions;
    }

    private static List<Action> ofMembers(
            Observation o, ClusterView cluster, List<Slot> slots, Lsn reached) {
        SortedSet<String> wanted = wanted(o, cluster);
        SortedSet<String> users = users(o, cluster);
        SortedSet<String> missing = new TreeSet<>(wanted);
        SortedSet<String> stale = new TreeSet<>();
        SortedMap<String, Action.Advance> behind = new TreeMap<>();
        missing.removeIf(name -> PermanentSlots.isHere(o, name));
        for (Slot slot : slots) {
            missing.remove(slot.name());
            if (!slot.physical() || slot.active() || isOthers(o, slot)) {
                continue;
            }
            if (!wanted.contains(slot.name())) {
                if (isLeft(o, cluster, slot)) {
                    stale.add(slot.name());
                }
            } else if (!users.contains(slot.name()) && isLeftBehind(slot)) {
                stale.add(slot.name());
            } else {
                advance(slot, position(cluster, slot.name()), reached)
                        .filter(a -> isWorthwhile(slot, a))
                        .ifPresent(a -> behind.put(slot.name(), a));
            }
        }
        List<Action> actions = new ArrayList<>();
        if (!missing.isEmpty()) {
            actions.add(new Action.CreateSlots(missing));
        }
        if (!behind.isEmpty()) {
            actions.add(new Action.AdvanceSlots(behind));
        }
        if (!stale.isEmpty()) {
            actions.add(new Action.DropSlots(stale));
        }
        return actions;
    }

    /**
     * A physical slot that cannot be advanced, or that still holds rows for who streamed through it
     * once: it is made anew.
     */
    static boolean isLeftBehind(Slot slot) {
        return slot.physical() && (slot.position().isEmpty() || slot.rows() == Slot.Rows.HELD);
    }

    /** Where an unused slot is to be moved, never past its user; empty where it is there. */
    static Optional<Action.Advance> advance(Slot slot, Lsn user, Lsn reached) {
        Lsn to = user.isAfter(reached) ? reached : user;
        return slot.position()
                .filter(to::isAfter)
                .map(_ -> new Action.Advance(slot.logical().map(Slot.Logical::database), to));
    }

    private static boolean isWorthwhile(Slot slot, Action.Advance advance) {
        return slot.position()
                .filter(from -> advance.to().bytesPast(from) >= SEGMENT_BYTES)
                .isPresent();
    }

    /**
     * How far the user of a slot is: as the leader's own slot tells it, and where the user is a
     * member that streams, as it tells itself, since it may do so from another one than the leader.
     */
    static Lsn position(ClusterView cluster, String slot) {
        Lsn told = cluster.slots().positions().getOrDefault(slot, Lsn.ZERO);
        return cluster.userOfSlot(slot)
                .map(MemberRecord.Stored::member)
                .filter(MemberRecord::isStreaming)
                .flatMap(MemberRecord::xlogLocation)
                .map(at -> Lsn.max(told, at))
                .orElse(told);
    }

    /** Whether more than the member itself is asked what becomes of its slot. */
    private static boolean isOthers(Observation o, Slot slot) {
        return PermanentSlots.isHere(o, slot.name()) || o.config().slots().ignores(slot);
    }

    /**
     * Whether its member is there and needs none here, will not be back, or has been away for
     * {@code member_slots_ttl}.
     */
    private static boolean isLeft(Observation o, ClusterView cluster, Slot slot) {
        MonoTime seen = o.memory().slots().seen().get(slot.name());
        return cluster.userOfSlot(slot.name()).filter(m -> !m.name().equals(o.me())).isPresent()
                || removed(cluster).stream().anyMatch(m -> m.slotName().equals(slot.name()))
                || (seen != null && o.now().isAfter(seen.plus(o.config().memberSlotsTtl())));
    }

    /**
     * When the owners of the slots on this server were last there; of those that have gone, what
     * the leader still keeps.
     *
     * @param before what is known of that
     */
    static SortedMap<String, MonoTime> seen(
            SortedMap<String, MonoTime> before, Observation o, ClusterView cluster) {
        SortedMap<String, MonoTime> seen = new TreeMap<>(before);
        boolean counts =
                switch (o.server().orElse(null)) {
                    case Server.Primary _ -> o.lease().leaderEpoch().isPresent();
                    case Server.Standby _ -> true;
                    case Server.Rejecting _, Server.Silent _ -> false;
                    case null -> false;
                };
        if (counts) {
            for (String name : retained(o, cluster)) {
                seen.putIfAbsent(name, o.now());
            }
            for (String name : present(o, cluster)) {
                seen.put(name, o.now());
            }
        }
        removed(cluster).forEach(member -> seen.remove(member.slotName()));
        return seen;
    }

    /** Which slots of members are to be here. */
    private static SortedSet<String> wanted(Observation o, ClusterView cluster) {
        SortedSet<String> wanted = present(o, cluster);
        if (mayLead(o, cluster)) {
            wanted.addAll(retained(o, cluster));
        }
        return wanted;
    }

    /** Of members that are there: on one that may not lead, those that stream from it. */
    private static SortedSet<String> present(Observation o, ClusterView cluster) {
        return mayLead(o, cluster)
                ? slots(o, cluster, m -> !m.member().tags().noStream())
                : users(o, cluster);
    }

    /**
     * Whether slots are of use here beyond those that are streamed through now. Whoever is out for
     * maintenance, or whose host lacks something, may lead again soon.
     */
    static boolean mayLead(Observation o, ClusterView cluster) {
        return !o.self().tags().noFailover()
                || o.self().barred().isPresent()
                || o.settings().isOut()
                || cluster.isLeader(o.me());
    }

    /** Of members that the leader has seen lately. */
    private static SortedSet<String> retained(Observation o, ClusterView cluster) {
        SortedSet<String> retained = new TreeSet<>(cluster.slots().retained());
        retained.remove(o.me().slotName());
        removed(cluster).forEach(member -> retained.remove(member.slotName()));
        for (MemberRecord.Stored member : cluster.members().values()) {
            if (member.member().tags().noStream()) {
                retained.remove(member.name().slotName());
            }
        }
        return retained;
    }

    /** Of those that are to stream from this member. */
    private static SortedSet<String> users(Observation o, ClusterView cluster) {
        return cluster.isLeader(o.me())
                ? slots(
                        o,
                        cluster,
                        m ->
                                !m.member().tags().noStream()
                                        && Following.above(cluster, m.name()).isEmpty())
                : slots(
                        o,
                        cluster,
                        m ->
                                !m.member().tags().noStream()
                                        && m.member()
                                                .tags()
                                                .replicateFrom()
                                                .filter(o.me()::equals)
                                                .isPresent());
    }

    /** An operator has said that they will not be back. */
    static SortedSet<MemberName> removed(ClusterView cluster) {
        if (cluster.settings().isEmpty()) {
            return Collections.emptySortedSet();
        }
        SortedSet<MemberName> removed = new TreeSet<>();
        cluster.settings()
                .forEach((member, settings) -> {
                    if (settings.value().duty() == MemberSettings.Duty.REMOVED
                            && !cluster.members().containsKey(member)) {
                        removed.add(member);
                    }
                });
        return removed;
    }

    private static SortedSet<String> slots(
            Observation o, ClusterView cluster, Predicate<MemberRecord.Stored> which) {
        SortedSet<String> names = new TreeSet<>();
        for (MemberRecord.Stored member : cluster.members().values()) {
            if (!member.name().equals(o.me()) && which.test(member)) {
                names.add(member.name().slotName());
            }
        }
        return names;
    }
}
