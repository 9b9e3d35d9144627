package dev.holdfast.core;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map that nobody changes any more. What {@link java.util.List#copyOf} is for lists: a
 * value that is made from another one, with one field changed, shares its maps instead of copying
 * them. Two arrays, since most of these maps have no entry, or a handful, and are looked into at
 * every decision.
 */
// A SortedMap, since that is what values are declared as all over.
@SuppressWarnings("JdkObsolete")
public final class FrozenMap<K, V> extends AbstractMap<K, V> implements SortedMap<K, V> {
    private static final FrozenMap<Object, Object> EMPTY =
            new FrozenMap<>(new Object[0], new Object[0], null);

    /** Among so many, to ask whether a key is equal is quicker than whether it comes before. */
    private static final int FEW = 4;

    /** In order, each once. */
    private final K[] keys;

    /** Each at the place of its key. */
    private final V[] values;

    private final @Nullable Comparator<? super K> comparator;

    private FrozenMap(K[] keys, V[] values, @Nullable Comparator<? super K> comparator) {
        this.keys = keys;
        this.values = values;
        this.comparator = comparator;
    }

    /** What {@code map} holds now: {@code map} itself when it is frozen already. */
    // The arrays are never shown, so that nobody sees what they are made of; what is empty is so of
    // any type.
    @SuppressWarnings("unchecked")
    public static <K, V> SortedMap<K, V> copyOf(SortedMap<K, V> map) {
        if (map instanceof FrozenMap<K, V>) {
            return map;
        }
        if (map.isEmpty() && map.comparator() == null) {
            return (SortedMap<K, V>) EMPTY;
        }
        K[] keys = (K[]) map.keySet().toArray();
        V[] values = (V[]) map.values().toArray();
        return new FrozenMap<>(keys, values, map.comparator());
    }

    @Override
    public int size() {
        return keys.length;
    }

    @Override
    public boolean isEmpty() {
        return keys.length == 0;
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return place(key) >= 0;
    }

    @Override
    public @Nullable V get(@Nullable Object key) {
        int place = place(key);
        return place < 0 ? null : values[place];
    }

    /** Where {@code key} is, or a negative number. */
    private int place(@Nullable Object key) {
        if (comparator != null || keys.length > FEW) {
            return search(key);
        }
        for (int i = 0; i < keys.length; i++) {
            if (keys[i].equals(key)) {
                return i;
            }
        }
        return -1;
    }

    /** Where {@code key} is, or {@code -1 - i} where it would come before the key at i. */
    // As with any sorted map, a key that cannot be compared with the others is the caller's error.
    @SuppressWarnings("unchecked")
    private int search(@Nullable Object key) {
        return keys.length == 0 ? -1 : Arrays.binarySearch(keys, (K) key, comparator);
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return new Entries();
    }

    @Override
    public Set<K> keySet() {
        return new Keys();
    }

    @Override
    public Collection<V> values() {
        return Collections.unmodifiableList(Arrays.asList(values));
    }

    @Override
    public void forEach(BiConsumer<? super K, ? super V> action) {
        for (int i = 0; i < keys.length; i++) {
            action.accept(keys[i], values[i]);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FrozenMap<?, ?> that
                ? Arrays.equals(keys, that.keys) && Arrays.equals(values, that.values)
                : super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    @Override
    public @Nullable Comparator<? super K> comparator() {
        return comparator;
    }

    @Override
    public SortedMap<K, V> subMap(K from, K to) {
        return between(firstFrom(from), firstFrom(to));
    }

    @Override
    public SortedMap<K, V> headMap(K to) {
        return between(0, firstFrom(to));
    }

    @Override
    public SortedMap<K, V> tailMap(K from) {
        return between(firstFrom(from), keys.length);
    }

    private int firstFrom(K key) {
        int place = search(key);
        return place < 0 ? -1 - place : place;
    }

    private SortedMap<K, V> between(int from, int to) {
        return new FrozenMap<>(
                Arrays.copyOfRange(keys, from, to),
                Arrays.copyOfRange(values, from, to),
                comparator);
    }

    @Override
    public K firstKey() {
        return keyAt(0);
    }

    @Override
    public K lastKey() {
        return keyAt(keys.length - 1);
    }

    private K keyAt(int place) {
        if (keys.length == 0) {
            throw new NoSuchElementException("the map is empty");
        }
        return keys[place];
    }

    private final class Keys extends AbstractSet<K> {
        @Override
        public Iterator<K> iterator() {
            return Arrays.asList(keys).iterator();
        }

        @Override
        public int size() {
            return keys.length;
        }

        @Override
        public boolean contains(@Nullable Object key) {
            return containsKey(key);
        }
    }

    private final class Entries extends AbstractSet<Map.Entry<K, V>> {
        @Override
        public Iterator<Map.Entry<K, V>> iterator() {
            return new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next < keys.length;
                }

                @Override
                public Map.Entry<K, V> next() {
                    if (next == keys.length) {
                        throw new NoSuchElementException("there are no more entries");
                    }
                    int place = next++;
                    return new SimpleImmutableEntry<>(keys[place], values[place]);
                }
            };
        }

        @Override
        public int size() {
            return keys.length;
        }
    }
}
