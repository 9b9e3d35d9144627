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

    /**
     * SIGCONT: what was due meanwhile is due now, in order. What comes just then may be handled
     * before it, except on a {@link Lane}.
     */
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

    long nowNanos() {
        return events.nowNanos();
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

    /**
     * What comes to the program one after the other: over a connection, or in a queue. Each arrival
     * handles the oldest that has not been handled, so that what waited while the program was
     * stopped is not overtaken by what came after it.
     */
    final class Lane {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private int mine = life;

        /** {@code action} is to happen once what was added before it has happened. */
        void add(Runnable action) {
            if (mine != life) {
                // What was under way to an earlier life never arrives.
                waiting.clear();
                mine = life;
            }
            waiting.addLast(action);
        }

        /** Handles the oldest; to be called, by the program, as often as something was added. */
        void handleOldest() {
            waiting.removeFirst().run();
        }

        /** Adds {@code action}, and handles the oldest at an instant of true time. */
        void at(long nanos, String what, Runnable action) {
            add(action);
            Program.this.at(nanos, what, this::handleOldest);
        }
    }
}
