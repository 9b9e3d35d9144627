package dev.holdfast.dcs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.LeaseId;
import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs.Entry;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Snapshot;
import dev.holdfast.dcs.Dcs.TxnResult;
import dev.holdfast.dcs.memory.MemoryDcs;
import dev.holdfast.dcs.memory.MemoryDcs.Call;
import dev.holdfast.dcs.memory.MemoryDcs.Fate;
import dev.holdfast.dcs.memory.MemoryStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class StoreMirrorTest {
    private record Timer(MonoTime due, Runnable action) {}

    private MonoTime now = new MonoTime(1_000_000_000L);
    private Fate fate = Fate.ANSWERED;
    private final List<Timer> timers = new ArrayList<>();
    private final Queue<Runnable> queue = new ArrayDeque<>();
    private final List<Snapshot> shown = new ArrayList<>();
    private final List<MonoTime> askedAt = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();
    private final List<String> wentBack = new ArrayList<>();

    private final MemoryStore store = new MemoryStore(() -> now);
    private final MemoryDcs others = store.connect(MemoryDcs.Faults.none());
    private final MemoryDcs mine = store.connect(call -> call == Call.READ ? fate : Fate.ANSWERED);
    private final StoreMirror mirror =
            new StoreMirror(mine, queue::add, this::schedule, () -> now, new Telling());

    private final class Telling implements StoreMirror.Listener {
        @Override
        public void onSnapshot(Snapshot snapshot, MonoTime at) {
            shown.add(snapshot);
            askedAt.add(at);
        }

        @Override
        public void onRestored(long known, long found) {
            wentBack.add(known + " to " + found);
        }

        @Override
        public void onTrouble(String why) {
            troubles.add(why);
        }
    }

    @Test
    void theFirstReadIsShownAndThenEveryChange() {
        put(others, "a", "1");
        begin();
        assertThat(last()).isEqualTo("a=1");
        put(others, "b", "1");
        run();
        assertThat(last()).isEqualTo("a=1 b=1");
        delete(others, "a");
        run();
        assertThat(last()).isEqualTo("b=1");
        assertThat(troubles).isEmpty();
    }

    @Test
    void aSnapshotIsAsOldAsTheReadItRestsOn() {
        begin();
        MonoTime first = now;
        pass(Duration.ofSeconds(5));
        put(others, "a", "1");
        run();
        assertThat(askedAt.getLast()).isEqualTo(first);
        mirror.refresh();
        run();
        assertThat(askedAt.getLast()).isEqualTo(now);
    }

    @Test
    void anOwnWriteShowsBeforeTheWatchTellsAndIsNotTakenBackByIt() {
        begin();
        put(others, "a", "1");
        TxnResult.Applied applied = put(mine, "a", "2");
        mirror.applied(applied, List.of(Op.put("a", "2")));
        assertThat(last()).isEqualTo("a=2");
        assertThat(shown.getLast().revision()).isEqualTo(applied.revision());

        run();

        assertThat(shown.subList(1, shown.size()))
                .allMatch(snapshot -> text(snapshot).equals("a=2"));
    }

    @Test
    void anOwnDeletionIsNotUndoneByOlderNews() {
        put(others, "failover", "x");
        begin();
        put(others, "failover", "y");
        mirror.refresh();
        mirror.applied(delete(mine, "failover"), List.of(Op.delete("failover")));
        assertThat(last()).isEmpty();

        run();

        assertThat(shown.subList(1, shown.size())).allMatch(snapshot -> text(snapshot).isEmpty());
        put(others, "failover", "z");
        run();
        assertThat(last()).isEqualTo("failover=z");
    }

    @Test
    void aBrokenWatchIsBegunAnewAfterAReadAndNothingIsMissed() {
        begin();
        mine.breakWatches();
        put(others, "a", "1");
        run();
        assertThat(troubles).hasSize(1);
        assertThat(last()).isEmpty();

        pass(Duration.ofMillis(100));

        assertThat(last()).isEqualTo("a=1");
        put(others, "a", "2");
        run();
        assertThat(last()).isEqualTo("a=2");
    }

    @Test
    void aCompactionWhileTheWatchWasBrokenIsSurvived() {
        begin();
        mine.breakWatches();
        put(others, "a", "1");
        put(others, "a", "2");
        store.compact(
                store.connect(MemoryDcs.Faults.none())
                        .read()
                        .toCompletableFuture()
                        .join()
                        .revision());
        run();
        pass(Duration.ofMillis(100));
        put(others, "b", "1");
        run();
        assertThat(last()).isEqualTo("a=2 b=1");
    }

    @Test
    void readsThatFailAreRepeatedEverMoreSeldomAndEachIsSaid() {
        fate = Fate.REQUEST_LOST;
        begin();
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            Duration pause = timers.getFirst().due().since(now);
            pauses.add(pause.toMillis());
            pass(pause);
        }
        assertThat(pauses).containsExactly(100L, 200L, 400L, 800L, 1600L, 2000L, 2000L);
        assertThat(troubles).hasSize(8);
        assertThat(mirror.current()).isEmpty();

        fate = Fate.ANSWERED;
        put(others, "a", "1");
        pass(Duration.ofSeconds(2));

        assertThat(last()).isEqualTo("a=1");
        assertThat(timers).isEmpty();
    }

    @Test
    void aRefreshThatFailsKeepsTheWatchAndWhatIsKnown() {
        put(others, "a", "1");
        begin();
        fate = Fate.REQUEST_LOST;
        mirror.refresh();
        run();
        assertThat(troubles).hasSize(1);
        put(others, "a", "2");
        run();
        assertThat(last()).isEqualTo("a=2");
    }

    @Test
    void aWatchThatKeepsSilentWhileReadsShowChangesIsReplaced() {
        Deaf deaf = new Deaf(mine);
        StoreMirror silent =
                new StoreMirror(deaf, queue::add, this::schedule, () -> now, new Telling());
        silent.start();
        run();
        put(others, "a", "1");
        silent.refresh();
        run();
        assertThat(last()).isEqualTo("a=1");
        assertThat(deaf.watches).isEqualTo(1);

        pass(Duration.ofSeconds(2));
        silent.refresh();
        run();

        assertThat(deaf.watches).isEqualTo(2);
        assertThat(troubles).hasSize(1);
    }

    @Test
    void aStoreThatWasRestoredToAnOlderStateIsShownAsItIsNow() {
        put(others, "a", "1");
        put(others, "b", "1");
        Deaf connection = new Deaf(mine);
        StoreMirror restored =
                new StoreMirror(connection, queue::add, this::schedule, () -> now, new Telling());
        restored.start();
        run();
        MemoryDcs older = new MemoryStore(() -> now).connect(MemoryDcs.Faults.none());
        put(older, "a", "0");

        connection.inner = older;
        restored.refresh();
        run();

        assertThat(wentBack).containsExactly("3 to 2");
        assertThat(last()).isEqualTo("a=0");
        assertThat(connection.watches).isEqualTo(2);
    }

    @Test
    void aClosedMirrorTellsNothingAndAsksNothing() {
        begin();
        mirror.close();
        int before = shown.size();
        put(others, "a", "1");
        mirror.refresh();
        run();
        assertThat(shown).hasSize(before);
        assertThat(timers).isEmpty();
    }

    @Test
    void anOlderReadThatArrivesLateChangesNothing() {
        Entry one = new Entry("1", 5, 5, Optional.empty());
        Entry two = new Entry("2", 5, 9, Optional.empty());
        MirroredState state =
                MirroredState.EMPTY
                        .read(new Snapshot(7, new TreeMap<>(Map.of("a", one))))
                        .watched(9, List.of(new Dcs.Event.Written("a", two)))
                        .read(new Snapshot(8, new TreeMap<>(Map.of("a", one))));
        assertThat(state.snapshot().entries()).containsEntry("a", two);
        assertThat(state.completeTo()).isEqualTo(9);
    }

    @Test
    void aReadThatMissesAnOwnLaterWriteDoesNotHideIt() {
        Entry other = new Entry("1", 6, 6, Optional.empty());
        MirroredState state =
                MirroredState.EMPTY
                        .read(new Snapshot(5, new TreeMap<>()))
                        .applied(8, List.of(Op.put("mine", "x")))
                        .read(new Snapshot(7, new TreeMap<>(Map.of("other", other))));
        assertThat(state.snapshot().entries()).containsOnlyKeys("mine", "other");
        assertThat(state.snapshot().revision()).isEqualTo(8);
        MirroredState later = state.read(new Snapshot(9, new TreeMap<>(Map.of("other", other))));
        assertThat(later.snapshot().entries()).containsOnlyKeys("other");
    }

    /** A connection whose watches never tell anything. */
    private static final class Deaf implements Dcs {
        private Dcs inner;
        private int watches;

        Deaf(Dcs inner) {
            this.inner = inner;
        }

        @Override
        public CompletionStage<Snapshot> read() {
            return inner.read();
        }

        @Override
        public CompletionStage<Optional<Entry>> get(String key) {
            return inner.get(key);
        }

        @Override
        public CompletionStage<TxnResult> commit(List<Compare> compares, List<Op> ops) {
            return inner.commit(compares, ops);
        }

        @Override
        public Watch watch(long fromRevision, WatchListener listener) {
            watches++;
            return () -> {};
        }

        @Override
        public CompletionStage<Granted> grant(Duration ttl) {
            return inner.grant(ttl);
        }

        @Override
        public CompletionStage<Renewal> keepAlive(LeaseId lease) {
            return inner.keepAlive(lease);
        }

        @Override
        public CompletionStage<LeaseState> leaseState(LeaseId lease) {
            return inner.leaseState(lease);
        }

        @Override
        public CompletionStage<Void> revoke(LeaseId lease) {
            return inner.revoke(lease);
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private void begin() {
        mirror.start();
        run();
    }

    /** Runs what waits for the executor. */
    private void run() {
        while (!queue.isEmpty()) {
            queue.remove().run();
        }
    }

    private void pass(Duration span) {
        now = now.plus(span);
        List<Timer> due = timers.stream().filter(timer -> !timer.due().isAfter(now)).toList();
        timers.removeAll(due);
        due.forEach(timer -> timer.action().run());
        run();
    }

    private Scheduler.Cancellable schedule(Duration delay, Runnable action) {
        Timer timer = new Timer(now.plus(delay), action);
        timers.add(timer);
        return () -> timers.remove(timer);
    }

    private static TxnResult.Applied put(Dcs dcs, String key, String value) {
        return (TxnResult.Applied)
                dcs.commit(List.of(), List.of(Op.put(key, value))).toCompletableFuture().join();
    }

    private static TxnResult.Applied delete(Dcs dcs, String key) {
        return (TxnResult.Applied)
                dcs.commit(List.of(), List.of(Op.delete(key))).toCompletableFuture().join();
    }

    private String last() {
        return text(shown.getLast());
    }

    private static String text(Snapshot snapshot) {
        return snapshot.entries().entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue().value())
                .collect(Collectors.joining(" "));
    }
}
