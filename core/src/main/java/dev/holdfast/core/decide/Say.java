package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.util.ArrayList;
import java.util.List;

/** Builds one decision: why, what, and when to look again. */
final class Say {
    private final Reason reason;
    private final List<Action> actions = new ArrayList<>();
    private Memory memory;
    private MonoTime lookAgain;
    private Decision.Probe probe = Decision.Probe.CALM;
    private Decision.Service service = Decision.Service.CLOSED;

    private Say(Observation o, Reason reason) {
        this.reason = reason;
        this.memory = o.memory();
        this.lookAgain = o.now().plus(o.config().loopWait());
    }

    static Say of(Observation o, Reason.Code code, String sentence) {
        return new Say(o, new Reason(code, sentence));
    }

    Say act(Action action) {
        actions.add(action);
        return this;
    }

    Say actAll(List<? extends Action> more) {
        actions.addAll(more);
        return this;
    }

    Say remember(Memory next) {
        memory = next;
        return this;
    }

    /** Looks again no later than {@code instant}. */
    Say lookAt(MonoTime instant) {
        lookAgain = MonoTime.min(lookAgain, instant);
        return this;
    }

    Say eager() {
        probe = Decision.Probe.EAGER;
        return this;
    }

    Say service(Decision.Service value) {
        service = value;
        return this;
    }

    Decision decision() {
        return new Decision(reason, actions, memory, lookAgain, probe, service);
    }
}
