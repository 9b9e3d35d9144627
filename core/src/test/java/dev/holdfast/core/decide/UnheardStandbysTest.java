package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.sender;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.postgres.WalSender;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * What standbys do not confirm is not waited for without end, and not acknowledged without them: a
 * primary that hears from none makes room for one of them.
 */
class UnheardStandbysTest {
    static final Lsn BEHIND = new Lsn(HERE.value() - 8);

    private static Memory.Stall stall(WalSender sender, long sinceMillis) {
        return new Memory.Stall(sender.pid(), sender.flushed(), at(sinceMillis));
    }

    /** pg2 is synchronous; both have confirmed so much, and no more since then. */
    static Situation unheard(Lsn pg2, Lsn pg3, long sinceMillis) {
        WalSender two = sender("pg2", pg2, "sync", 1);
        WalSender three = sender("pg3", pg3, "async", 0);
        return Situation.ofPrimary()
                .server(primaryServer("\"pg2\"", two, three))
                .memory(m ->
                        m.withStalls(
                                new TreeMap<>(
                                        Map.of(
                                                PG2,
                                                stall(two, sinceMillis),
                                                PG3,
                                                stall(three, sinceMillis)))));
    }

    private static boolean givesUp(Situation situation) {
        Decision decision = situation.decide();
        return decision.reason().code() == Reason.Code.LEAD_UNWELL
                && decision.actions().stream().anyMatch(Action.Kill.class::isInstance);
    }

    private static boolean takesOut(Situation situation, MemberName member) {
        return situation.decide().actions().stream()
                .anyMatch(a ->
                        a instanceof Action.WriteSync(var _, SyncState sync, long _)
                                && !sync.standbys().contains(member));
    }

    @Test
    void aPrimaryThatHearsFromNoStandbyMakesRoomAfterThreeQuartersOfTheTtl() {
        assertThat(givesUp(unheard(BEHIND, BEHIND, -7_500))).isTrue();
        assertThat(givesUp(unheard(BEHIND, BEHIND, -7_499))).isFalse();
    }

    @Test
    void notWhileOneConfirmsWhatItGets() {
        assertThat(givesUp(unheard(HERE, BEHIND, -60_000))).as("the synchronous one").isFalse();
        assertThat(givesUp(unheard(BEHIND, HERE, -60_000))).as("the other one").isFalse();
    }

    @Test
    void notForOneThatWouldHaveNoStandbyEither() {
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).without(PG3))).isFalse();
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).memberTag(PG3, "nosync"))).isFalse();
    }

    @Test
    void notForOneThatIsNotWellOrMayNotLead() {
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).unwellMember(PG2))).isFalse();
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).memberTag(PG2, "nofailover")))
                .isFalse();
    }

    @Test
    void notWhereNobodyWaitsForStandbys() {
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).asynchronous())).isFalse();
        assertThat(givesUp(unheard(BEHIND, BEHIND, -60_000).paused())).isFalse();
    }

    @Test
    void aSynchronousStandbyThatConfirmsNothingIsReplacedByOneThatDoes() {
        assertThat(takesOut(unheard(BEHIND, HERE, -7_500), PG2)).isTrue();
        assertThat(takesOut(unheard(BEHIND, HERE, -7_499), PG2)).isFalse();
        assertThat(takesOut(unheard(BEHIND, BEHIND, -7_499), PG2)).isFalse();
    }

    @Test
    void aStallCountsFromWhenItIsFirstSeenAndEndsWithAnyProgressAndWithTheSession() {
        Situation first = unheard(BEHIND, BEHIND, -60_000).memory(m -> m.withStalls(none()));
        Memory seen = first.decide().memory();
        assertThat(since(seen)).isEqualTo(asked(first));

        Situation later = unheard(BEHIND, BEHIND, 0).memory(_ -> seen).freshAt(at(5_000));
        assertThat(since(later.decide().memory())).isEqualTo(asked(first));

        Situation moved =
                unheard(new Lsn(BEHIND.value() + 4), HERE, 0).memory(_ -> seen).freshAt(at(5_000));
        Memory then = moved.decide().memory();
        assertThat(since(then)).isEqualTo(at(5_000));
        assertThat(then.stalls()).doesNotContainKey(PG3);

        WalSender again = sender("pg2", BEHIND, "sync", 1);
        Situation reconnected =
                unheard(BEHIND, BEHIND, 0)
                        .memory(m ->
                                m.withStalls(
                                        new TreeMap<>(
                                                Map.of(
                                                        PG2,
                                                        new Memory.Stall(
                                                                again.pid() + 1,
                                                                BEHIND,
                                                                at(-60_000))))));
        assertThat(since(reconnected.decide().memory())).isEqualTo(asked(reconnected));
    }

    @Test
    void oneThatLivesAndDoesNotConnectIsWaitedForAndNobodyElse() {
        assertThat(goesOnAlone(nobody(-14_999))).isFalse();
        assertThat(goesOnAlone(nobody(-15_000))).isTrue();
        assertThat(goesOnAlone(nobody(-1).without(PG2).without(PG3))).isTrue();
    }

    private static Situation nobody(long sinceMillis) {
        return Situation.ofPrimary()
                .server(primaryServer("\"pg2\"", HERE, 1, List.of()))
                .memory(m ->
                        m.withSync(
                                new Memory.Sync(
                                        Optional.empty(),
                                        Optional.of(at(sinceMillis)),
                                        Optional.empty())));
    }

    private static boolean goesOnAlone(Situation situation) {
        return takesOut(situation, PG2);
    }

    private static MonoTime since(Memory memory) {
        return Objects.requireNonNull(memory.stalls().get(PG2), "pg2 stalls").since();
    }

    private static SortedMap<MemberName, Memory.Stall> none() {
        return new TreeMap<>();
    }

    private static MonoTime asked(Situation situation) {
        return situation.observe().serverAskedAt();
    }
}
