package dev.holdfast.agent.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Deadlines;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.memory.MemoryDcs;
import dev.holdfast.dcs.memory.MemoryDcs.Call;
import dev.holdfast.dcs.memory.MemoryDcs.Fate;
import dev.holdfast.dcs.memory.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Until when a lease is relied on, in virtual time on the store in memory. */
class LeaseKeeperTest {
    private static final MemberName PG1 = new MemberName("pg1");
    private static final Duration TTL = Duration.ofSeconds(10);

    private record Timer(MonoTime due, Runnable action) {}

    private final List<Timer> timers = new ArrayList<>();
    private final Map<Call, Fate> fates = new EnumMap<>(Call.class);
    private MonoTime now = new MonoTime(Duration.ofHours(1).toNanos());
    private LeaseFact told = LeaseFact.none();
    private final List<Runnable> awaitingDisk = new ArrayList<>();
    private boolean diskHangs;

    private final MemoryStore store = new MemoryStore(() -> now);
    private final Dcs dcs = store.connect(call -> fates.getOrDefault(call, Fate.ANSWERED));
    private final Dcs others = store.connect(MemoryDcs.Faults.none());
    private final LeaseKeeper keeper =
            new LeaseKeeper(
                    dcs,
                    PG1,
                    TTL,
                    Runnable::run,
                    (pause, action) -> {
                        Timer timer = new Timer(now.plus(pause), action);
                        timers.add(timer);
                        return () -> timers.remove(timer);
                    },
                    () -> now,
                    fact -> told = fact,
                    then -> {
                        if (diskHangs) {
                            awaitingDisk.add(then);
                        } else {
                            then.run();
                        }
                    });

    /** Lets time pass; what is due runs when it is due. */
    private void pass(Duration span) {
        MonoTime end = now.plus(span);
        while (true) {
            Optional<Timer> next =
                    timers.stream()
                            .filter(t -> !t.due().isAfter(end))
                            .min(Comparator.comparing(Timer::due));
            if (next.isEmpty()) {
                now = end;
                store.tick();
                return;
            }
            timers.remove(next.get());
            now = MonoTime.max(now, next.get().due());
            store.tick();
            next.get().action().run();
        }
    }

    private long lead() {
        LeaseId lease = told.id().orElseThrow();
        TxnResult result =
                others.commit(List.of(), List.of(Op.put("leader", "pg1", lease)))
                        .toCompletableFuture()
                        .join();
        long revision = ((TxnResult.Applied) result).revision();
        keeper.tookLeadership(lease, revision);
        return revision;
    }

    @Test
    void aLeaseIsGoodFromWhenItsRequestWasSent() {
        keeper.start(Optional.empty());
        assertThat(told.goodUntil()).isEqualTo(Deadlines.goodUntil(now, TTL));
        assertThat(told.ttl()).isEqualTo(TTL);
        assertThat(told.leaderEpoch()).isEmpty();
    }

    @Test
    void aLeaderIsNotRenewedWhileNoWriteReachesItsDisk() {
        keeper.start(Optional.empty());
        lead();
        pass(Duration.ofSeconds(3));
        MonoTime end = told.leaderUntil();
        diskHangs = true;
        pass(Duration.ofSeconds(6));
        assertThat(told.leaderUntil()).isEqualTo(end);
        assertThat(awaitingDisk).as("one waits, not one every two seconds").hasSize(1);
        awaitingDisk.removeFirst().run();
        assertThat(told.leaderUntil()).isEqualTo(Deadlines.goodUntil(now, TTL));
    }

    @Test
    void whoDoesNotLeadIsRenewedWhateverItsDiskDoes() {
        keeper.start(Optional.empty());
        diskHangs = true;
        pass(Duration.ofSeconds(30));
        assertThat(told.isGood(now)).isTrue();
        assertThat(awaitingDisk).isEmpty();
    }

    @Test
    void whereNobodyWouldLeadBetterTheRenewalIsSentWhenItIsDue() {
        keeper.start(Optional.empty());
        lead();
        diskHangs = true;
        pass(Duration.ofMillis(2_500));
        MonoTime end = told.leaderUntil();
        keeper.renewAnyway();
        MonoTime next = told.leaderUntil();
        assertThat(next).isGreaterThan(end).isEqualTo(Deadlines.goodUntil(now, TTL));
        pass(Duration.ofMillis(1_999));
        keeper.renewAnyway();
        assertThat(told.leaderUntil()).as("it is not due yet").isEqualTo(next);
        pass(Duration.ofMillis(1));
        keeper.renewAnyway();
        assertThat(told.leaderUntil()).isGreaterThan(next);
    }

    @Test
    void anErrorIsUnknownAndNeverLost() {
        keeper.start(Optional.empty());
        long epoch = lead();
        MonoTime end = told.leaderUntil();
        fates.put(Call.KEEP_ALIVE, Fate.REQUEST_LOST);
        pass(Duration.ofSeconds(9));
        assertThat(told.leaderEpoch()).contains(new Epoch(epoch));
        assertThat(told.leaderUntil()).isEqualTo(end);
        assertThat(told.id()).isPresent();
    }

    @Test
    void aRenewalCountsOnlyWithTheLeaderKeyRead() {
        keeper.start(Optional.empty());
        lead();
        MonoTime end = told.leaderUntil();
        fates.put(Call.GET, Fate.REQUEST_LOST);
        pass(Duration.ofSeconds(5));
        assertThat(told.leaderUntil()).isEqualTo(end);
        assertThat(told.goodUntil()).as("the lease itself lives on").isGreaterThan(end);
        fates.remove(Call.GET);
        pass(Duration.ofSeconds(2));
        assertThat(told.leaderUntil()).isGreaterThan(end);
    }

    @Test
    void aLivingLeaseDoesNotProveAKeyThatIsGone() {
        keeper.start(Optional.empty());
        lead();
        MonoTime end = told.leaderUntil();
        others.commit(List.of(), List.of(Op.delete("leader"))).toCompletableFuture().join();
        pass(Duration.ofSeconds(6));
        assertThat(told.leaderUntil()).isEqualTo(end);
    }

    @Test
    void theStoresWordThatALeaseIsGoneEndsItAtOnce() {
        keeper.start(Optional.empty());
        lead();
        LeaseId lost = told.id().orElseThrow();
        others.revoke(lost).toCompletableFuture().join();
        pass(Duration.ofSeconds(3));
        assertThat(told.id()).isPresent().isNotEqualTo(Optional.of(lost));
        assertThat(told.leaderEpoch()).isEmpty();
        assertThat(told.leaderUntil()).isEqualTo(MonoTime.BEGINNING);
    }

    @Test
    void aLeaseThatIsLeftToRunOutEndsInTheStoreAndOnlyThenANewOneComes() {
        keeper.start(Optional.empty());
        lead();
        LeaseId left = told.id().orElseThrow();
        MonoTime end = told.leaderUntil();
        keeper.letRunOut();
        pass(Duration.ofSeconds(9));
        assertThat(told.id()).contains(left);
        assertThat(told.leaderUntil()).as("nothing was renewed").isEqualTo(end);
        pass(Duration.ofSeconds(3));
        assertThat(others.get("leader").toCompletableFuture().join())
                .as("the key went with the lease")
                .isEmpty();
        assertThat(told.id()).isPresent().isNotEqualTo(Optional.of(left));
        assertThat(told.leaderEpoch()).isEmpty();
        MonoTime good = told.goodUntil();
        pass(Duration.ofSeconds(5));
        assertThat(told.goodUntil()).as("the new one is renewed").isGreaterThan(good);
    }

    @Test
    void anAgentTakesUpTheLeaseOfTheOneBefore() {
        Dcs.Granted former = others.grant(TTL).toCompletableFuture().join();
        keeper.start(Optional.of(former.lease()));
        assertThat(told.id()).contains(former.lease());
    }

    @Test
    void aLeaseIsRevokedAtTheEndUnlessTheLeaderKeyHangsOnIt() {
        keeper.start(Optional.empty());
        lead();
        keeper.revoke().toCompletableFuture().join();
        assertThat(others.get("leader").toCompletableFuture().join())
                .as("the next agent here would go on with this lease")
                .isPresent();

        keeper.gaveLeadership();
        keeper.triesToLead();
        keeper.revoke().toCompletableFuture().join();
        assertThat(others.get("leader").toCompletableFuture().join())
                .as("it may be about to hang on it")
                .isPresent();

        keeper.wasRefused();
        keeper.revoke().toCompletableFuture().join();
        assertThat(others.get("leader").toCompletableFuture().join())
                .as("the key went with the lease")
                .isEmpty();
    }

    @Test
    void aLeaseThatCouldNotBeReplacedIsNotRevoked() {
        keeper.start(Optional.empty());
        LeaseId first = told.id().orElseThrow();
        keeper.ttl(Duration.ofSeconds(20));
        fates.put(Call.GRANT, Fate.REQUEST_LOST);
        keeper.replace();
        pass(Duration.ofSeconds(9));
        assertThat(told.id()).contains(first);
        assertThat(told.isGood(now)).isTrue();
    }

    @Test
    void aLeaseOnWhichTheLeaderKeyWasTakenMeanwhileStays() {
        keeper.start(Optional.empty());
        LeaseId first = told.id().orElseThrow();
        keeper.ttl(Duration.ofSeconds(20));
        fates.put(Call.GRANT, Fate.REQUEST_LOST);
        keeper.replace();
        lead();
        fates.clear();
        pass(Duration.ofSeconds(30));
        assertThat(told.id()).contains(first);
        assertThat(told.leaderEpoch()).isPresent();
        assertThat(told.isGood(now)).isTrue();
    }

    @Test
    void aLeaderMovesItsKeyToALeaseWithAnotherTtl() {
        keeper.start(Optional.empty());
        lead();
        LeaseId before = told.id().orElseThrow();
        keeper.ttl(Duration.ofSeconds(4));
        assertThat(keeper.wantsOtherTtl()).isTrue();
        keeper.replaceAsLeader(next ->
                others.commit(List.of(), List.of(Op.put("leader", "pg1", next)))
                        .thenApply(r -> Optional.of(((TxnResult.Applied) r).revision())));
        assertThat(told.id()).isPresent().isNotEqualTo(Optional.of(before));
        assertThat(told.ttl()).isEqualTo(Duration.ofSeconds(4));
        assertThat(keeper.wantsOtherTtl()).isFalse();
        MonoTime end = told.leaderUntil();
        pass(Duration.ofSeconds(3));
        assertThat(told.leaderUntil()).isGreaterThan(end);
    }

    @Test
    void whileAMoveIsUnknownNothingIsReliedOnBeyondTheNewLease() {
        keeper.start(Optional.empty());
        lead();
        keeper.ttl(Duration.ofSeconds(4));
        MonoTime newEnd = Deadlines.goodUntil(now, Duration.ofSeconds(4));
        keeper.replaceAsLeader(
                _ -> CompletableFuture.failedStage(new IllegalStateException("no answer")));
        assertThat(told.leaderUntil()).isEqualTo(newEnd);
        pass(Duration.ofSeconds(3));
        assertThat(told.leaderUntil())
                .as("renewals of the old lease do not help")
                .isEqualTo(newEnd);
    }

    @Test
    void aLeaseThatIsLostWhileItIsReplacedIsAskedForAgain() {
        keeper.start(Optional.empty());
        lead();
        keeper.ttl(Duration.ofSeconds(4));
        CompletableFuture<Optional<Long>> move = new CompletableFuture<>();
        keeper.replaceAsLeader(_ -> move);
        others.revoke(told.id().orElseThrow()).toCompletableFuture().join();
        pass(Duration.ofSeconds(3));
        assertThat(told.id()).isEmpty();
        move.complete(Optional.empty());
        assertThat(told.id()).as("a new lease, since the key was not moved").isPresent();
    }
}
