package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;

/** The one long action that may be under way, and how the last one ended. */
public sealed interface Task {
    record Idle() implements Task {}

    record Running(Action.Lengthy action, MonoTime since, String progress) implements Task {}

    /** How the last long action ended; kept until the next one begins. */
    record Ended(Action.Lengthy action, MonoTime at, Outcome outcome) implements Task {}

    /** How it ended. */
    sealed interface Outcome {
        record Done() implements Outcome {}

        record Failed(String sentence) implements Outcome {}
    }
}
