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

    /** As one sentence, what has been wrong for longer than is borne. */
    Optional<String> lasting(MonoTime now, Deadlines deadlines) {
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            Optional<Duration> age = e.getValue().lasting(e.getKey(), now, deadlines);
            if (age.isPresent()) {
                return Optional.of(
                        e.getValue().sentence(e.getKey()) + ", for " + Words.seconds(age.get()));
            }
        }
        return Optional.empty();
    }

    /**
     * As one sentence, what an answer complained of just now, or what has been out for too long.
     */
    public Optional<String> unwell(MonoTime now, Deadlines deadlines) {
        for (Vital vital : all.values()) {
            if (vital.trouble().isPresent()) {
                return vital.trouble().map(Vital.Trouble::sentence);
            }
        }
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            if (e.getValue().lasting(e.getKey(), now, deadlines).isPresent()) {
                return Optional.of(e.getValue().sentence(e.getKey()));
            }
        }
        return Optional.empty();
    }

    /** As one sentence, what a renewal has been waiting for, when it hesitates for longer. */
    Optional<String> writing(MonoTime now, Deadlines deadlines) {
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            Optional<MonoTime> asked = e.getValue().unansweredSince();
            if (e.getKey().isDisk()
                    && asked.isPresent()
                    && !now.isBefore(asked.get().plus(deadlines.hesitation()))) {
                return Optional.of(e.getValue().sentence(e.getKey()));
            }
        }
        return Optional.empty();
    }

    /** The next instant at which something that is wrong now will have lasted for too long. */
    Optional<MonoTime> nextLasting(MonoTime now, Deadlines deadlines) {
        Optional<MonoTime> next = Optional.empty();
        for (Map.Entry<Vital.Kind, Vital> e : all.entrySet()) {
            Optional<MonoTime> end =
                    e.getValue().patienceEnds(e.getKey(), deadlines).filter(at -> at.isAfter(now));
            if (end.isPresent() && (next.isEmpty() || end.get().isBefore(next.get()))) {
                next = end;
            }
        }
        return next;
    }
}
