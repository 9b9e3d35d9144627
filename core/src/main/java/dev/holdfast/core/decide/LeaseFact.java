package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Optional;

/**
 * This member's lease.
 *
 * @param id empty while there is none
 * @param ttl with which it was granted; the configured one may have changed since
 * @param goodUntil until when the lease lives for certain, whether or not a leader key hangs on it
 * @param leaderEpoch the epoch at which the store confirmed, together with a renewal, that the
 *     leader key is ours
 * @param leaderUntil until when that holds; never later than {@code goodUntil}
 */
public record LeaseFact(
        Optional<LeaseId> id,
        Duration ttl,
        MonoTime goodUntil,
        Optional<Epoch> leaderEpoch,
        MonoTime leaderUntil) {
    public static LeaseFact none() {
        return new LeaseFact(
                Optional.empty(),
                Duration.ZERO,
                MonoTime.BEGINNING,
                Optional.empty(),
                MonoTime.BEGINNING);
    }

    public boolean isGood(MonoTime now) {
        return id.isPresent() && now.isBefore(goodUntil);
    }
}
