package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.MonoTime;
import java.util.Optional;

/**
 * That this member holds the leader lease: only a confirmed lease that is good for a while yet can
 * build one, so an action that takes it cannot be decided without.
 */
public final class LeaderProof {
    private final Epoch epoch;
    private final MonoTime validUntil;

    private LeaderProof(Epoch epoch, MonoTime validUntil) {
        this.epoch = epoch;
        this.validUntil = validUntil;
    }

    /**
     * Empty unless the store confirmed the leader key at its epoch and the soft deadline lies
     * ahead.
     */
    static Optional<LeaderProof> of(LeaseFact lease, Deadlines deadlines, MonoTime now) {
        return lease.leaderEpoch()
                .filter(epoch -> now.isBefore(deadlines.soft(lease.leaderUntil())))
                .map(epoch -> new LeaderProof(epoch, deadlines.soft(lease.leaderUntil())));
    }

    public Epoch epoch() {
        return epoch;
    }

    /** The action must have begun before this instant. */
    public MonoTime validUntil() {
        return validUntil;
    }

    @Override
    public String toString() {
        return "epoch " + epoch;
    }
}
