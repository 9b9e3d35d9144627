package dev.holdfast.dcs.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.DcsContract;
import dev.holdfast.dcs.Told;
import dev.holdfast.dcs.memory.MemoryDcs.Fate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class MemoryDcsTest extends DcsContract {
    private final AtomicReference<MonoTime> now = new AtomicReference<>(MonoTime.BEGINNING);
    private final AtomicReference<Fate> fate = new AtomicReference<>(Fate.ANSWERED);
    private final MemoryStore store = new MemoryStore(now::get);
    private final MemoryDcs dcs = store.connect(call -> fate.get());

    @Override
    protected Dcs dcs() {
        return dcs;
    }

    @Override
    protected void compact(long revision) {
        store.compact(revision);
    }

    @Override
    protected void pass(Duration span) {
        now.updateAndGet(time -> time.plus(span));
        store.tick();
    }

    @Test
    void aLostRequestIsNotExecutedAndALostAnswerIs() {
        fate.set(Fate.REQUEST_LOST);
        assertThatThrownBy(() -> commit(List.of(), Op.put("a", "1")))
                .hasMessageContaining("COMMIT");
        fate.set(Fate.ANSWER_LOST);
        assertThatThrownBy(() -> commit(List.of(), Op.put("b", "1")))
                .hasMessageContaining("COMMIT");
        fate.set(Fate.ANSWERED);

        assertThat(answer(dcs.read()).entries()).containsOnlyKeys("b");
    }

    @Test
    void aLeaseLivesUntilItsTimeAndNoLonger() {
        Dcs.Granted granted = answer(dcs.grant(Duration.ofMillis(9001)));
        assertThat(granted.ttl()).isEqualTo(Duration.ofSeconds(10));
        pass(Duration.ofMillis(9999));
        assertThat(answer(dcs.keepAlive(granted.lease())))
                .isEqualTo(new Dcs.Renewal.Renewed(granted.ttl()));
        assertThat(store.nextExpiry()).contains(now.get().plus(granted.ttl()));
        pass(Duration.ofMillis(9999));
        assertThat(answer(dcs.leaseState(granted.lease())))
                .isInstanceOf(Dcs.LeaseState.Alive.class);
        pass(Duration.ofMillis(1));
        assertThat(answer(dcs.leaseState(granted.lease()))).isEqualTo(new Dcs.LeaseState.Gone());
    }

    @Test
    void brokenWatchesEndAndOthersGoOn() {
        MemoryDcs other = store.connect(MemoryDcs.Faults.none());
        Told mine = watch(1);
        Told others = new Told();
        var _ = other.watch(1, others);

        dcs.breakWatches();
        applied(commit(List.of(), Op.put("a", "1")));

        assertThat(mine.ends()).hasSize(1);
        assertThat(mine.revisions()).isEmpty();
        assertThat(others.revisions()).hasSize(1);
    }

    @Test
    void aListenerThatWritesIsToldOfItAfterwardsInOrder() {
        Told told = new Told();
        var _ =
                dcs.watch(
                        1,
                        new Dcs.WatchListener() {
                            @Override
                            public void onEvents(long revision, List<Dcs.Event> events) {
                                if (events.getFirst().key().equals("a")) {
                                    applied(commit(List.of(), Op.put("b", "1")));
                                }
                                told.onEvents(revision, events);
                            }

                            @Override
                            public void onEnd(String why) {
                                told.onEnd(why);
                            }
                        });

        applied(commit(List.of(), Op.put("a", "1")));

        assertThat(told.events()).extracting(Dcs.Event::key).containsExactly("a", "b");
    }
}
