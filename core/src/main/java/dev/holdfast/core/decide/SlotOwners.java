package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Whose a slot is. One that is nobody's and that nobody uses would fill the disk with WAL in the
 * end: it is named in the journal, and dropped once it has been so for as long as the slot of a
 * member that has gone. Not in a pause, and not where {@code ignore_slots} matches it.
 */
public final class SlotOwners {
    private SlotOwners() {}

    /**
     * What the leader publishes of them: what others keep, too, and whose slots are not dropped.
     *
     * @param slots those of its server
     * @param position how far its server is
     */
    public static SlotStatus published(Observation o, List<Slot> slots, Lsn position) {
        SortedSet<String> retained = new TreeSet<>();
        o.memory()
                .slots()
                .seen()
                .forEach((name, seen) -> {
                    if (!o.now().isAfter(seen.plus(o.config().memberSlotsTtl()))) {
                        retained.add(name);
                    }
                });
        SortedMap<String, Lsn> positions = new TreeMap<>();
        for (Slot slot : slots) {
            if (retained.contains(slot.name()) || PermanentSlots.isHere(o, slot.name())) {
                slot.position().ifPresent(at -> positions.put(slot.name(), at));
            }
        }
        if (o.config().useSlots()) {
            // Where others keep a slot for this member, it is where this member is.
            positions.put(o.me().slotName(), position);
            retained.add(o.me().slotName());
        }
        return new SlotStatus(positions, retained);
    }

    /** Whether what the store has of them names a member that will not be back. */
    public static boolean isOutdated(ClusterView cluster) {
        return SlotRules.removed(cluster).stream()
                .anyMatch(member -> cluster.slots().retained().contains(member.slotName()));
    }

    /** What is remembered of the slots on this server. */
    static Memory.Slots remember(Observation o, ClusterView cluster) {
        Memory.Slots before = o.memory().slots();
        Optional<List<Slot>> found = slots(o);
        SortedMap<String, MonoTime> seen = SlotRules.seen(before.seen(), o, cluster);
        if (found.isEmpty()) {
            return before.withSeen(seen);
        }
        SortedMap<String, MonoTime> idle = new TreeMap<>();
        SortedSet<String> permanent = new TreeSet<>();
        for (Slot slot : found.get()) {
            boolean named = o.config().slots().permanent().containsKey(slot.name());
            if (named || before.permanent().contains(slot.name())) {
                permanent.add(slot.name());
            }
            if (!slot.active() && isNobodys(o, cluster, seen, slot)) {
                idle.put(slot.name(), before.idle().getOrDefault(slot.name(), o.now()));
            }
        }
        return new Memory.Slots(seen, idle, permanent, before.copiedAt());
    }

    private static Optional<List<Slot>> slots(Observation o) {
        return switch (o.server().orElse(null)) {
            case Server.Primary primary -> Optional.of(primary.slots());
            case Server.Standby standby -> Optional.of(standby.slots());
            case Server.Rejecting _, Server.Silent _ -> Optional.empty();
            case null -> Optional.empty();
        };
    }

    private static boolean isNobodys(
            Observation o, ClusterView cluster, SortedMap<String, MonoTime> seen, Slot slot) {
        boolean members =
                seen.containsKey(slot.name())
                        || cluster.slots().retained().contains(slot.name())
                        || cluster.userOfSlot(slot.name()).isPresent();
        return slot.reserved()
                && slot.owner() == Slot.Owner.AGENT
                && !members
                && !slot.name().equals(o.me().slotName())
                && !PermanentSlots.isHere(o, slot.name())
                && !o.config().slots().ignores(slot);
    }

    /** Names what is nobody's, and drops it in the end; at once what was permanent until now. */
    static List<Action> clear(Observation o) {
        if (o.config().pause() || !o.config().useSlots()) {
            return List.of();
        }
        SortedSet<String> found = new TreeSet<>();
        SortedSet<String> due = new TreeSet<>();
        o.memory()
                .slots()
                .idle()
                .forEach((name, since) -> {
                    boolean was = o.memory().slots().permanent().contains(name);
                    if (was || o.now().isAfter(since.plus(o.config().memberSlotsTtl()))) {
                        due.add(name);
                    } else if (since.equals(o.now())) {
                        found.add(name);
                    }
                });
        List<Action> actions = new ArrayList<>();
        if (!found.isEmpty()) {
            actions.add(
                    new Action.Tell(
                            "nobody uses the replication slots "
                                    + found
                                    + ", and neither slots nor ignore_slots names them: they are dropped after member_slots_ttl"));
        }
        if (!due.isEmpty()) {
            actions.add(new Action.DropSlots(due));
        }
        return actions;
    }
}
