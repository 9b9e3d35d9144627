package dev.holdfast.core.decide;

import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.config.SlotSettings;
import dev.holdfast.core.config.SlotSettings.Permanent;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The slots that the configuration names. The leader makes them and publishes how far their users
 * are; every member that may lead has them, too, and follows with them, never past their users. In
 * a standby cluster nothing is decoded, so there are only physical ones.
 */
final class PermanentSlots {
    /** To copy a logical slot takes a restart: one that was in vain is not repeated soon. */
    private static final Duration COPY_AGAIN = Duration.ofMinutes(5);

    private PermanentSlots() {}

    /** Those of this member: none for itself, and where nothing is streamed none that is copied. */
    static SortedMap<String, Permanent> here(Observation o) {
        SortedMap<String, Permanent> here = new TreeMap<>(o.config().slots().permanent());
        here.keySet().removeIf(name -> !isHere(o, name));
        return here;
    }

    /** Whether {@code slot} is one of them. */
    static boolean isHere(Observation o, String slot) {
        return o.config().useSlots()
                && !slot.equals(o.me().slotName())
                && o.cluster().filter(cluster -> SlotRules.mayLead(o, cluster)).isPresent()
                && switch (o.config().slots().permanent().get(slot)) {
                    case null -> false;
                    case Permanent.Physical(SlotSettings.Place place) -> isIn(o, place);
                    case Permanent.Logical _ ->
                            o.config().standbyCluster().isEmpty() && !o.self().tags().noStream();
                };
    }

    private static boolean isIn(Observation o, SlotSettings.Place place) {
        return switch (place) {
            case EVERYWHERE -> true;
            case PRIMARY_CLUSTER -> o.config().standbyCluster().isEmpty();
            case STANDBY_CLUSTER -> o.config().standbyCluster().isPresent();
        };
    }

    /** On a primary, or on the leader of a standby cluster. */
    static List<Action> onLeader(Observation o, List<Slot> slots) {
        SortedMap<String, Permanent> missing = here(o);
        SortedSet<String> others = new TreeSet<>();
        for (Slot slot : slots) {
            Permanent wanted = missing.remove(slot.name());
            if (wanted != null && !wanted.fits(slot) && !slot.active()) {
                others.add(slot.name());
            }
        }
        List<Action> actions = new ArrayList<>(physical(missing));
        SortedMap<String, Slot.Logical> logical = logical(missing);
        if (!logical.isEmpty()) {
            actions.add(new Action.CreateLogicalSlots(logical));
        }
        if (!others.isEmpty()) {
            actions.add(new Action.DropSlots(others));
        }
        return actions;
    }

    static List<Action> onStandby(Observation o, ClusterView cluster, Server.Standby standby) {
        SortedMap<String, Permanent> missing = here(o);
        SortedMap<String, Action.Advance> behind = new TreeMap<>();
        SortedSet<String> others = new TreeSet<>();
        for (Slot slot : standby.slots()) {
            Permanent wanted = missing.remove(slot.name());
            if (wanted == null || slot.active() || slot.owner() == Slot.Owner.SERVER) {
                continue;
            }
            if (!wanted.fits(slot)
                    || SlotRules.isLeftBehind(slot)
                    || isCopiedInVain(cluster, slot)) {
                others.add(slot.name());
            } else {
                SlotRules.advance(
                                slot, SlotRules.position(cluster, slot.name()), standby.replayed())
                        .ifPresent(advance -> behind.put(slot.name(), advance));
            }
        }
        List<Action> actions = new ArrayList<>(physical(missing));
        if (!behind.isEmpty()) {
            actions.add(new Action.AdvanceSlots(behind));
        }
        if (!others.isEmpty()) {
            actions.add(new Action.DropSlots(others));
        }
        return actions;
    }

    /**
     * It has lost WAL or rows that its user still needs, and the leader's has not: a copy can be
     * made anew.
     */
    private static boolean isCopiedInVain(ClusterView cluster, Slot slot) {
        return !slot.physical()
                && !slot.reserved()
                && cluster.slots().positions().containsKey(slot.name());
    }

    /**
     * Copy logical slots that are not here from the leader, which takes a restart of this standby:
     * until PostgreSQL 15 a standby can make none, and one that it makes itself knows nothing of
     * what its user has still to get.
     *
     * @param files what this standby runs with
     */
    static Optional<Action.PlaceSlots> copy(
            Observation o, ClusterView cluster, Server.Standby standby, ServerFiles files) {
        SortedMap<String, Slot.Logical> missing = logical(here(o));
        standby.slots().forEach(slot -> missing.remove(slot.name()));
        missing.keySet().retainAll(cluster.slots().positions().keySet());
        boolean lately =
                o.memory()
                        .slots()
                        .copiedAt()
                        .filter(at -> o.now().isBefore(at.plus(COPY_AGAIN)))
                        .isPresent();
        return missing.isEmpty() || lately || !standby.isStreaming() || !o.lease().isGood(o.now())
                ? Optional.empty()
                : cluster.runningPrimary()
                        .flatMap(MemberRecord.Stored::upstream)
                        .map(leader ->
                                new Action.PlaceSlots(
                                        leader,
                                        Following.first(cluster, o.me()).slotName(),
                                        missing,
                                        files,
                                        ShutdownRules.patience(o)));
    }

    private static List<Action> physical(SortedMap<String, Permanent> missing) {
        SortedSet<String> names = new TreeSet<>();
        missing.forEach((name, wanted) -> {
            if (wanted instanceof Permanent.Physical) {
                names.add(name);
            }
        });
        return names.isEmpty() ? List.of() : List.of(new Action.CreateSlots(names));
    }

    private static SortedMap<String, Slot.Logical> logical(SortedMap<String, Permanent> slots) {
        SortedMap<String, Slot.Logical> logical = new TreeMap<>();
        slots.forEach((name, wanted) -> {
            if (wanted instanceof Permanent.Logical(Slot.Logical decodes)) {
                logical.put(name, decodes);
            }
        });
        return logical;
    }
}
