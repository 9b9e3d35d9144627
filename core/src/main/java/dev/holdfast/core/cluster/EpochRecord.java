package dev.holdfast.core.cluster;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import java.util.Optional;

/**
 * The key {@code epoch}, Holdfast's own: who took the leader key last. It is written in the same
 * transaction as the leader key and outlives it, so whoever takes the key next knows whom to wait
 * for, whatever it missed in between.
 *
 * @param lease the lease that the leader key hung on: until it is gone from the store, or {@code
 *     released}, that member may still be writing
 * @param released the member has proved its PostgreSQL gone (or handed over after a clean shutdown)
 *     and gave the key back
 * @param handedOverAt for a planned hand-over, the location of the old primary's shutdown
 *     checkpoint, which the new leader must have replayed before it promotes
 * @param generation counts how often this key was begun from nothing, 1 or more. Revisions are
 *     compared within one generation: see {@link KnownStore}
 */
public record EpochRecord(
        MemberName member,
        LeaseId lease,
        boolean released,
        Optional<Lsn> handedOverAt,
        int generation) {}
