package dev.holdfast.sim;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A program on a host: what it has scheduled is lost when it is killed, and waits while it, or its
 * host, is stopped.
 */
final class Program {
    private final Events events;
    private final String name;
    private final Chance chance;
    private final Deque<Runnable> held = new ArrayDeque<>();
    private int life;
    private int stops;
    private boolean alive;

    Program(Events events, String name, Chance chance) {
        this.events = events;
        this.name = name;
        this.chance = chance;
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isStopped() {
        return stops > 0;
    }

    boolean runs() {
        return alive && stops == 0;
    }

    void start() {
        alive = true;
        life++;
        held.clear();
    }

    void kill() {
        alive = false;
        life++;
        held.clear();
    }

    /** SIGSTOP; as many {@link #resume} are needed as it was stopped. */
    void stop() {
        stops++;
    }

    /** SIGCONT: what was due meanwhile is due now, in order. */
    void resume() {
        stops--;
        if (stops == 0) {
            long at = events.nowNanos();
            while (!held.isEmpty()) {
                at += chance.between(1, 200) * Events.MICRO;
                run(at, "catches up", held.removeFirst());
            }
        }
    }

    /** Runs {@code action} here at an instant of true time. */
    Events.Event at(long nanos, String what, Runnable action) {
        return run(nanos, what, action);
    }

    Events.Event after(long nanos, String what, Runnable action) {
        return run(events.nowNanos() + nanos, what, action);
    }

    private Events.Event run(long nanos, String what, Runnable action) {
        int mine = life;
        return events.at(
                nanos,
                name,
                what,
                () -> {
                    if (mine != life || !alive) {
                        return;
                    }
                    if (stops > 0) {
                        held.addLast(action);
                    } else {
                        action.run();
                    }
                });
    }
}
