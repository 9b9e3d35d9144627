package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A replication slot for each other member, on whom it streams from: it keeps the WAL that the
 * member still needs. On another standby it waits unused.
 */
final class SlotRules {
    private SlotRules() {}

    static List<Action> onPrimary(Observation o, ClusterView cluster, Server.Primary primary) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = ofMembers(o, cluster, primary.slots());
        actions.addAll(PermanentSlots.onPrimary(o, primary));
        actions.addAll(SlotOwners.clear(o));
        return actions;
    }

    /** Those who stream from a standby leader do so as they would from a primary. */
    static List<Action> onStandbyLeader(
            Observation o, ClusterView cluster, Server.Standby standby) {
        return o.config().useSlots() ? ofMembers(o, cluster, standby.slots()) : List.of();
    }

    private static List<Action> ofMembers(Observation o, ClusterView cluster, List<Slot> slots) {
        List<Action> actions = new ArrayList<>();
        SortedSet<String> current = ofFollowers(o, cluster);
        SortedSet<String> missing = new TreeSet<>(current);
        slots.forEach(slot -> missing.remove(slot.name()));
        if (!missing.isEmpty()) {
            actions.add(new Action.CreateSlots(missing, Action.Reserve.NOW));
        }
        SortedSet<String> stale = new TreeSet<>();
        for (Slot slot : slots) {
            var seen = o.memory().slots().seen().get(slot.name());
            boolean ours =
                    seen != null
                            && o.now().isAfter(seen.plus(o.config().memberSlotsTtl()))
                            && !isOthers(o, slot);
            if (slot.physical() && !slot.active() && ours && !current.contains(slot.name())) {
                stale.add(slot.name());
            }
        }
        stale.addAll(ofRemoved(o, cluster, slots));
        if (!stale.isEmpty()) {
            actions.add(new Action.DropSlots(stale));
        }
        return actions;
    }

    /**
     * On a standby the slots are made in advance, so that the others find them when it is promoted;
     * unused they hold nothing back. One that was used while this member led would hold WAL back
     * for ever: it is made anew; and so is that of a standby which streamed from this one, once it
     * has been away for {@code member_slots_ttl}.
     */
    static List<Action> onStandby(Observation o, ClusterView cluster, Server.Standby standby) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = new ArrayList<>();
        SortedSet<String> missing = others(o, cluster);
        missing.removeIf(name -> PermanentSlots.isHere(o, name));
        SortedSet<String> used = new TreeSet<>();
        for (Slot slot : standby.slots()) {
            boolean ours =
                    missing.remove(slot.name())
                            || o.memory().slots().seen().containsKey(slot.name());
            if (ours
                    && slot.physical()
                    && slot.reserved()
                    && !slot.active()
                    && !isOthers(o, slot)
                    && !isKept(o, slot)) {
                used.add(slot.name());
            }
        }
        used.addAll(ofRemoved(o, cluster, standby.slots()));
        if (!missing.isEmpty()) {
            actions.add(new Action.CreateSlots(missing, Action.Reserve.WHEN_USED));
        }
        if (!used.isEmpty()) {
            actions.add(new Action.DropSlots(used));
        }
        actions.addAll(PermanentSlots.onStandby(o, cluster, standby));
        actions.addAll(SlotOwners.clear(o));
        return actions;
    }

    /** Whether more than the member itself is asked what becomes of its slot. */
    private static boolean isOthers(Observation o, Slot slot) {
        return PermanentSlots.isHere(o, slot.name()) || o.config().slots().ignores(slot);
    }

    /** Whether its owner was there lately, and is to come back here. */
    private static boolean isKept(Observation o, Slot slot) {
        MonoTime seen = o.memory().slots().seen().get(slot.name());
        return seen != null && !o.now().isAfter(seen.plus(o.config().memberSlotsTtl()));
    }

    /**
     * When the owners of the slots on this server were last there.
     *
     * @param before what is known of that
     */
    static SortedMap<String, MonoTime> seen(
            SortedMap<String, MonoTime> before, Observation o, ClusterView cluster) {
        SortedMap<String, MonoTime> seen = new TreeMap<>(before);
        switch (o.server().orElse(null)) {
            case Server.Primary _ -> {
                if (o.lease().leaderEpoch().isPresent()) {
                    // What the leader before this one kept for members that have gone.
                    cluster.slots().retained().stream()
                            .filter(name -> !name.equals(o.me().slotName()))
                            .forEach(name -> seen.putIfAbsent(name, o.now()));
                    ofFollowers(o, cluster).forEach(name -> seen.put(name, o.now()));
                }
            }
            case Server.Standby _ when StandbyLeaderRules.leads(o, cluster) ->
                    ofFollowers(o, cluster).forEach(name -> seen.put(name, o.now()));
            case Server.Standby standby -> {
                SortedSet<String> members = others(o, cluster);
                SortedSet<String> below = below(o, cluster);
                for (Slot slot : standby.slots()) {
                    if (!members.contains(slot.name())) {
                        continue;
                    }
                    if (slot.active()) {
                        seen.put(slot.name(), o.now());
                    } else if (below.contains(slot.name())) {
                        seen.putIfAbsent(slot.name(), o.now());
                    } else {
                        seen.remove(slot.name());
                    }
                }
            }
            case Server.Rejecting _, Server.Silent _ -> {}
            case null -> {}
        }
        return seen;
    }

    /** Of those that stream from the primary: for others it would hold WAL back for nobody. */
    private static SortedSet<String> ofFollowers(Observation o, ClusterView cluster) {
        return slots(
                o,
                cluster,
                m -> !m.member().tags().noStream() && Following.above(cluster, m.name()).isEmpty());
    }

    /** Of those that are to stream from this standby. */
    private static SortedSet<String> below(Observation o, ClusterView cluster) {
        return slots(
                o,
                cluster,
                m -> m.member().tags().replicateFrom().filter(o.me()::equals).isPresent());
    }

    /** An operator has said that their members will not be back. */
    private static SortedSet<String> ofRemoved(
            Observation o, ClusterView cluster, List<Slot> slots) {
        SortedSet<String> removed = new TreeSet<>();
        cluster.settings()
                .forEach((member, settings) -> {
                    if (settings.value().duty() == MemberSettings.Duty.REMOVED
                            && !cluster.members().containsKey(member)) {
                        removed.add(member.slotName());
                    }
                });
        SortedSet<String> theirs = new TreeSet<>();
        for (Slot slot : slots) {
            if (slot.physical()
                    && !slot.active()
                    && removed.contains(slot.name())
                    && !isOthers(o, slot)) {
                theirs.add(slot.name());
            }
        }
        return theirs;
    }

    private static SortedSet<String> others(Observation o, ClusterView cluster) {
        return slots(o, cluster, m -> !m.member().tags().noStream());
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
