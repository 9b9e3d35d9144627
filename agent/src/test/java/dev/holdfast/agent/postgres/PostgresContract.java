package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.agent.loop.GuardPort.ServerSignal;
import dev.holdfast.agent.postgres.Postgres.Role;
import dev.holdfast.agent.postgres.Postgres.Waiting;
import dev.holdfast.agent.postgres.TestHost.Commit;
import dev.holdfast.agent.postgres.TestHost.Outcome;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.WalSender;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * What of PostgreSQL the promises lean on, whatever is behind the port. Each test finds empty data
 * directories and guards that hold nothing.
 */
public abstract class PostgresContract {
    private static final Duration PROMOTION = Duration.ofSeconds(30);
    private static final Timeline FIRST = new Timeline(1);
    private static final Timeline SECOND = new Timeline(2);

    /** So long a commit that waits is looked at: some hundred times what one takes. */
    private static final Duration A_WHILE = Duration.ofMillis(400);

    /** The members are called pg1, pg2 and pg3. */
    protected abstract TestHost host(String name);

    protected abstract <T> T answer(CompletableFuture<T> future);

    /** Waits until the condition holds, within a minute of whatever time there is. */
    protected abstract void await(String what, BooleanSupplier condition);

    /** Sees to it that the condition goes on holding for so long. */
    protected abstract void stays(Duration span, BooleanSupplier condition);

    private TestHost a() {
        return host("pg1");
    }

    private TestHost b() {
        return host("pg2");
    }

    private TestHost c() {
        return host("pg3");
    }

    // --- start, stop, crash

    @Test
    void aServerIsToldFromItsFirstStartToItsLast() {
        TestHost a = a();
        assertThat(a.postgres().inspect()).isEqualTo(new DataDirectory.Missing());
        a.makeCluster();
        assertThat(control(a).state()).isEqualTo(ControlData.State.SHUT_DOWN);
        assertThat(a.postgres().silence()).isPresent();
        assertThat(probe(a)).isInstanceOf(Server.Silent.class);

        long pid = start(a, Role.PRIMARY, a.settings());
        assertThat(a.postgres().runningPostmaster()).contains(pid);
        assertThat(a.postgres().silence()).isEmpty();
        Server.Primary first = primary(a);
        assertThat(first.timeline()).isEqualTo(FIRST);
        assertThat(first.senders()).isEmpty();
        assertThat(control(a).state()).isEqualTo(ControlData.State.IN_PRODUCTION);
        assertThat(a.postgres().promote(PROMOTION)).isEqualTo(FIRST);
        assertThat(a.postgres().emitWal()).isGreaterThan(first.flushed());

        stop(a);
        assertThat(probe(a)).isInstanceOf(Server.Silent.class);
        ControlData stopped = control(a);
        assertThat(stopped.state()).isEqualTo(ControlData.State.SHUT_DOWN);
        assertThat(stopped.checkpoint()).isGreaterThan(first.flushed());
        assertThat(stopped.newestTimeline()).isEqualTo(FIRST);

        start(a, Role.PRIMARY, a.settings());
        Server.Primary second = primary(a);
        assertThat(second.common().startMicros()).isGreaterThan(first.common().startMicros());
        assertThat(second.timeline()).isEqualTo(FIRST);
        assertThat(second.flushed()).isGreaterThan(stopped.checkpoint());
    }

    @Test
    void aPrimaryStartsUnderAnArmedGuardAndOnlyOnce() {
        TestHost a = a();
        a.makeCluster();
        a.postgres().prepare(a.settings(), Role.PRIMARY);
        assertThatThrownBy(() -> order(a, Role.PRIMARY, a.settings()));
        assertThat(a.guard().postmaster()).isZero();
        start(a, Role.PRIMARY, a.settings());
        assertThatThrownBy(() -> order(a, Role.PRIMARY, a.settings()));
        assertThat(primary(a).timeline()).isEqualTo(FIRST);

        assertThatThrownBy(() -> a.postgres().moveAside("x")).isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> a.postgres().initdb(List.of(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> a.postgres().cloneFrom(b().asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> a.postgres().rewind(b().asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        stop(a);
        a.postgres().moveAside("x");
        assertThat(a.postgres().inspect()).isEqualTo(new DataDirectory.Missing());
    }

    @Test
    void aKilledPrimaryComesBackWithAllThatItAcknowledged() {
        TestHost a = startedPrimary();
        Commit commit = committed(a);
        Lsn flushed = primary(a).flushed();
        kill(a);
        assertThat(control(a).state()).isEqualTo(ControlData.State.IN_PRODUCTION);
        assertThat(control(a).wasPrimary()).isTrue();

        start(a, Role.PRIMARY, a.settings());
        assertThat(a.sees(commit)).isTrue();
        assertThat(primary(a).flushed()).isGreaterThanOrEqualTo(flushed);
        assertThat(primary(a).timeline()).isEqualTo(FIRST);
        assertThat(valid(a).history().switches()).isEmpty();
    }

    @Test
    void aKilledPrimaryThatStartsAsAStandbyIsOneAndHasAllThatItAcknowledged() {
        TestHost a = startedPrimary();
        Commit commit = committed(a);
        kill(a);
        start(a, Role.STANDBY, a.settings());
        await("replay", () -> a.sees(commit));
        assertThat(standby(a).timeline()).isEqualTo(FIRST);
        assertThat(control(a).state()).isEqualTo(ControlData.State.IN_ARCHIVE_RECOVERY);
        assertThatThrownBy(() -> a.postgres().emitWal()).isInstanceOf(PostgresException.class);
        assertThat(a.commit()).satisfies(c -> await("refusal", is(c, Outcome.FAILED)));
    }

    @Test
    void aPrimaryThatIsStoppedWhileItRecoversFromACrashIsStillKnownAsOne() {
        TestHost a = startedPrimary();
        a.writeMuch();
        kill(a);
        arm(a, Role.PRIMARY);
        order(a, Role.PRIMARY, a.settings());
        await("recovery", () -> !(probe(a) instanceof Server.Silent));
        stop(a);
        // PostgreSQL then writes the state of a standby into pg_control.
        assertThat(control(a).wasPrimary()).isTrue();
        start(a, Role.PRIMARY, a.settings());
        assertThat(primary(a).timeline()).isEqualTo(FIRST);
    }

    // --- copies and standbys

    @Test
    void aCopyIsAStandbyOfItsSourceAndNothingElse() {
        TestHost a = startedPrimary();
        TestHost b = b();
        Commit before = committed(a);
        b.postgres().cloneFrom(a.asUpstream(), _ -> {});
        assertThat(control(b).system()).isEqualTo(control(a).system());
        assertThat(control(b).wasPrimary()).isFalse();
        assertThat(control(b).newestTimeline()).isEqualTo(FIRST);
        assertThatThrownBy(() -> b.postgres().cloneFrom(a.asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);

        start(b, Role.STANDBY, b.settings());
        Server.Standby alone = standby(b);
        assertThat(alone.receiver()).isEmpty();
        assertThat(alone.received()).isEmpty();
        assertThat(alone.timeline()).isEqualTo(FIRST);
        assertThat(b.sees(before)).isTrue();
        Commit after = committed(a);
        assertThat(b.sees(after)).isFalse();

        assertThat(follow(b, a).waiting()).isEqualTo(Waiting.FOR_NOBODY);
        awaitStreaming(b, a);
        await("replay", () -> b.sees(after));
        assertThat(sender(a, b))
                .satisfies(s -> {
                    assertThat(s.syncState()).isEqualTo("async");
                    assertThat(s.syncPriority()).isZero();
                });
        assertThat(standby(b).position()).isGreaterThan(alone.position());
    }

    @Test
    void aCopyOfWhatDoesNotAnswerLeavesNothing() {
        TestHost a = startedPrimary();
        TestHost b = b();
        stop(a);
        assertThatThrownBy(() -> b.postgres().cloneFrom(a.asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThat(b.postgres().inspect()).isEqualTo(new DataDirectory.Missing());
        assertThatThrownBy(() -> b.postgres().sourceHistory(a.asUpstream()))
                .isInstanceOf(PostgresException.class);
    }

    @Test
    void aStandbyKeepsWhatItReceivedThoughTheSenderIsGoneAndReplayIsLate() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        b.holdReplay();
        Commit commit = committed(a);
        Lsn flushed = a.postgres().emitWal();
        await("flush", () -> !standby(b).position().isBefore(flushed));
        assertThat(standby(b).replayed()).isLessThan(flushed);
        assertThat(b.sees(commit)).isFalse();
        await("confirmation", () -> !sender(a, b).flushed().isBefore(flushed));

        kill(a);
        await("end of stream", () -> !standby(b).isStreaming());
        assertThat(standby(b).received())
                .hasValueSatisfying(r -> assertThat(r).isGreaterThanOrEqualTo(flushed));
        b.releaseReplay();
        await("replay", () -> !standby(b).replayed().isBefore(flushed));
        assertThat(b.sees(commit)).isTrue();
        assertThat(standby(b).timeline()).isEqualTo(FIRST);
    }

    @Test
    void aStandbyThatWasKilledOrStoppedHasWhatItConfirmed() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        Lsn first = confirmed(a, b);
        kill(b);
        assertThat(control(b).state()).isEqualTo(ControlData.State.IN_ARCHIVE_RECOVERY);
        start(b, Role.STANDBY, b.settings());
        assertTellsAllFrom(b, first);

        follow(b, a);
        awaitStreaming(b, a);
        Lsn second = confirmed(a, b);
        stop(b);
        assertThat(control(b).state()).isEqualTo(ControlData.State.SHUT_DOWN_IN_RECOVERY);
        assertThat(control(b).wasPrimary()).isFalse();
        start(b, Role.STANDBY, b.settings());
        assertTellsAllFrom(b, second);
        b.postgres().checkpoint();
        assertThat(control(b).minRecoveryPoint()).isGreaterThanOrEqualTo(second);
    }

    /** It may tell of less at first, but says so. */
    private void assertTellsAllFrom(TestHost host, Lsn confirmed) {
        AtomicReference<Server.Standby> told = new AtomicReference<>(standby(host));
        await(
                "all of its own WAL",
                () -> {
                    told.set(standby(host));
                    return told.get().tellsAll();
                });
        assertThat(told.get().position()).isGreaterThanOrEqualTo(confirmed);
    }

    @Test
    void aStandbyFollowsAnotherUpstreamWithoutARestartAndAReloadWakesIt() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        TestHost c = startedStandby(c(), a);
        long started = standby(c).common().startMicros();
        follow(c, b);
        awaitStreaming(c, b);
        assertThat(standby(c).common().startMicros()).isEqualTo(started);
        // Only a primary waits for standbys: what follows a standby is never synchronous.
        b.postgres().apply(following(b, a).withSyncNames("FIRST 1 (\"pg3\")"), () -> reload(b));
        assertThat(sender(b, c).syncState()).isEqualTo("async");
        Commit commit = committed(a);
        await("replay", () -> c.sees(commit));

        stop(a);
        await("end of stream", () -> !standby(b).isStreaming());
        start(a, Role.PRIMARY, a.settings());
        reload(b);
        awaitStreaming(b, a);
    }

    // --- the end of a primary, and the next one

    @Test
    void aFastStopLeavesItsCheckpointWithTheStandbysAndTheOldPrimaryFollows() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        Commit commit = committed(a);
        stop(a);
        ControlData stopped = control(a);
        assertThat(stopped.state()).isEqualTo(ControlData.State.SHUT_DOWN);
        await("replay", () -> standby(b).replayed().isAfter(stopped.checkpoint()));

        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(SECOND);
        assertThat(b.sees(commit)).isTrue();
        assertThat(a.postgres().sourceHistory(b.asUpstream()).history())
                .satisfies(h ->
                        assertThat(
                                        h.contains(
                                                valid(a).history(),
                                                new Lsn(stopped.checkpoint().value() + 1)))
                                .isTrue());
        start(a, Role.STANDBY, following(a, b));
        awaitStreaming(a, b);
        Commit after = committed(b);
        await("replay", () -> a.sees(after));
        assertThat(standby(a).timeline()).isEqualTo(SECOND);
    }

    @Test
    void aPromotionBeginsATimelineThatEverybodyIsTold() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        TestHost c = startedStandby(c(), a);
        Commit commit = committed(a);
        await("replay", () -> b.sees(commit) && c.sees(commit));
        assertThat(c.postgres().sourceHistory(b.asUpstream()))
                .satisfies(s -> {
                    assertThat(s.role()).isEqualTo(Role.STANDBY);
                    assertThat(s.timeline()).isEqualTo(FIRST);
                });
        kill(a);
        Lsn before = standby(b).replayed();

        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(SECOND);
        Server.Primary opened = primary(b);
        assertThat(opened.timeline()).isEqualTo(SECOND);
        assertThat(opened.flushed()).isGreaterThan(before);
        assertThat(b.sees(commit)).isTrue();
        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(SECOND);
        // The checkpoint comes later; until then pg_control tells by where recovery ended.
        assertThat(control(b).newestTimeline()).isEqualTo(SECOND);
        assertThat(control(b).wasPrimary()).isTrue();
        Lsn switched = valid(b).history().leaves(FIRST).orElseThrow();
        assertThat(switched).isBetween(before, opened.flushed());
        Postgres.Source source = c.postgres().sourceHistory(b.asUpstream());
        assertThat(source.role()).isEqualTo(Role.PRIMARY);
        assertThat(source.timeline()).isEqualTo(SECOND);
        assertThat(source.history().leaves(FIRST)).contains(switched);
        b.postgres().checkpoint();
        assertThat(control(b).timeline()).isEqualTo(SECOND);

        follow(c, b);
        Commit after = committed(b);
        await("replay", () -> c.sees(after));
        assertThat(standby(c).timeline()).isEqualTo(SECOND);
        stop(c);
        assertThat(control(c).newestTimeline()).isEqualTo(SECOND);
        assertThat(valid(c).history().leaves(FIRST)).contains(switched);
    }

    @Test
    void aStandbyIsPromotedWithAllThatItReceivedThoughReplayWasLate() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        b.holdReplay();
        Commit commit = committed(a);
        confirmed(a, b);
        kill(a);
        b.releaseReplay();
        b.postgres().promote(PROMOTION);
        assertThat(b.sees(commit)).isTrue();
    }

    // --- synchronous commit

    @Test
    void namesCountWhenTheCheckpointerHasReadThem() {
        TestHost a = startedPrimary();
        ServerFiles named = a.settings().withSyncNames("ANY 1 (\"nobody\")");
        assertThat(a.postgres().apply(a.settings(), () -> reload(a)).waiting())
                .isEqualTo(Waiting.FOR_NOBODY);
        a.stopCheckpointer();
        a.postgres().prepare(named, Role.PRIMARY);
        reload(a);
        await("names", () -> primary(a).common().syncNames().equals(named.syncNames()));
        committed(a);

        a.continueCheckpointer();
        assertThat(a.postgres().apply(named, () -> reload(a)).waiting())
                .isEqualTo(Waiting.CONFIRMED);
        Commit hangs = a.commit();
        stays(A_WHILE, is(hangs, Outcome.NOTHING_YET));
        assertThat(a.postgres().emitWal()).isGreaterThan(Lsn.ZERO);

        // Off is switched by the checkpointer too, and it wakes who waits.
        a.stopCheckpointer();
        a.postgres().prepare(a.settings(), Role.PRIMARY);
        reload(a);
        await("no names", () -> primary(a).common().syncNames().isEmpty());
        stays(A_WHILE, is(hangs, Outcome.NOTHING_YET));
        a.continueCheckpointer();
        await("release", is(hangs, Outcome.COMMITTED));
        assertThat(a.sees(hangs)).isTrue();
    }

    @Test
    void aCommitThatWaitedWhenItsServerEndedIsThereAndWasNotAcknowledged() {
        TestHost a = a();
        a.makeCluster();
        ServerFiles named = a.settings().withSyncNames("FIRST 1 (\"nobody\")");
        start(a, Role.PRIMARY, named);
        // Names that a server starts with count from the first commit on.
        Commit killed = a.commit();
        stays(A_WHILE, is(killed, Outcome.NOTHING_YET));
        kill(a);
        await("end", is(killed, Outcome.FAILED));

        start(a, Role.PRIMARY, named);
        assertThat(a.sees(killed)).isTrue();
        Commit stopped = a.commit();
        stays(A_WHILE, is(stopped, Outcome.NOTHING_YET));
        stop(a);
        await("end", () -> stopped.outcome() != Outcome.NOTHING_YET);
        assertThat(stopped.outcome()).isNotEqualTo(Outcome.COMMITTED);

        start(a, Role.PRIMARY, named);
        assertThat(a.sees(stopped)).isTrue();
        Commit cancelled = a.commit();
        stays(A_WHILE, is(cancelled, Outcome.NOTHING_YET));
        a.cancelWaits();
        await("cancellation", is(cancelled, Outcome.CANCELLED));
    }

    @Test
    void commitsWaitForTheFirstOfTheNamesOrForAnyOfThem() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        TestHost c = startedStandby(c(), a);
        names(a, "FIRST 1 (\"PG2\",\"pg3\")");
        committed(a);
        await("ranks", () -> syncStates(a).equals(List.of("sync", "potential")));
        await(
                "priorities",
                () -> sender(a, b).syncPriority() == 1 && sender(a, c).syncPriority() == 2);
        names(a, "ANY 1 (\"pg2\",\"pg3\")");
        committed(a);
        await("ranks", () -> syncStates(a).equals(List.of("quorum", "quorum")));
        await("priorities", () -> sender(a, c).syncPriority() == 1);

        stop(b);
        committed(a);
        names(a, "FIRST 1 (\"pg2\",\"pg3\")");
        committed(a);
        await("ranks", () -> syncStates(a).equals(List.of("sync")));
        names(a, "FIRST 2 (\"pg2\",\"pg3\")");
        settle();
        Commit hangs = a.commit();
        stays(A_WHILE, is(hangs, Outcome.NOTHING_YET));
        start(b, Role.STANDBY, following(b, a));
        await("release", is(hangs, Outcome.COMMITTED));

        names(a, "FIRST 1 (\"nobody\")");
        settle();
        Commit renamed = a.commit();
        stays(A_WHILE, is(renamed, Outcome.NOTHING_YET));
        names(a, "FIRST 1 (\"pg3\")");
        a.postgres().emitWal();
        await("release", is(renamed, Outcome.COMMITTED));
        await("replay", () -> c.sees(renamed));
    }

    // --- histories that part

    @Test
    void whatOnlyAnOldPrimaryWroteIsRewound() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        Commit both = committed(a);
        await("replay", () -> b.sees(both));
        assertThatThrownBy(
                        () -> {
                            stop(b);
                            b.postgres().rewind(a.asUpstream(), _ -> {});
                        })
                .isInstanceOf(PostgresException.class);
        Commit lost = committed(a);
        kill(a);
        assertThatThrownBy(() -> a.postgres().rewind(b.asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Valid.class);

        start(b, Role.STANDBY, b.settings());
        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(SECOND);
        Commit kept = committed(b);
        assertThat(a.postgres().sourceHistory(b.asUpstream()).history())
                .satisfies(h ->
                        assertThat(h.contains(valid(a).history(), control(a).checkpoint()))
                                .isTrue());
        a.postgres().rewind(b.asUpstream(), _ -> {});
        assertThat(control(a).wasPrimary()).isFalse();
        assertThat(control(a).newestTimeline()).isEqualTo(SECOND);
        assertThat(valid(a).history().leaves(FIRST)).isEqualTo(valid(b).history().leaves(FIRST));
        start(a, Role.STANDBY, following(a, b));
        awaitStreaming(a, b);
        await("replay", () -> a.sees(kept));
        assertThat(a.sees(both)).isTrue();
        assertThat(a.sees(lost)).isFalse();
    }

    @Test
    void aStandbyThatWentAnotherWayIsShutOutAndSaysThatItHasMore() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        TestHost c = startedStandby(c(), a);
        // A base backup ends a segment, and only within one segment the two have something to say.
        confirmed(a, b);
        stop(b);
        for (int i = 0; i < 40; i++) {
            committed(a);
        }
        Lsn beyond = confirmed(a, c);
        kill(a);
        start(b, Role.STANDBY, b.settings().withSyncNames("FIRST 1 (\"pg3\")"));
        b.postgres().promote(PROMOTION);
        Commit waits = b.commit();
        stays(A_WHILE, is(waits, Outcome.NOTHING_YET));
        assertThat(primary(b).flushed()).isLessThan(beyond);

        follow(c, b);
        // Of which history its position is nobody asks: what waits up to there may be released.
        await(
                "word of " + c.name(),
                () ->
                        senders(b).stream()
                                .filter(to(c))
                                .anyMatch(s -> !s.flushed().isBefore(beyond)));
        assertThat(sender(b, c).hasFlushed(primary(b).flushed())).isFalse();
        stays(A_WHILE, () -> !c.sees(waits));
        assertThat(sender(b, c).isStreaming()).isFalse();
        assertThat(standby(c).isStreaming()).isFalse();
        assertThat(standby(c).timeline()).isEqualTo(FIRST);
        assertThat(c.postgres().sourceHistory(b.asUpstream()).history())
                .satisfies(h -> assertThat(h.excludes(FIRST, standby(c).replayed())).isTrue());
        stop(c);
        c.postgres().rewind(b.asUpstream(), _ -> {});
        start(c, Role.STANDBY, following(c, b));
        await("replay", () -> c.sees(waits));
        await("release", is(waits, Outcome.COMMITTED));
    }

    // --- slots, and other clusters

    private static List<String> slots(TestHost host) {
        return primary(host).slots().stream().map(PostgresContract::shown).toList();
    }

    static String shown(Slot slot) {
        return slot.name()
                + (slot.active() ? " active" : "")
                + (slot.reserved() ? " reserved" : "");
    }

    @Test
    void aSlotIsMadeOnceAndAStandbyStreamsOnlyThroughOneThatIsThere() {
        TestHost a = startedPrimary();
        TestHost b = startedStandby(b(), a);
        a.postgres().createSlots(Set.of("pg2", "gone"));
        a.postgres().createSlots(Set.of("pg2", "later"));
        assertThat(slots(a)).containsExactly("gone reserved", "later reserved", "pg2 reserved");
        ServerFiles missing = through(following(b, a), "never");
        b.postgres().apply(missing, () -> reload(b));
        await("no stream", () -> !standby(b).isStreaming() && primary(a).senders().isEmpty());
        stays(A_WHILE, () -> primary(a).senders().stream().noneMatch(WalSender::isStreaming));

        b.postgres().apply(through(following(b, a), "later"), () -> reload(b));
        awaitStreaming(b, a);
        await("use", () -> slots(a).contains("later active reserved"));
        a.postgres().dropSlots(Set.of("gone", "later", "never"));
        assertThat(slots(a)).containsExactly("later active reserved", "pg2 reserved");
        stop(a);
        start(a, Role.PRIMARY, a.settings());
        assertThat(primary(a).slots()).hasSize(2);
    }

    @Test
    void anotherClusterIsToldByItsIdentifierAndNotFollowed() {
        TestHost a = startedPrimary();
        TestHost b = b();
        b.postgres().initdb(List.of(), _ -> {});
        assertThat(control(b).system()).isNotEqualTo(control(a).system());
        assertThatThrownBy(() -> b.postgres().initdb(List.of(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> b.postgres().sourceHistory(a.asUpstream()))
                .isInstanceOf(PostgresException.class);
        assertThatThrownBy(() -> b.postgres().rewind(a.asUpstream(), _ -> {}))
                .isInstanceOf(PostgresException.class);
        assertThat(b.postgres().inspect()).isInstanceOf(DataDirectory.Valid.class);
        order(b, Role.STANDBY, following(b, a));
        stays(A_WHILE, () -> primary(a).senders().stream().noneMatch(WalSender::isStreaming));
    }

    // --- how it is done

    private TestHost startedPrimary() {
        TestHost a = a();
        a.makeCluster();
        start(a, Role.PRIMARY, a.settings());
        return a;
    }

    private TestHost startedStandby(TestHost host, TestHost upstream) {
        host.postgres().cloneFrom(upstream.asUpstream(), _ -> {});
        start(host, Role.STANDBY, following(host, upstream));
        awaitStreaming(host, upstream);
        return host;
    }

    /** As the agent starts one; the guard is armed for a primary. */
    private long start(TestHost host, Role role, ServerFiles files) {
        arm(host, role);
        long pid = order(host, role, files);
        await(
                "a start of " + host.name(),
                () -> host.postgres().listens() && host.postgres().silence().isEmpty());
        await(
                "sessions of " + host.name(),
                () ->
                        switch (probe(host)) {
                            case Server.Primary _ -> role == Role.PRIMARY;
                            case Server.Standby _ -> role == Role.STANDBY;
                            case Server.Rejecting _, Server.Silent _ -> false;
                        });
        return pid;
    }

    private long order(TestHost host, Role role, ServerFiles files) {
        Postgres postgres = host.postgres();
        postgres.prepare(files, role);
        return answer(
                host.guard()
                        .start(
                                role,
                                postgres.log(),
                                postgres.executable(),
                                postgres.startArguments(files)));
    }

    private void arm(TestHost host, Role role) {
        GuardFact.Mode mode =
                switch (role) {
                    case PRIMARY -> new GuardFact.Mode.Armed(host.now().plus(Duration.ofHours(1)));
                    case STANDBY -> new GuardFact.Mode.Standby();
                };
        answer(host.guard().set(mode, new Deadlines(Duration.ofSeconds(30))));
    }

    private void stop(TestHost host) {
        CompletableFuture<Void> gone = host.guard().gone(host.guard().postmaster());
        answer(host.guard().signal(ServerSignal.FAST_SHUTDOWN));
        answer(gone);
    }

    private void kill(TestHost host) {
        CompletableFuture<Void> gone = host.guard().gone(host.guard().postmaster());
        answer(host.guard().kill());
        answer(gone);
    }

    private void reload(TestHost host) {
        answer(host.guard().signal(ServerSignal.REREAD_CONFIGURATION));
    }

    private Postgres.Applied follow(TestHost host, TestHost upstream) {
        return host.postgres().apply(following(host, upstream), () -> reload(host));
    }

    private void names(TestHost host, String names) {
        assertThat(
                        host.postgres()
                                .apply(host.settings().withSyncNames(names), () -> reload(host))
                                .waiting())
                .isEqualTo(Waiting.CONFIRMED);
    }

    /** Each walsender reads other names in its own time, and counts by the old ones until then. */
    private void settle() {
        stays(Duration.ofMillis(100), () -> true);
    }

    private static ServerFiles following(TestHost host, TestHost upstream) {
        ServerFiles own = host.settings();
        return new ServerFiles(
                own.parameters(),
                own.hba(),
                own.ident(),
                Optional.of(upstream.asUpstream()),
                own.slotName(),
                own.syncNames());
    }

    private static ServerFiles through(ServerFiles files, String slot) {
        return new ServerFiles(
                files.parameters(),
                files.hba(),
                files.ident(),
                files.upstream(),
                Optional.of(slot),
                files.syncNames());
    }

    private Commit committed(TestHost host) {
        Commit commit = host.commit();
        await("a commit on " + host.name(), is(commit, Outcome.COMMITTED));
        return commit;
    }

    private static BooleanSupplier is(Commit commit, Outcome outcome) {
        return () -> commit.outcome() == outcome;
    }

    /** Writes something, and waits until the standby has said that it has it. */
    private Lsn confirmed(TestHost from, TestHost by) {
        Lsn written = from.postgres().emitWal();
        await("confirmation", () -> !sender(from, by).flushed().isBefore(written));
        return written;
    }

    private static Server probe(TestHost host) {
        return host.postgres().probe(host.settings());
    }

    private static Server.Primary primary(TestHost host) {
        assertThat(probe(host)).isInstanceOf(Server.Primary.class);
        return (Server.Primary) probe(host);
    }

    private static Server.Standby standby(TestHost host) {
        assertThat(probe(host)).isInstanceOf(Server.Standby.class);
        return (Server.Standby) probe(host);
    }

    private static List<WalSender> senders(TestHost host) {
        return switch (probe(host)) {
            case Server.Primary p -> p.senders();
            case Server.Standby s -> s.senders();
            case Server.Rejecting _, Server.Silent _ -> List.of();
        };
    }

    private static Predicate<WalSender> to(TestHost standby) {
        return s -> standby.name().matches(s.applicationName());
    }

    private static WalSender sender(TestHost from, TestHost standby) {
        return senders(from).stream().filter(to(standby)).findFirst().orElseThrow();
    }

    private static List<String> syncStates(TestHost host) {
        return senders(host).stream()
                .filter(WalSender::isStreaming)
                .sorted(Comparator.comparing(WalSender::applicationName))
                .map(WalSender::syncState)
                .toList();
    }

    private void awaitStreaming(TestHost standby, TestHost upstream) {
        await(
                standby.name() + " streams from " + upstream.name(),
                () ->
                        probe(standby) instanceof Server.Standby s
                                && s.isStreaming()
                                && senders(upstream).stream()
                                        .anyMatch(to(standby).and(WalSender::isStreaming)));
    }

    private static DataDirectory.Valid valid(TestHost host) {
        assertThat(host.postgres().inspect()).isInstanceOf(DataDirectory.Valid.class);
        return (DataDirectory.Valid) host.postgres().inspect();
    }

    private static ControlData control(TestHost host) {
        return valid(host).control();
    }
}
