package dev.holdfast.agent.loop;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;

/**
 * What takes a turn while all is calm. Most facts come several times a second and say what was
 * known: an idle agent decides on none of those.
 */
final class News {
    /**
     * A primary that answers what it answered before takes no turn more often than this, and is
     * shown to clients on for that long: well below what an answer counts for ({@code StatusView}).
     */
    private static final Duration SAME_ANSWER = Duration.ofSeconds(2);

    private News() {}

    /**
     * That it was renewed is none for a member that does not lead, unless the guard's deadline goes
     * with it.
     */
    static boolean isIn(LeaseFact lease, LeaseFact before, GuardFact guard, MonoTime now) {
        return !(guard instanceof GuardFact.Present(GuardFact.Mode.Standby _, long _, boolean _))
                || before.leaderEpoch().isPresent()
                || lease.leaderEpoch().isPresent()
                || !before.isGood(now)
                || !before.id().equals(lease.id());
    }

    /** That its deadline was put off is none while a primary runs on. */
    static boolean isIn(GuardFact guard, GuardFact before, Optional<Server> server) {
        return !(server.orElse(null) instanceof Server.Primary
                && before
                        instanceof
                        GuardFact.Present(
                                GuardFact.Mode.Armed(MonoTime until),
                                long postmaster,
                                boolean ending)
                && guard
                        instanceof
                        GuardFact.Present(
                                GuardFact.Mode.Armed(MonoTime deadline),
                                long now,
                                boolean ends)
                && deadline.isAfter(until)
                && now == postmaster
                && ends == ending);
    }

    /**
     * Who answers what it answered before is none. But how long a primary may be shown to clients
     * rests on when it last answered, so that its turns must not be too far apart.
     */
    static boolean isIn(Server server, Optional<Server> before, MonoTime turnedAt, MonoTime now) {
        return !before.equals(Optional.of(server))
                || switch (server) {
                    case Server.Standby _ -> false;
                    case Server.Primary _ -> !now.isBefore(turnedAt.plus(SAME_ANSWER));
                    case Server.Rejecting _, Server.Silent _ -> true;
                };
    }

    /**
     * The same keys at a later revision are none: a read that only confirms them, or what the watch
     * tells of an own write that is shown already. While nobody leads it may matter how new the
     * view is.
     */
    static boolean isIn(ClusterView view, Optional<ClusterView> before) {
        return view.leader().isEmpty()
                || before.filter(b -> b.at(view.revision()).equals(view)).isEmpty();
    }
}
