package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** All that there is in a run: hosts, store, network, and the one order of events. */
final class Cluster {
    private static final List<String> TRUTHS =
            List.of(
                    Keys.LEADER,
                    Keys.CONFIG,
                    Keys.EPOCH,
                    Keys.SYNC,
                    Keys.FAILOVER,
                    Keys.FAILSAFE,
                    Keys.INITIALIZE,
                    Keys.TIMELINE);

    private final Trace trace;
    private final Events events;
    private final Chance chance;
    private final Chance chanceOfTraps;
    private final Setup setup;
    private final Network network;
    private final Store store;
    private final Promises promises;
    private final List<Member> members = new ArrayList<>();
    private KeyCodec.Earlier shown;
    private long shownAt;

    Cluster(long seed, Trace trace) {
        this.trace = trace;
        this.events = new Events(trace);
        this.chance = new Chance(seed);
        this.chanceOfTraps = new Chance(~seed);
        this.setup =
                Setup.drawn(
                        chance,
                        new Chance(Long.reverse(seed)),
                        new Chance(~Long.reverse(seed)),
                        new Chance(Long.rotateLeft(seed, 32)));
        int count = setup.names().size();
        this.network = new Network(events, chance, count + 2);
        this.store = new Store(events, chance);
        this.promises = new Promises(this);
        Dcs.Snapshot empty = store.memory().current();
        this.shown = new KeyCodec.Earlier(empty, KeyCodec.toView(empty).view());
        for (int i = 0; i < count; i++) {
            HostClock clock =
                    new HostClock(
                            events,
                            chance.between(1, 1_000_000) * Events.SECOND,
                            1 + (chance.fraction() - 0.5) * 0.03);
            members.add(new Member(this, i, setup.names().get(i), clock));
        }
    }

    Events events() {
        return events;
    }

    Chance chance() {
        return chance;
    }

    /** Another stream from the same seed. */
    Chance chanceOfTraps() {
        return chanceOfTraps;
    }

    Setup setup() {
        return setup;
    }

    Network network() {
        return network;
    }

    Store store() {
        return store;
    }

    Promises promises() {
        return promises;
    }

    List<Member> members() {
        return members;
    }

    Member member(MemberName name) {
        for (Member member : members) {
            if (member.name().equals(name)) {
                return member;
            }
        }
        throw new IllegalArgumentException("there is no member " + name);
    }

    int storeNode() {
        return members.size();
    }

    int clientNode() {
        return members.size() + 1;
    }

    Program program(String name) {
        return new Program(events, name, chance);
    }

    StoreClient storeClient(int node, Program caller) {
        return new StoreClient(events, chance, network, node, setup.names().size(), caller, store);
    }

    /** What the store holds in truth, now. */
    ClusterView truth() {
        if (store.memory().revision() != shownAt) {
            shownAt = store.memory().revision();
            Dcs.Snapshot all = store.memory().current();
            // The members' own records change all the time, and no promise rests on them.
            if (hasNews(all)) {
                SortedMap<String, Dcs.Entry> told = new TreeMap<>(all.entries());
                told.keySet().retainAll(TRUTHS);
                Dcs.Snapshot truths = new Dcs.Snapshot(all.revision(), told);
                shown =
                        new KeyCodec.Earlier(
                                truths,
                                KeyCodec.toView(truths, Optional.empty(), Optional.of(shown))
                                        .view());
            }
        }
        return shown.view();
    }

    private boolean hasNews(Dcs.Snapshot all) {
        for (String key : TRUTHS) {
            if (!Objects.equals(all.entries().get(key), shown.snapshot().entries().get(key))) {
                return true;
            }
        }
        return false;
    }

    boolean isTraced() {
        return trace.isTold();
    }

    void note(String who, Supplier<String> what) {
        trace.note(events.nowNanos(), who, what);
    }
}
