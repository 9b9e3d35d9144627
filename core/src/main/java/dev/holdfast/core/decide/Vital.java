package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Optional;

/**
 * One thing that PostgreSQL cannot do without. It is asked for again and again on a thread of its
 * own, which may hang: that a question has not come back is itself the fact.
 *
 * @param unansweredSince when the question was asked that is out; empty while none is
 * @param trouble what the newest answer complained of; empty when all was well
 */
public record Vital(Optional<MonoTime> unansweredSince, Optional<Trouble> trouble) {
    public static final Vital WELL = new Vital(Optional.empty(), Optional.empty());

    /**
     * A complaint.
     *
     * @param since when the first question was asked of those whose answers all complained
     */
    public record Trouble(MonoTime since, String sentence) {}

    /** What is wrong to ask about. */
    public enum Kind {
        /** A connection made afresh gets an answer, whatever it says. */
        DOOR("PostgreSQL has not answered a new connection"),
        /** A write in the data directory reaches the disk. */
        DATA("a write in the data directory has not reached the disk"),
        /** The same where the WAL lies. */
        WAL("a write beside the WAL has not reached the disk");

        private final String silence;

        Kind(String silence) {
            this.silence = silence;
        }

        /** Whether a write is asked for. */
        public boolean isDisk() {
            return switch (this) {
                case DOOR -> false;
                case DATA, WAL -> true;
            };
        }
    }

    /** Since when it has not been well, as far as is known. */
    Optional<MonoTime> since() {
        return trouble.map(Trouble::since).or(() -> unansweredSince);
    }

    /** How long it has not been well, when that is longer than is borne. */
    Optional<Duration> lasting(Kind kind, MonoTime now, Deadlines deadlines) {
        return patienceEnds(kind, deadlines)
                .filter(end -> !now.isBefore(end))
                .flatMap(_ -> since().map(now::since));
    }

    /** From when on it has not been well for too long; empty while it is well. */
    Optional<MonoTime> patienceEnds(Kind kind, Deadlines deadlines) {
        Optional<MonoTime> complained = trouble.map(t -> t.since().plus(deadlines.patience()));
        Optional<MonoTime> silent =
                unansweredSince.map(asked ->
                        asked.plus(
                                kind.isDisk() ? deadlines.diskPatience() : deadlines.patience()));
        return complained.isPresent() && silent.isPresent()
                ? Optional.of(MonoTime.min(complained.get(), silent.get()))
                : complained.or(() -> silent);
    }

    /** What is wrong, without its age, so that it stays the same while it lasts. */
    String sentence(Kind kind) {
        return trouble.map(Trouble::sentence).orElse(kind.silence);
    }
}
