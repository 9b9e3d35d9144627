package dev.holdfast.chaos;

import java.time.Duration;
import java.util.List;

/**
 * What was seen of {@code /sync}. It is emptied before PostgreSQL stops to wait for standbys, and
 * names one after PostgreSQL waits again. Since it is looked at only now and then, it names one for
 * sure only some way off the instants at which it was seen to name nobody, or could not be asked.
 *
 * @param samples when something else was seen than before
 */
record SyncSeen(List<Recorder.Sample> samples) {
    /** Two looks are not further apart than this, an answer's time included. */
    private static final long LATE_NANOS = Duration.ofSeconds(1).toNanos();

    /** An answer is of a later instant than the question, by less than this. */
    private static final long EARLY_NANOS = Duration.ofMillis(300).toNanos();

    boolean namedAt(long nanos) {
        return names(lastBefore(nanos - EARLY_NANOS))
                && samples.stream()
                        .filter(s ->
                                s.nanos() > nanos - EARLY_NANOS && s.nanos() <= nanos + LATE_NANOS)
                        .allMatch(s -> names(s.what()));
    }

    private String lastBefore(long nanos) {
        return samples.stream()
                .filter(s -> s.nanos() <= nanos)
                .reduce((_, later) -> later)
                .map(Recorder.Sample::what)
                .orElse("");
    }

    private static boolean names(String what) {
        return !what.isEmpty() && !what.equals(Recorder.NOBODY);
    }
}
