package dev.holdfast.core.cluster;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MemberName;
import java.util.Optional;

/**
 * The key {@code leader}.
 *
 * @param lease the lease it hangs on; empty when it was written without one (by hand), and then it
 *     never expires
 */
public record LeaderKey(MemberName member, Epoch epoch, Optional<LeaseId> lease) {}
