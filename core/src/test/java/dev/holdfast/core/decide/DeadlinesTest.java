package dev.holdfast.core.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a TTL is divided adds up for every TTL that is allowed. */
class DeadlinesTest {
    private static final MonoTime SENT = new MonoTime(5_000_000_000L);

    static IntStream ttls() {
        return IntStream.rangeClosed(3, 60);
    }

    @ParameterizedTest
    @MethodSource("ttls")
    void theAgentEndsPostgresThenTheGuardDoesThenTheLeaseRunsOut(int seconds) {
        Duration ttl = Duration.ofSeconds(seconds);
        Deadlines deadlines = new Deadlines(ttl);
        MonoTime end = Deadlines.goodUntil(SENT, ttl);
        assertThat(deadlines.soft(end)).isLessThan(deadlines.kill(end));
        assertThat(deadlines.kill(end)).isLessThan(end);
        assertThat(end).isLessThan(SENT.plus(ttl));
    }

    @ParameterizedTest
    @MethodSource("ttls")
    void theGuardHasTimeToEndEverythingBeforeTheStoreGivesTheLeaseAway(int seconds) {
        Duration ttl = Duration.ofSeconds(seconds);
        MonoTime kill = new Deadlines(ttl).kill(Deadlines.goodUntil(SENT, ttl));
        assertThat(SENT.plus(ttl).since(kill)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

    @ParameterizedTest
    @MethodSource("ttls")
    void theWatchdogBitesAfterTheGuardHadItsTimeAndByTheEndOfTheLease(int seconds) {
        Duration ttl = Duration.ofSeconds(seconds);
        Deadlines deadlines = new Deadlines(ttl);
        MonoTime end = Deadlines.goodUntil(SENT, ttl);
        assertThat(deadlines.leaseEnd(deadlines.kill(end))).isEqualTo(end);
        for (int margin = -1; margin <= seconds; margin++) {
            AgentConfig.Watchdog watchdog =
                    new AgentConfig.Watchdog(
                            Optional.of(AgentConfig.Watchdog.Mode.REQUIRED),
                            "/dev/watchdog",
                            margin < 0
                                    ? Optional.empty()
                                    : Optional.of(Duration.ofSeconds(margin)));
            Duration timeout = Duration.ofSeconds(watchdog.timeoutSeconds(ttl));
            assertThat(timeout).isPositive();
            assertThat(SENT.plus(ttl.dividedBy(10)).plus(timeout))
                    .as("a renewal answered within a tenth of the ttl still lets it be fed")
                    .isLessThanOrEqualTo(end);
        }
    }

    @ParameterizedTest
    @MethodSource("ttls")
    void twoRenewalsInARowMayFailAndTheThirdStillCounts(int seconds) {
        Duration ttl = Duration.ofSeconds(seconds);
        Deadlines deadlines = new Deadlines(ttl);
        MonoTime third =
                SENT.plus(deadlines.renewEvery().multipliedBy(3)).plus(deadlines.renewTimeout());
        assertThat(third).isLessThan(deadlines.soft(Deadlines.goodUntil(SENT, ttl)));
    }

    @ParameterizedTest
    @MethodSource("ttls")
    void aProofEndsAtTheSoftDeadline(int seconds) {
        Duration ttl = Duration.ofSeconds(seconds);
        Deadlines deadlines = new Deadlines(ttl);
        MonoTime end = Deadlines.goodUntil(SENT, ttl);
        LeaseFact lease =
                new LeaseFact(
                        java.util.Optional.of(Values.leaseOf(Values.PG1)),
                        ttl,
                        end,
                        java.util.Optional.of(Values.EPOCH),
                        end);
        MonoTime soft = deadlines.soft(end);
        assertThat(
                        LeaderProof.of(lease, deadlines, new MonoTime(soft.nanos() - 1))
                                .map(LeaderProof::validUntil))
                .contains(soft);
        assertThat(LeaderProof.of(lease, deadlines, soft)).isEmpty();
    }
}
