package dev.holdfast.core.decide;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** How the server's door and the disks were last found; a kind that is missing was well. */
public record Vitals(SortedMap<Vital.Kind, Vital> all) {
    public static final Vitals WELL = new Vitals(new TreeMap<>());

    public Vitals {
        all = FrozenMap.copyOf(all);
    }

    public Vitals with(Vital.Kind kind, Vital vital) {
        SortedMap<Vital.Kind, Vital> next = new TreeMap<>(all);
        next.put(kind, vital);
        return new Vitals(next);
    }

    /** As one sentence, what has been wrong for {@code patience} or longer. */
    Optional<String> lasting(MonoTime now, Duration patience) {
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            Optional<Duration> age = e.getValue().lasting(now, patience);
            if (age.isPresent()) {
                return Optional.of(
                        e.getValue().sentence(e.getKey()) + ", for " + Words.seconds(age.get()));
            }
        }
        return Optional.empty();
    }

    /** As one sentence, what an answer complained of just now, or what has been out for so long. */
    public Optional<String> unwell(MonoTime now, Duration patience) {
        for (Vital vital : all.values()) {
            if (vital.trouble().isPresent()) {
                return vital.trouble().map(Vital.Trouble::sentence);
            }
        }
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            if (e.getValue().lasting(now, patience).isPresent()) {
                return Optional.of(e.getValue().sentence(e.getKey()));
            }
        }
        return Optional.empty();
    }

    /** The next instant at which something that is wrong now will have lasted for so long. */
    Optional<MonoTime> nextLasting(MonoTime now, Duration patience) {
        Optional<MonoTime> next = Optional.empty();
        for (Vital vital : all.values()) {
            Optional<MonoTime> end =
                    vital.since().map(s -> s.plus(patience)).filter(e -> e.isAfter(now));
            if (end.isPresent() && (next.isEmpty() || end.get().isBefore(next.get()))) {
                next = end;
            }
        }
        return next;
    }
}
