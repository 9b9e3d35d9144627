package dev.holdfast.sim;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One line an event, for a run that is replayed; a run that is only searched tells nothing. */
final class Trace {
    private final boolean told;
    private final Consumer<String> lines;

    private Trace(boolean told, Consumer<String> lines) {
        this.told = told;
        this.lines = lines;
    }

    static Trace none() {
        return new Trace(false, _ -> {});
    }

    static Trace to(Consumer<String> lines) {
        return new Trace(true, lines);
    }

    boolean isTold() {
        return told;
    }

    void event(long atNanos, String who, String what) {
        if (told) {
            lines.accept(line(atNanos, who, what));
        }
    }

    /** What came of an event; made only where somebody reads it. */
    void note(long atNanos, String who, Supplier<String> what) {
        if (told) {
            lines.accept(line(atNanos, who, "  " + what.get()));
        }
    }

    private static String line(long atNanos, String who, String what) {
        return String.format(Locale.ROOT, "%14.6f %-14s %s", atNanos / 1e9, who, what);
    }
}
