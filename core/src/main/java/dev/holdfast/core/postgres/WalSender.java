package dev.holdfast.core.postgres;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import java.util.List;
import java.util.Optional;

/** A line of {@code pg_stat_replication}. */
public record WalSender(
        int pid,
        String applicationName,
        String state,
        String syncState,
        int syncPriority,
        Lsn sent,
        Lsn written,
        Lsn flushed,
        Lsn replayed) {

    public boolean isStreaming() {
        return state.equals("streaming");
    }

    /** Whether commits wait for it, or for some of those it is one of. */
    public boolean isSynchronous() {
        return syncState.equals("sync") || syncState.equals("quorum");
    }

    /**
     * Whether it has surely flushed what was written here up to {@code position}. PostgreSQL asks
     * no standby of which history its position is: one that went another way says at once that it
     * has more than was ever sent to it.
     */
    public boolean hasFlushed(Lsn position) {
        return !flushed.isBefore(position) && !flushed.isAfter(sent);
    }

    /**
     * The one session of this member; none when there are two, since PostgreSQL takes either for
     * the member.
     */
    public static Optional<WalSender> only(List<WalSender> senders, MemberName member) {
        WalSender only = null;
        for (WalSender sender : senders) {
            if (member.matches(sender.applicationName())) {
                if (only != null) {
                    return Optional.empty();
                }
                only = sender;
            }
        }
        return Optional.ofNullable(only);
    }
}
