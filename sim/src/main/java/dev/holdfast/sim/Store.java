package dev.holdfast.sim;

import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.memory.MemoryStore;
import java.util.Optional;

/**
 * etcd, the servers' side: the store in memory with a time of its own, a leader that changes, and
 * hours in which there is none. A lease runs out no earlier than its time and often a little later.
 */
final class Store {
    private final Events events;
    private final Chance chance;
    private final Program program;
    private final MemoryStore memory;
    private long awayUntil;
    private double late;
    private Optional<MonoTime> expiryScheduled = Optional.empty();

    Store(Events events, Chance chance) {
        this.events = events;
        this.chance = chance;
        this.program = new Program(events, "etcd", chance);
        this.memory = new MemoryStore(events::now);
        program.start();
    }

    Program program() {
        return program;
    }

    MemoryStore memory() {
        return memory;
    }

    /** The leader is lost; the next one begins every lease anew. */
    void loseLeader(long nanos) {
        away(nanos);
        program.after(nanos, "has a new leader", memory::extendLeases);
    }

    /** Answers nobody for this long; leases that have run out by then end only afterwards. */
    void away(long nanos) {
        awayUntil = Math.max(awayUntil, events.nowNanos() + nanos);
    }

    /** It is there again, whatever was to come. */
    void back() {
        awayUntil = Math.min(awayUntil, events.nowNanos());
    }

    /** From now on so many requests are held up on their way, and may be executed late. */
    void late(double share) {
        late = share;
    }

    /** How much longer a request takes than the network does. */
    long hold() {
        return late > 0 && chance.happens(late) ? chance.skewed(200, 9_000) * Events.MILLI : 0;
    }

    boolean isAway() {
        return events.nowNanos() < awayUntil;
    }

    /** When a request that comes now is executed; there is no answer at all in the bad half. */
    long readyNanos() {
        return awayUntil + chance.between(1, 300) * Events.MILLI;
    }

    /** To be called after anything that may have changed a lease. */
    void scheduleExpiry() {
        Optional<MonoTime> next = memory.nextExpiry();
        boolean sooner =
                next.isPresent()
                        && (expiryScheduled.isEmpty()
                                || next.get().isBefore(expiryScheduled.get()));
        if (sooner) {
            expiryScheduled = next;
            program.at(
                    next.get().nanos() + chance.between(0, 600) * Events.MILLI,
                    "ends leases",
                    this::expire);
        }
    }

    private void expire() {
        expiryScheduled = Optional.empty();
        if (isAway()) {
            program.at(awayUntil + 1, "ends leases", this::expire);
            return;
        }
        memory.tick();
        scheduleExpiry();
    }
}
