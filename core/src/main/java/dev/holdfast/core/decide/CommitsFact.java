package dev.holdfast.core.decide;

import dev.holdfast.core.MonoTime;
import java.util.List;

/**
 * For whom commits wait less than a synchronous mode promises, one sentence each: a role, a
 * database, or every session.
 */
public record CommitsFact(MonoTime askedAt, List<String> weaker) {
    public CommitsFact {
        weaker = List.copyOf(weaker);
    }
}
