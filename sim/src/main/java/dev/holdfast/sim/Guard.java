package dev.holdfast.sim;

import dev.holdfast.core.decide.GuardFact;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The guard of a host: holds PostgreSQL, listens to the newest agent, and ends PostgreSQL at the
 * deadline whatever the agent does.
 */
final class Guard {
    /** The agent at the other end. */
    interface Client {
        void onState(GuardFact.Present state);

        void onGone(long pid);
    }

    private final Chance chance;
    private final Program program;
    private final HostClock clock;
    private final Ailments ailments;
    private GuardFact.Mode mode = new GuardFact.Mode.Standby();
    private Optional<Postmaster> held = Optional.empty();
    private boolean ending;
    private Events.@Nullable Event deadline;
    private @Nullable Client client;

    Guard(Chance chance, Program program, HostClock clock, Ailments ailments) {
        this.chance = chance;
        this.program = program;
        this.clock = clock;
        this.ailments = ailments;
    }

    Program program() {
        return program;
    }

    GuardFact.Mode mode() {
        return mode;
    }

    /** A new guard takes over what runs. */
    void begin(Optional<Postmaster> running) {
        program.start();
        mode = new GuardFact.Mode.Standby();
        ending = false;
        client = null;
        held = running.filter(p -> !p.isGone());
        if (held.filter(Postmaster::isOrphaned).isPresent()) {
            kill();
        }
    }

    /** It is told at once, being the parent, and ends the orphans. */
    void onPostmasterDeath(Postmaster server) {
        program.after(
                chance.skewed(100, 3_000) * Events.MICRO,
                "reaps the postmaster",
                () -> {
                    if (held.filter(p -> p == server).isPresent()) {
                        kill();
                    }
                });
    }

    void connect(Client next) {
        client = next;
        tell();
    }

    boolean listensTo(Client asking) {
        return asking.equals(client);
    }

    long postmaster() {
        return held.map(Postmaster::pid).orElse(0L);
    }

    /** Takes the mode over; false when the deadline had passed and PostgreSQL is ended instead. */
    boolean set(GuardFact.Mode next) {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
        mode = next;
        tell();
        if (next instanceof GuardFact.Mode.Armed(var until)) {
            if (!clock.now().isBefore(until)) {
                fence();
                return false;
            }
            deadline =
                    program.at(
                            clock.trueNanos(until) + chance.between(5, 900) * Events.MICRO,
                            "fences",
                            this::fence);
        }
        return true;
    }

    void kill() {
        kill(killNanos());
    }

    /** The deadline has passed: without a new one no primary starts any more. */
    private void fence() {
        long nanos = killNanos();
        mode = new GuardFact.Mode.Standby();
        tell();
        kill(nanos);
    }

    private void kill(long nanos) {
        if (held.isEmpty() || ending) {
            return;
        }
        ending = true;
        tell();
        Postmaster victim = held.get();
        program.after(nanos, "kills", victim::kill);
    }

    /**
     * What is slow to go is gone at the deadline all the same, or soon after: what the kernel holds
     * for longer writes nothing.
     */
    private long killNanos() {
        long quick = chance.skewed(500, 200_000) * Events.MICRO;
        long slow = quick + ailments.lingerNanos(chance);
        return mode instanceof GuardFact.Mode.Armed(var until)
                ? Math.min(slow, Math.max(0, clock.trueNanos(until) - program.nowNanos()) + quick)
                : quick;
    }

    /** Holds a postmaster that it has just started. */
    void hold(Postmaster server) {
        held = Optional.of(server);
        tell();
    }

    /** All of a server is gone; it was reaped. */
    void onExit(Postmaster server) {
        if (held.filter(p -> p == server).isEmpty()) {
            return;
        }
        held = Optional.empty();
        ending = false;
        Client to = client;
        if (to != null) {
            to.onGone(server.pid());
        }
        tell();
    }

    private void tell() {
        Client to = client;
        if (to != null) {
            to.onState(new GuardFact.Present(mode, postmaster(), ending));
        }
    }
}
