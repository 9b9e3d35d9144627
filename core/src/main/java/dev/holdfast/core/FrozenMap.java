package dev.holdfast.core;

import java.util.AbstractMap;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map that nobody changes any more. What {@link java.util.List#copyOf} is for lists: a
 * value that is made from another one, with one field changed, shares its maps instead of copying
 * them.
 */
// A SortedMap, since that is what values are declared as all over.
@SuppressWarnings("JdkObsolete")
public final class FrozenMap<K, V> extends AbstractMap<K, V> implements SortedMap<K, V> {
    private final SortedMap<K, V> map;

    private FrozenMap(SortedMap<K, V> map) {
        this.map = map;
    }

    /** What {@code map} holds now: {@code map} itself when it is frozen already. */
    public static <K, V> SortedMap<K, V> copyOf(SortedMap<K, V> map) {
        if (map instanceof FrozenMap<K, V>) {
            return map;
        }
        return new FrozenMap<>(
                map.isEmpty() && map.comparator() == null
                        ? Collections.emptySortedMap()
                        : Collections.unmodifiableSortedMap(new TreeMap<>(map)));
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return map.entrySet();
    }

    @Override
    public Set<K> keySet() {
        return map.keySet();
    }

    @Override
    public int size() {
        return map.size();
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return map.containsKey(key);
    }

    @Override
    public @Nullable V get(@Nullable Object key) {
        return map.get(key);
    }

    @Override
    public @Nullable Comparator<? super K> comparator() {
        return map.comparator();
    }

    @Override
    public SortedMap<K, V> subMap(K from, K to) {
        return map.subMap(from, to);
    }

    @Override
    public SortedMap<K, V> headMap(K to) {
        return map.headMap(to);
    }

    @Override
    public SortedMap<K, V> tailMap(K from) {
        return map.tailMap(from);
    }

    @Override
    public K firstKey() {
        return map.firstKey();
    }

    @Override
    public K lastKey() {
        return map.lastKey();
    }
}
