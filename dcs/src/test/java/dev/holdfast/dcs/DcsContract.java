package dev.holdfast.dcs;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Entry;
import dev.holdfast.dcs.Dcs.Event;
import dev.holdfast.dcs.Dcs.LeaseState;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Renewal;
import dev.holdfast.dcs.Dcs.Snapshot;
import dev.holdfast.dcs.Dcs.TxnResult;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/**
 * What every store behind the port does. Each test finds an empty prefix and a connection of its
 * own.
 */
public abstract class DcsContract {

    /** The connection under test, open for one test. */
    protected abstract Dcs dcs();

    /** Lets the store forget what was before {@code revision}. */
    protected abstract void compact(long revision);

    /** Lets {@code span} pass where time is virtual; where it is real it passes by itself. */
    protected abstract void pass(Duration span);

    @Test
    void aKeyIsCreatedOnlyOnce() {
        long first =
                applied(commit(List.of(new Compare.Absent("leader")), Op.put("leader", "pg1")));

        TxnResult second = commit(List.of(new Compare.Absent("leader")), Op.put("leader", "pg2"));

        assertThat(second).isEqualTo(new TxnResult.Refused(first));
        assertThat(entry("leader")).contains(new Entry("pg1", first, first, Optional.empty()));
    }

    @Test
    void aWriteAtTheRightRevisionIsAppliedAndAtAnOlderOneRefused() {
        long created = applied(commit(List.of(), Op.put("sync", "a")));
        long changed =
                applied(
                        commit(
                                List.of(new Compare.AtRevision("sync", created)),
                                Op.put("sync", "b")));

        assertThat(commit(List.of(new Compare.AtRevision("sync", created)), Op.put("sync", "c")))
                .isInstanceOf(TxnResult.Refused.class);
        assertThat(entry("sync")).contains(new Entry("b", created, changed, Optional.empty()));
        assertThat(commit(List.of(new Compare.AtRevision("absent", created)), Op.put("sync", "c")))
                .isInstanceOf(TxnResult.Refused.class);
    }

    @Test
    void aTransactionIsAppliedWholeOrNotAtAll() {
        long created = applied(commit(List.of(), Op.put("a", "1"), Op.put("b", "1")));

        assertThat(
                        commit(
                                List.of(
                                        new Compare.AtRevision("a", created),
                                        new Compare.Absent("b")),
                                Op.delete("a")))
                .isInstanceOf(TxnResult.Refused.class);
        long changed =
                applied(
                        commit(
                                List.of(new Compare.AtRevision("a", created)),
                                Op.delete("a"),
                                Op.put("b", "2")));

        Snapshot all = answer(dcs().read());
        assertThat(all.entries()).containsOnlyKeys("b");
        assertThat(all.entries().get("b"))
                .isEqualTo(new Entry("2", created, changed, Optional.empty()));
        assertThat(all.revision()).isGreaterThanOrEqualTo(changed);
    }

    @Test
    void aReadSeesEveryWriteThatWasAnsweredBefore() {
        for (int i = 0; i < 20; i++) {
            long revision = applied(commit(List.of(), Op.put("status", Integer.toString(i))));
            Snapshot all = answer(dcs().read());
            assertThat(all.entries())
                    .hasEntrySatisfying(
                            "status",
                            status -> {
                                assertThat(status.modRevision()).isEqualTo(revision);
                            });
            assertThat(entry("status").map(Entry::value)).contains(Integer.toString(i));
        }
        assertThat(entry("absent")).isEmpty();
    }

    @Test
    void aKeyHangsOnItsLeaseAndGoesWithIt() {
        Dcs.Granted granted = answer(dcs().grant(Duration.ofSeconds(30)));
        long written =
                applied(
                        commit(
                                List.of(),
                                Op.put("leader", "pg1", granted.lease()),
                                Op.put("members/pg1", "{}", granted.lease()),
                                Op.put("x", "y")));
        assertThat(entry("leader").flatMap(Entry::lease)).contains(granted.lease());
        Told told = watch(written + 1);

        answer(dcs().revoke(granted.lease()));

        await().untilAsserted(() ->
                assertThat(told.events())
                        .extracting(Event::key)
                        .containsExactlyInAnyOrder("leader", "members/pg1"));
        assertThat(told.events()).allMatch(Event.Deleted.class::isInstance);
        assertThat(told.revisions()).hasSize(1);
        assertThat(answer(dcs().read()).entries()).containsOnlyKeys("x");
    }

    @Test
    void aLeaseThatNobodyRenewsRunsOutAndItsKeysAreReportedDeleted() {
        Dcs.Granted granted = answer(dcs().grant(Duration.ofSeconds(1)));
        long written = applied(commit(List.of(), Op.put("leader", "pg1", granted.lease())));
        Told told = watch(written + 1);

        pass(granted.ttl());

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(told.events()).hasSize(1));
        assertThat(told.events().getFirst())
                .isEqualTo(new Event.Deleted("leader", told.revisions().getFirst()));
        assertThat(entry("leader")).isEmpty();
        assertThat(answer(dcs().leaseState(granted.lease()))).isEqualTo(new LeaseState.Gone());
    }

    @Test
    void aRenewedLeaseLivesAndSaysForHowLong() {
        Dcs.Granted granted = answer(dcs().grant(Duration.ofSeconds(20)));

        assertThat(answer(dcs().keepAlive(granted.lease())))
                .isEqualTo(new Renewal.Renewed(granted.ttl()));

        assertThat(answer(dcs().leaseState(granted.lease())))
                .isInstanceOfSatisfying(
                        LeaseState.Alive.class,
                        alive -> {
                            assertThat(alive.granted()).isEqualTo(granted.ttl());
                            assertThat(alive.remaining())
                                    .isBetween(Duration.ofSeconds(10), granted.ttl());
                        });
    }

    @Test
    void ofALeaseThatIsGoneTheStoreSaysSo() {
        Dcs.Granted granted = answer(dcs().grant(Duration.ofSeconds(30)));
        answer(dcs().revoke(granted.lease()));

        assertThat(answer(dcs().keepAlive(granted.lease()))).isEqualTo(new Renewal.Gone());
        assertThat(answer(dcs().leaseState(granted.lease()))).isEqualTo(new LeaseState.Gone());
        answer(dcs().revoke(granted.lease()));
    }

    @Test
    void aWriteUnderALeaseThatIsGoneWritesNothing() {
        LeaseId gone = answer(dcs().grant(Duration.ofSeconds(30))).lease();
        answer(dcs().revoke(gone));

        assertThat(
                        commit(
                                List.of(new Compare.Absent("leader")),
                                Op.put("epoch", "1"),
                                Op.put("leader", "pg1", gone)))
                .isEqualTo(new TxnResult.LeaseGone());
        assertThat(answer(dcs().read()).entries()).isEmpty();
    }

    @Test
    void aComparisonThatFailsIsToldBeforeALeaseThatIsGone() {
        LeaseId gone = answer(dcs().grant(Duration.ofSeconds(30))).lease();
        answer(dcs().revoke(gone));
        applied(commit(List.of(), Op.put("leader", "pg2")));

        assertThat(commit(List.of(new Compare.Absent("leader")), Op.put("leader", "pg1", gone)))
                .isInstanceOf(TxnResult.Refused.class);
    }

    @Test
    void aWatchTellsAllChangesFromAPastRevisionOnInOrder() {
        long first = applied(commit(List.of(), Op.put("a", "1")));
        long second = applied(commit(List.of(), Op.put("a", "2"), Op.put("b", "1")));
        Told told = watch(first);
        await().untilAsserted(() -> assertThat(told.revisions()).containsExactly(first, second));

        long third = applied(commit(List.of(), Op.delete("a")));

        await().untilAsserted(
                        () -> assertThat(told.revisions()).containsExactly(first, second, third));
        assertThat(told.events().getFirst())
                .isEqualTo(new Event.Written("a", new Entry("1", first, first, Optional.empty())));
        assertThat(told.events().subList(1, 3))
                .containsExactlyInAnyOrder(
                        new Event.Written("a", new Entry("2", first, second, Optional.empty())),
                        new Event.Written("b", new Entry("1", second, second, Optional.empty())));
        assertThat(told.events().getLast()).isEqualTo(new Event.Deleted("a", third));
        assertThat(told.ends()).isEmpty();
    }

    @Test
    void aWatchFromBeforeACompactionEndsAndIsToldNothing() {
        long first = applied(commit(List.of(), Op.put("a", "1")));
        long last = applied(commit(List.of(), Op.put("a", "2")));
        compact(last);

        Told told = watch(first);

        await().untilAsserted(() -> assertThat(told.ends()).hasSize(1));
        assertThat(told.events()).isEmpty();
        long later = applied(commit(List.of(), Op.put("a", "3")));
        Told anew = watch(last + 1);
        await().untilAsserted(() -> assertThat(anew.revisions()).containsExactly(later));
        assertThat(told.events()).isEmpty();
    }

    @Test
    void aClosedWatchTellsNothingMoreNotEvenItsEnd() {
        long first = applied(commit(List.of(), Op.put("a", "1")));
        Told closed = new Told();
        Dcs.Watch watch = dcs().watch(first, closed);
        await().untilAsserted(() -> assertThat(closed.revisions()).containsExactly(first));

        watch.close();
        Told open = watch(first + 1);
        long second = applied(commit(List.of(), Op.put("a", "2")));

        await().untilAsserted(() -> assertThat(open.revisions()).containsExactly(second));
        assertThat(closed.revisions()).containsExactly(first);
        assertThat(closed.ends()).isEmpty();
    }

    /** Watches until the connection is closed. */
    protected Told watch(long fromRevision) {
        Told told = new Told();
        var _ = dcs().watch(fromRevision, told);
        return told;
    }

    protected Optional<Entry> entry(String key) {
        return answer(dcs().get(key));
    }

    protected TxnResult commit(List<Compare> compares, Op... ops) {
        return answer(dcs().commit(compares, List.of(ops)));
    }

    protected static long applied(TxnResult result) {
        assertThat(result).isInstanceOf(TxnResult.Applied.class);
        return ((TxnResult.Applied) result).revision();
    }

    protected static <T> T answer(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(20, SECONDS).join();
    }
}
