package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.time.Duration;

/**
 * How a TTL is divided. All instants lie before the one at which etcd may give the lease away,
 * which is no earlier than {@code sent + ttl} for a renewal sent at {@code sent}:
 *
 * <pre>
 *   sent ... renew again every ttl/5, whether or not the last attempt was answered
 *     soft   = E - ttl/5     the agent ends PostgreSQL itself
 *     kill   = E - ttl/10    the guard ends whatever is left
 *     E      = sent + ttl - drift, drift = ttl/50; the watchdog, if there is one, bites by then
 * </pre>
 */
public record Deadlines(Duration ttl) {
    /**
     * Below this the parts of a TTL are shorter than what a busy machine needs to end its
     * processes.
     */
    public static final Duration LEAST_TTL = Duration.ofSeconds(3);

    public Duration renewEvery() {
        return part(1, 5);
    }

    public Duration renewTimeout() {
        return part(3, 20);
    }

    /**
     * The lease is good until here, for a renewal sent at {@code sent} for which etcd granted
     * {@code granted}.
     */
    public static MonoTime goodUntil(MonoTime sent, Duration granted) {
        return sent.plus(granted).minus(new Deadlines(granted).part(1, 50));
    }

    /**
     * How long a leader's server may be silent, or its disk be full, before it gives the lease up
     * to a member that is better off.
     */
    public Duration patience() {
        return part(3, 4);
    }

    /**
     * How long a write may be on its way to a leader's disk. The renewal that is put off for it
     * meanwhile follows one of {@link #renewEvery} ago, so that this ends before the soft deadline
     * of that one.
     */
    public Duration diskPatience() {
        return part(1, 2);
    }

    /**
     * How long a leader's renewal waits for the disks before it is asked who would be better off.
     */
    public Duration hesitation() {
        return part(1, 20);
    }

    /** How often a leader's door and disks are tried, so that patience begins to count in time. */
    public Duration tryVitalsEvery() {
        return part(1, 5);
    }

    /**
     * When a lease that is good until {@code goodUntil} has missed two renewals: from here on the
     * other members are asked whether this one may stay without it, every {@link #renewEvery}. That
     * leaves time for two questions before the soft deadline.
     */
    public MonoTime overdue(MonoTime goodUntil) {
        return goodUntil.minus(ttl).plus(part(1, 50)).plus(part(2, 5));
    }

    /** The agent gives up and ends PostgreSQL at this instant. */
    public MonoTime soft(MonoTime goodUntil) {
        return goodUntil.minus(part(1, 5));
    }

    /** The guard ends PostgreSQL at this instant, whatever the agent does. */
    public MonoTime kill(MonoTime goodUntil) {
        return goodUntil.minus(part(1, 10));
    }

    /**
     * The end of the lease for which the guard was told {@code kill}: the watchdog may bite then.
     */
    public MonoTime leaseEnd(MonoTime kill) {
        return kill.plus(part(1, 10));
    }

    /**
     * So many parts among so many of a TTL. Every turn asks for some of them, and {@link
     * Duration#dividedBy(long)} calculates with decimal fractions of any length.
     */
    private Duration part(long parts, long among) {
        return Duration.ofNanos(ttl.toNanos() * parts / among);
    }
}
