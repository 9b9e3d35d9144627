package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

// As what it tests.
@SuppressWarnings("JdkObsolete")
class FrozenMapTest {
    private static final List<String> KEYS = List.of("", "a", "b", "c", "ca", "d", "e", "z");

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 8})
    void saysWhatTheMapSaidThatItWasMadeOf(int size) {
        Random chance = new Random(size);
        for (int round = 0; round < 50; round++) {
            SortedMap<String, Integer> plain = drawn(chance, size);
            SortedMap<String, Integer> frozen = FrozenMap.copyOf(plain);

            agree(frozen, plain);
            for (String from : KEYS) {
                agree(frozen.headMap(from), plain.headMap(from));
                agree(frozen.tailMap(from), plain.tailMap(from));
                for (String to : KEYS.subList(KEYS.indexOf(from), KEYS.size())) {
                    agree(frozen.subMap(from, to), plain.subMap(from, to));
                }
            }
        }
    }

    private static SortedMap<String, Integer> drawn(Random chance, int size) {
        List<String> keys = new ArrayList<>(KEYS);
        Collections.shuffle(keys, chance);
        SortedMap<String, Integer> map = new TreeMap<>();
        keys.subList(0, size).forEach(key -> map.put(key, chance.nextInt()));
        return map;
    }

    private static void agree(SortedMap<String, Integer> frozen, SortedMap<String, Integer> plain) {
        assertThat(frozen).isEqualTo(plain).hasSameHashCodeAs(plain).hasToString(plain.toString());
        assertThat(plain).isEqualTo(frozen);
        assertThat(frozen).isEqualTo(FrozenMap.copyOf(plain));
        assertThat(frozen.isEmpty()).isEqualTo(plain.isEmpty());
        assertThat(frozen.keySet()).containsExactlyElementsOf(plain.keySet());
        assertThat(frozen.values()).containsExactlyElementsOf(plain.values());
        assertThat(frozen.entrySet()).containsExactlyElementsOf(plain.entrySet());
        assertThat(new TreeMap<>(frozen)).isEqualTo(plain);
        List<Map.Entry<String, Integer>> told = new ArrayList<>();
        frozen.forEach((key, value) -> told.add(Map.entry(key, value)));
        assertThat(told).containsExactlyElementsOf(plain.entrySet());
        for (String key : KEYS) {
            assertThat(frozen.get(key)).isEqualTo(plain.get(key));
            assertThat(frozen.containsKey(key)).isEqualTo(plain.containsKey(key));
            assertThat(frozen.keySet().contains(key)).isEqualTo(plain.containsKey(key));
        }
        if (!plain.isEmpty()) {
            assertThat(frozen.firstKey()).isEqualTo(plain.firstKey());
            assertThat(frozen.lastKey()).isEqualTo(plain.lastKey());
        }
    }

    @Test
    void keepsTheOrderThatTheMapHad() {
        SortedMap<String, Integer> plain = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        plain.put("b", 2);
        plain.put("A", 1);

        SortedMap<String, Integer> frozen = FrozenMap.copyOf(plain);

        assertThat(frozen.keySet()).containsExactly("A", "b");
        assertThat(frozen).containsEntry("a", 1).containsEntry("B", 2);
        assertThat(frozen.comparator()).isSameAs(String.CASE_INSENSITIVE_ORDER);
    }

    @Test
    void isUnlikeAnotherKeyOrAnotherValue() {
        SortedMap<String, Integer> one = FrozenMap.copyOf(new TreeMap<>(Map.of("a", 1)));

        assertThat(one)
                .isNotEqualTo(FrozenMap.copyOf(new TreeMap<>(Map.of("b", 1))))
                .isNotEqualTo(FrozenMap.copyOf(new TreeMap<>(Map.of("a", 2))))
                .isNotEqualTo(FrozenMap.copyOf(new TreeMap<String, Integer>()));
    }

    @Test
    void isCopiedOnceAndNeverChanged() {
        SortedMap<String, Integer> plain = new TreeMap<>(Map.of("a", 1));
        SortedMap<String, Integer> frozen = FrozenMap.copyOf(plain);
        plain.put("b", 2);

        assertThat(frozen).containsOnlyKeys("a");
        assertThat(FrozenMap.copyOf(frozen)).isSameAs(frozen);
        assertThatThrownBy(() -> frozen.put("b", 2))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> frozen.keySet().remove("a"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> frozen.values().remove(1))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> frozen.entrySet().iterator().next().setValue(3))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(frozen::clear).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void ofNothingHasNoEnd() {
        SortedMap<String, Integer> empty = FrozenMap.copyOf(new TreeMap<>());

        assertThat(empty).isEmpty();
        assertThatThrownBy(empty::firstKey).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(empty::lastKey).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> empty.entrySet().iterator().next())
                .isInstanceOf(NoSuchElementException.class);
    }
}
