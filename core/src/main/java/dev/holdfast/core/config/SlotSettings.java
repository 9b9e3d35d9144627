package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.postgres.Slot;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Replication slots beside those of the members.
 *
 * @param permanent kept on every member that may lead, by name
 * @param ignored somebody else's: nothing is done to a slot that one of them matches
 */
public record SlotSettings(SortedMap<String, Permanent> permanent, List<Matcher> ignored) {
    public static final SlotSettings NONE = new SlotSettings(new TreeMap<>(), List.of());

    /** A slot that outlives members and changes of the leader. */
    public sealed interface Permanent {
        record Physical(Place place) implements Permanent {}

        record Logical(Slot.Logical decodes) implements Permanent {}

        /** Whether {@code slot} is of this kind. */
        default boolean fits(Slot slot) {
            return switch (this) {
                case Physical _ -> slot.physical();
                case Logical(Slot.Logical decodes) -> slot.logical().equals(Optional.of(decodes));
            };
        }
    }

    /** In which clusters a slot is kept. */
    public enum Place {
        EVERYWHERE,
        /** In one that follows no other. */
        PRIMARY_CLUSTER,
        STANDBY_CLUSTER
    }

    /** A property that is not there matches every slot. */
    public record Matcher(
            Optional<String> name,
            Optional<Type> type,
            Optional<String> database,
            Optional<String> plugin) {
        boolean matches(Slot slot) {
            return agrees(name, Optional.of(slot.name()))
                    && agrees(type, Optional.of(slot.physical() ? Type.PHYSICAL : Type.LOGICAL))
                    && agrees(database, slot.logical().map(Slot.Logical::database))
                    && agrees(plugin, slot.logical().map(Slot.Logical::plugin));
        }

        private static <T> boolean agrees(Optional<T> wanted, Optional<T> found) {
            return wanted.isEmpty() || wanted.equals(found);
        }
    }

    /** What a slot is for. */
    public enum Type {
        PHYSICAL,
        LOGICAL
    }

    public SlotSettings {
        permanent = FrozenMap.copyOf(permanent);
        ignored = List.copyOf(ignored);
    }

    public boolean ignores(Slot slot) {
        return ignored.stream().anyMatch(m -> m.matches(slot));
    }

    public boolean hasLogical() {
        return permanent.values().stream().anyMatch(Permanent.Logical.class::isInstance);
    }
}
