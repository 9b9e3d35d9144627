package dev.holdfast.sim;

import dev.holdfast.core.MonoTime;
import java.util.Arrays;

/**
 * Virtual time, and all that is to happen in it, in one order: by instant, and at one instant in
 * the order in which it was scheduled.
 */
final class Events {
    static final long MICRO = 1_000;
    static final long MILLI = 1_000_000;
    static final long SECOND = 1_000_000_000;

    /** Something that is going to happen, unless it is cancelled. */
    static final class Event {
        private final long at;
        private final long number;
        private final String who;
        private final String what;
        private final Runnable action;
        private boolean cancelled;

        private Event(long at, long number, String who, String what, Runnable action) {
            this.at = at;
            this.number = number;
            this.who = who;
            this.what = what;
            this.action = action;
        }

        void cancel() {
            cancelled = true;
        }

        private boolean isBefore(Event other) {
            return at < other.at || (at == other.at && number < other.number);
        }
    }

    /** A heap: no event is before the one at half its place. */
    private Event[] heap = new Event[256];

    private int size;
    private final Trace trace;
    private long nowNanos = SECOND;
    private long scheduled;
    private long happened;

    Events(Trace trace) {
        this.trace = trace;
    }

    /** True time, which no host's clock shows quite. */
    long nowNanos() {
        return nowNanos;
    }

    MonoTime now() {
        return new MonoTime(nowNanos);
    }

    /** How many events have happened. */
    long happened() {
        return happened;
    }

    Event at(long nanos, String who, String what, Runnable action) {
        Event event = new Event(Math.max(nanos, nowNanos), scheduled++, who, what, action);
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        rise(size++, event);
        return event;
    }

    Event after(long nanos, String who, String what, Runnable action) {
        return at(nowNanos + nanos, who, what, action);
    }

    /** Lets the next event happen. */
    void next() {
        Event first = take();
        while (first.cancelled) {
            first = take();
        }
        nowNanos = first.at;
        happened++;
        trace.event(first.at, first.who, first.what);
        first.action.run();
    }

    private Event take() {
        if (size == 0) {
            throw new IllegalStateException("nothing is to happen any more");
        }
        Event first = heap[0];
        Event last = heap[--size];
        if (first != last) {
            sink(last);
        }
        return first;
    }

    private void rise(int from, Event event) {
        int at = from;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (!event.isBefore(heap[parent])) {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = event;
    }

    private void sink(Event event) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (!heap[child].isBefore(event)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = event;
    }
}
