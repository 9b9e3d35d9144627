package dev.holdfast.agent.loop;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Action;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which kinds of action are under way, and which failed so lately that they are left alone for a
 * moment.
 */
final class InFlight {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private static final int REFUSALS = 3;

    private record Failure(int count, MonoTime until) {}

    private final Map<Class<? extends Action>, Integer> refusals = new HashMap<>();
    private final Set<Class<? extends Action>> running = new HashSet<>();
    private final Map<Class<? extends Action>, Failure> failed = new HashMap<>();

    /** Whether the action may begin now; it is under way then. */
    boolean begin(Action action, MonoTime now) {
        Failure failure = failed.get(action.getClass());
        if (failure != null && now.isBefore(failure.until())) {
            return false;
        }
        return running.add(action.getClass());
    }

    boolean isUnderWay(Class<? extends Action> kind) {
        return running.contains(kind);
    }

    void succeeded(Action action) {
        running.remove(action.getClass());
        failed.remove(action.getClass());
        refusals.remove(action.getClass());
    }

    /**
     * The store refused it and has been read since. What is decided again then and refused again is
     * left alone for a moment: the view and the store do not agree, and asking faster will not make
     * them.
     */
    MonoTime refused(Action action, MonoTime now) {
        int times = refusals.merge(action.getClass(), 1, Integer::sum);
        if (times > REFUSALS) {
            return failed(action, now);
        }
        running.remove(action.getClass());
        return now;
    }

    /** Whether an action of this kind has failed since one last succeeded. */
    boolean hasFailed(Action action) {
        return failed.containsKey(action.getClass());
    }

    /** It is not under way any more, and is left alone until the returned instant. */
    MonoTime failed(Action action, MonoTime now) {
        running.remove(action.getClass());
        Failure before = failed.get(action.getClass());
        int count = before == null ? 0 : Math.min(before.count() + 1, 10);
        Duration pause = FIRST_PAUSE.multipliedBy(1L << count);
        MonoTime until = now.plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
        failed.put(action.getClass(), new Failure(count, until));
        return until;
    }
}
