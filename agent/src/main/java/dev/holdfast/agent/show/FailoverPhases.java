package dev.holdfast.agent.show;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Optional;

/**
 * How long this member's last way to the lead took, by phase. It begins when the member sees that
 * nobody leads, or for a hand-over when it leads itself; an agent that finds itself leading a
 * primary at its first look has not come that way.
 */
final class FailoverPhases {
    /** Where the time went; each begins where the one before ended. */
    enum Phase {
        /** From nobody leading until this member does. */
        RACE,
        /** Until PostgreSQL accepts writes. */
        PROMOTION,
        /** Until writers are let in. */
        OPENING
    }

    /** What a turn shows of the way. */
    enum Step {
        FOLLOWS,
        NOBODY_LEADS,
        LEADS,
        PRIMARY,
        OPEN;

        static Step of(Observation seen, Decision decided) {
            boolean mine = seen.cluster().filter(c -> c.isLeader(seen.me())).isPresent();
            if (!mine) {
                return seen.cluster().filter(c -> c.leader().isEmpty()).isPresent()
                        ? NOBODY_LEADS
                        : FOLLOWS;
            }
            if (!(seen.server().orElse(null) instanceof Server.Primary)) {
                return LEADS;
            }
            return decided.service() == Decision.Service.OPEN ? OPEN : PRIMARY;
        }
    }

    /** The times of the last way that was gone to its end. */
    record Last(Duration race, Duration promotion, Duration opening) {
        Duration of(Phase phase) {
            return switch (phase) {
                case RACE -> race;
                case PROMOTION -> promotion;
                case OPENING -> opening;
            };
        }
    }

    private Optional<MonoTime> beganAt = Optional.empty();
    private Optional<MonoTime> leadsAt = Optional.empty();
    private Optional<MonoTime> primaryAt = Optional.empty();
    private volatile Optional<Last> last = Optional.empty();

    void onTurn(Step step, MonoTime now) {
        switch (step) {
            case FOLLOWS -> forget();
            case NOBODY_LEADS -> {
                leadsAt = Optional.empty();
                primaryAt = Optional.empty();
                beganAt = beganAt.or(() -> Optional.of(now));
            }
            case LEADS -> leads(now);
            case PRIMARY -> {
                if (leadsAt.isPresent() || beganAt.isPresent()) {
                    leads(now);
                    primaryAt = primaryAt.or(() -> Optional.of(now));
                }
            }
            case OPEN -> {
                if (leadsAt.isPresent() || beganAt.isPresent()) {
                    leads(now);
                    MonoTime primary = primaryAt.orElse(now);
                    MonoTime leads = leadsAt.orElse(now);
                    last =
                            Optional.of(
                                    new Last(
                                            leads.since(beganAt.orElse(leads)),
                                            primary.since(leads),
                                            now.since(primary)));
                }
                forget();
            }
        }
    }

    /** Empty until this member has come to lead; may be asked from any thread. */
    Optional<Last> last() {
        return last;
    }

    private void leads(MonoTime now) {
        leadsAt = leadsAt.or(() -> Optional.of(now));
    }

    private void forget() {
        beganAt = Optional.empty();
        leadsAt = Optional.empty();
        primaryAt = Optional.empty();
    }
}
