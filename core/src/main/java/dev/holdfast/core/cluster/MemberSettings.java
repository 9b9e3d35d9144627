package dev.holdfast.core.cluster;

/**
 * The key {@code settings/<name>}: what an operator has decided about a member, from outside of its
 * own file. It hangs on no lease, so it outlives the agent, and holds until it is taken back.
 *
 * @param recovery whether the member may be rewound or copied anew without being told to
 * @param duty whether it takes part in the cluster
 */
public record MemberSettings(Recovery recovery, Duty duty) {
    /** What holds where nobody has decided anything. */
    public static final MemberSettings USUAL = new MemberSettings(Recovery.AUTOMATIC, Duty.FULL);

    /** Who decides that a data directory is changed or replaced. */
    public enum Recovery {
        AUTOMATIC,
        /** The member waits for an operator where it needs a rewind or a copy. */
        BY_ORDER
    }

    /** What a member does for the cluster. */
    public enum Duty {
        FULL,
        /** It follows, and is neither a candidate, nor synchronous, nor shown to load balancers. */
        STANDBY,
        /** The same, and its PostgreSQL is down as long as somebody else leads. */
        STOPPED,
        /** It has left for good: what the others keep for it goes. Void while its agent runs. */
        REMOVED
    }

    /** Taken out for maintenance. */
    public boolean isOut() {
        return switch (duty) {
            case FULL, REMOVED -> false;
            case STANDBY, STOPPED -> true;
        };
    }

    public MemberSettings with(Recovery other) {
        return new MemberSettings(other, duty);
    }

    public MemberSettings with(Duty other) {
        return new MemberSettings(recovery, other);
    }
}
