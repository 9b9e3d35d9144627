package dev.holdfast.core.decide;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;

/**
 * What the store says of the lease of whoever led last.
 *
 * @param goneForSure the store answered that it does not exist
 */
public record PredecessorFact(MonoTime askedAt, LeaseId lease, boolean goneForSure) {}
