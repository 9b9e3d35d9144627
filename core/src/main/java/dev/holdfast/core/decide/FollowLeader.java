package dev.holdfast.core.decide;

import dev.holdfast.core.postgres.Server;

/**
 * Whether the services that follow the leader are to run on this member. Like {@link Callbacks} it
 * rests on facts alone, so that an agent that is another goes on where the last one was.
 */
public final class FollowLeader {
    private FollowLeader() {}

    /** What is wished of the services. */
    public enum Wish {
        RUN,
        STOP,
        /** Not known, or about to be: whatever runs goes on. */
        LEAVE
    }

    /** What follows from what was seen and decided. */
    public static Wish of(Observation o, Decision decided) {
        if (o.cluster().isEmpty()) {
            return Wish.LEAVE;
        }
        boolean leads = o.cluster().get().isLeader(o.me());
        if (o.config().pause() && leads && o.lease().leaderEpoch().isPresent()) {
            return Decide.isPrimary(o.server()) ? Wish.RUN : Wish.LEAVE;
        }
        if (!leads || isLeaving(o, decided)) {
            return Wish.STOP;
        }
        if (!o.mayStay()) {
            return isUnconfirmed(o) ? Wish.LEAVE : Wish.STOP;
        }
        return switch (o.server().orElse(null)) {
            case Server.Primary _ -> Wish.RUN;
            case Server.Standby _ -> Wish.STOP;
            case Server.Rejecting _, Server.Silent _ -> Wish.LEAVE;
            case null -> Wish.LEAVE;
        };
    }

    /** This agent has just begun, and finds a server that runs under a lease it takes up. */
    private static boolean isUnconfirmed(Observation o) {
        return o.serverMayRun() && o.lease().leaderEpoch().isEmpty();
    }

    /** A hand-over is under way, or the agent is to end with its server. */
    private static boolean isLeaving(Observation o, Decision decided) {
        return o.orders().shutdown() || decided.memory().switchover().isPresent();
    }
}
