package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;

/** What the guard last said. */
public sealed interface GuardFact {
    /** There is no connection to it; it is being sought. */
    record Away(String why) implements GuardFact {}

    /**
     * It answers.
     *
     * @param postmaster its pid; 0 when none is held
     * @param ending processes of the last postmaster are still being ended
     */
    record Present(Mode mode, long postmaster, boolean ending) implements GuardFact {
        /** It was proved that no process of PostgreSQL is left. */
        public boolean isEmpty() {
            return postmaster == 0 && !ending;
        }
    }

    /** What it does when nobody speaks to it any more. */
    sealed interface Mode {
        /** It lets PostgreSQL run. */
        record Standby() implements Mode {}

        /** It ends PostgreSQL at {@code deadline}. */
        record Armed(MonoTime deadline) implements Mode {}

        /** It lets PostgreSQL run, by the operator's wish, although it may be a primary. */
        record Paused() implements Mode {}
    }
}
