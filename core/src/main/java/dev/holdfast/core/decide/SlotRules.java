package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A replication slot for each other member: it keeps the WAL that the member still needs, and on a
 * standby it waits unused.
 */
final class SlotRules {
    private SlotRules() {}

    static List<Action> onPrimary(Observation o, ClusterView cluster, Server.Primary primary) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = new ArrayList<>();
        SortedSet<String> current = others(o, cluster);
        SortedSet<String> missing = new TreeSet<>(current);
        primary.slots().forEach(slot -> missing.remove(slot.name()));
        if (!missing.isEmpty()) {
            actions.add(new Action.CreateSlots(missing, Action.Reserve.NOW));
        }
        SortedSet<String> stale = new TreeSet<>();
        for (Slot slot : primary.slots()) {
            var seen = o.memory().slotSeen().get(slot.name());
            boolean ours = seen != null && o.now().isAfter(seen.plus(o.config().memberSlotsTtl()));
            if (slot.physical() && !slot.active() && ours && !current.contains(slot.name())) {
                stale.add(slot.name());
            }
        }
        if (!stale.isEmpty()) {
            actions.add(new Action.DropSlots(stale));
        }
        return actions;
    }

    /**
     * On a standby the slots are made in advance, so that the others find them when it is promoted;
     * unused they hold nothing back. One that was used while this member led would hold WAL back
     * for ever: it is made anew.
     */
    static List<Action> onStandby(Observation o, ClusterView cluster, Server.Standby standby) {
        if (!o.config().useSlots()) {
            return List.of();
        }
        List<Action> actions = new ArrayList<>();
        SortedSet<String> missing = others(o, cluster);
        SortedSet<String> used = new TreeSet<>();
        for (Slot slot : standby.slots()) {
            if (missing.remove(slot.name())
                    && slot.physical()
                    && slot.reserved()
                    && !slot.active()) {
                used.add(slot.name());
            }
        }
        if (!missing.isEmpty()) {
            actions.add(new Action.CreateSlots(missing, Action.Reserve.WHEN_USED));
        }
        if (!used.isEmpty()) {
            actions.add(new Action.DropSlots(used));
        }
        return actions;
    }

    private static SortedSet<String> others(Observation o, ClusterView cluster) {
        SortedSet<String> names = new TreeSet<>();
        for (MemberName member : cluster.members().keySet()) {
            if (!member.equals(o.me())) {
                names.add(member.slotName());
            }
        }
        return names;
    }
}
