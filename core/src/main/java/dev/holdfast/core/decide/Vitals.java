package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the server's door and the disks were last found; a kind that is missing was well. */
public record Vitals(SortedMap<Vital.Kind, Vital> all) {
    public static final Vitals WELL = new Vitals(new TreeMap<>());

    public Vitals {
        all = Collections.unmodifiableSortedMap(new TreeMap<>(all));
    }

    public Vitals with(Vital.Kind kind, Vital vital) {
        SortedMap<Vital.Kind, Vital> next = new TreeMap<>(all);
        next.put(kind, vital);
        return new Vitals(next);
    }

    /** As one sentence, what has been wrong for {@code patience} or longer. */
    Optional<String> lasting(MonoTime now, Duration patience) {
        return all.entrySet().stream()
                .flatMap(e ->
                        e
                                .getValue()
                                .lasting(now, patience)
                                .map(age ->
                                        e.getValue().sentence(e.getKey())
                                                + ", for "
                                                + Words.seconds(age))
                                .stream())
                .findFirst();
    }

    /** As one sentence, what an answer complained of just now, or what has been out for so long. */
    public Optional<String> unwell(MonoTime now, Duration patience) {
        return all.values().stream()
                .flatMap(v -> v.trouble().stream())
                .map(Vital.Trouble::sentence)
                .findFirst()
                .or(() ->
                        all.entrySet().stream()
                                .filter(e -> e.getValue().lasting(now, patience).isPresent())
                                .map(e -> e.getValue().sentence(e.getKey()))
                                .findFirst());
    }

    /** The next instant at which something that is wrong now will have lasted for so long. */
    Optional<MonoTime> nextLasting(MonoTime now, Duration patience) {
        return all.values().stream()
                .flatMap(v -> v.since().stream())
                .map(since -> since.plus(patience))
                .filter(end -> end.isAfter(now))
                .min(Comparator.naturalOrder());
    }
}
