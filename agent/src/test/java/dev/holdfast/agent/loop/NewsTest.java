package dev.holdfast.agent.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.core.postgres.Server;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NewsTest {
    private static final GuardFact STANDBY =
            new GuardFact.Present(new GuardFact.Mode.Standby(), 4711, false);
    private static final Server PRIMARY = primary(1_000);

    @Test
    void aRenewedLeaseIsNoneForWhoDoesNotLead() {
        assertThat(News.isIn(lease(1, 10), lease(1, 7), STANDBY, at(5))).isFalse();
    }

    @Test
    void aRenewedLeaseIsNewsWhereTheGuardsDeadlineGoesWithIt() {
        assertThat(News.isIn(lease(1, 10), lease(1, 7), armed(6), at(5))).isTrue();
    }

    @Test
    void anotherLeaseAndOneThatHadRunOutAreNews() {
        assertThat(News.isIn(lease(2, 10), lease(1, 7), STANDBY, at(5))).isTrue();
        assertThat(News.isIn(lease(1, 10), lease(1, 7), STANDBY, at(7))).isTrue();
    }

    @Test
    void leadingIsNewsAndSoIsItsEnd() {
        LeaseFact leads =
                new LeaseFact(
                        Optional.of(new LeaseId(1)),
                        Duration.ofSeconds(10),
                        at(10),
                        Optional.of(new Epoch(8)),
                        at(10));

        assertThat(News.isIn(leads, lease(1, 7), STANDBY, at(5))).isTrue();
        assertThat(News.isIn(lease(1, 10), leads, STANDBY, at(5))).isTrue();
    }

    @Test
    void aDeadlineThatWasPutOffIsNoneWhileAPrimaryRunsOn() {
        assertThat(News.isIn(armed(9), armed(6), Optional.of(PRIMARY))).isFalse();
    }

    @Test
    void anythingElseThatTheGuardSaysIsNews() {
        assertThat(News.isIn(armed(9), armed(6), Optional.empty())).isTrue();
        assertThat(News.isIn(armed(6), armed(9), Optional.of(PRIMARY))).isTrue();
        assertThat(News.isIn(STANDBY, armed(6), Optional.of(PRIMARY))).isTrue();
        assertThat(
                        News.isIn(
                                new GuardFact.Present(new GuardFact.Mode.Armed(at(9)), 4711, true),
                                armed(6),
                                Optional.of(PRIMARY)))
                .isTrue();
    }

    @Test
    void aPrimaryThatAnswersTheSameTakesATurnEveryTwoSeconds() {
        assertThat(News.isIn(PRIMARY, Optional.of(PRIMARY), at(5), at(6))).isFalse();
        assertThat(News.isIn(PRIMARY, Optional.of(PRIMARY), at(5), at(7))).isTrue();
        assertThat(News.isIn(PRIMARY, Optional.of(primary(999)), at(5), at(6))).isTrue();
    }

    @Test
    void aServerThatCannotBeAskedIsAlwaysNews() {
        Server silent = new Server.Silent("no answer within 1 s");

        assertThat(News.isIn(silent, Optional.of(silent), at(5), at(6))).isTrue();
    }

    private static GuardFact armed(int deadline) {
        return new GuardFact.Present(new GuardFact.Mode.Armed(at(deadline)), 4711, false);
    }

    private static LeaseFact lease(long id, int goodUntil) {
        return new LeaseFact(
                Optional.of(new LeaseId(id)),
                Duration.ofSeconds(10),
                at(goodUntil),
                Optional.empty(),
                MonoTime.BEGINNING);
    }

    private static Server primary(long flushed) {
        return new Server.Primary(
                new Server.Common(
                        1, 150_000, "", Collections.unmodifiableSortedMap(new TreeMap<>())),
                new Timeline(1),
                new Lsn(flushed),
                List.of(),
                List.of());
    }

    private static MonoTime at(int seconds) {
        return MonoTime.BEGINNING.plus(Duration.ofSeconds(seconds));
    }
}
