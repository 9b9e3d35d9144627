package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.util.ArrayList;
import java.util.List;

/**
 * What a member does next, and why.
 *
 * @param lookAgain when to decide anew if no fact arrives before
 * @param probe how soon the server should be asked again
 * @param service whether clients may be sent here to write
 */
public record Decision(
        Reason reason,
        List<Action> actions,
        Memory memory,
        MonoTime lookAgain,
        Probe probe,
        Service service) {

    public Decision {
        actions = List.copyOf(actions);
    }

    Decision with(Action more) {
        List<Action> all = new ArrayList<>(actions);
        all.add(more);
        return new Decision(reason, all, memory, lookAgain, probe, service);
    }

    /** The same, with a second half to its sentence. */
    Decision saying(String more) {
        return new Decision(
                new Reason(reason.code(), reason.sentence() + "; " + more),
                actions,
                memory,
                lookAgain,
                probe,
                service);
    }

    Decision eager() {
        return new Decision(reason, actions, memory, lookAgain, Probe.EAGER, service);
    }

    Decision remembering(Memory next) {
        return new Decision(reason, actions, next, lookAgain, probe, service);
    }

    Decision lookingAgain(MonoTime instant) {
        return new Decision(reason, actions, memory, instant, probe, service);
    }

    /** How soon the server should be asked again. */
    public enum Probe {
        /** Every second or so. */
        CALM,
        /** At once, again and again: a change is expected within milliseconds. */
        EAGER
    }

    /** Whether clients may be sent here to write. */
    public enum Service {
        CLOSED,
        /** Closed, and about to change: an answer to a health check is worth waiting for. */
        CHANGING,
        OPEN
    }
}
