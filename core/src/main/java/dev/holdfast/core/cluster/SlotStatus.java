package dev.holdfast.core.cluster;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.Lsn;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the leader publishes of its replication slots, in the key {@code status}.
 *
 * @param positions how far the users of slots are that others are to keep, too
 * @param retained slots of members, also of those that have gone lately
 */
public record SlotStatus(SortedMap<String, Lsn> positions, SortedSet<String> retained) {
    public static final SlotStatus NONE = new SlotStatus(new TreeMap<>(), new TreeSet<>());

    public SlotStatus {
        positions = FrozenMap.copyOf(positions);
        retained = Collections.unmodifiableSortedSet(new TreeSet<>(retained));
    }
}
