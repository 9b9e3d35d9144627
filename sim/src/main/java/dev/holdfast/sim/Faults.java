package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What goes wrong, and what operators do. A run draws which kinds there are at all and how often,
 * so that some runs have much of one thing and nothing of another.
 */
final class Faults {
    /** The kinds; each has its share in a run, or none. */
    private enum Kind {
        HOST_DIES,
        HOST_FREEZES,
        AGENT_DIES,
        AGENT_STOPS,
        AGENT_ENDS,
        POSTGRES_DIES,
        POSTGRES_STOPS,
        AGENT_AND_POSTGRES_STOP,
        GUARD_DIES,
        GUARD_DIES_AND_AGENT_STOPS,
        CUT_OFF,
        CUT_FROM_STORE,
        CUT_ONE_WAY,
        CUT_BETWEEN_MEMBERS,
        BAD_WEATHER,
        STORE_LEADER_LOST,
        STORE_AWAY,
        STORE_LATE,
        WATCHES_BREAK,
        STORE_FORGETS,
        LEADER_KEY_DELETED,
        CHECKPOINTER_STUCK,
        REPLAY_SLOW,
        STOP_SLOW,
        DISK_SLOW,
        COPIES_FAIL,
        WAITS_CANCELLED,
        SWITCHOVER,
        FAILOVER,
        PAUSE,
        CONFIG_CHANGE,
        RESTART,
        REINITIALIZE,
        ANSWERS_LATE,
        RECORDS_DELETED,
        GIFT_LATE,
        AMBUSH,
        DISK_HANGS
    }

    private static final long SESSION_TIMEOUT = 60 * Events.SECOND;

    private final Cluster cluster;
    private final Chance chance;
    private final Clients clients;
    private final Program operator;
    private final StoreClient store;
    private final Ambushes ambushes;
    private final Traps traps;
    private final List<Kind> drawn = new ArrayList<>();
    private final List<Undo> undos = new ArrayList<>();
    private final SortedMap<String, Object> config;
    private final long paceNanos;

    /** Faults do not wait until there is a cluster. */
    private final boolean early;

    private boolean over;
    private long begun;

    /** Ends a fault, once. */
    private static final class Undo {
        private final Runnable action;
        private boolean done;

        Undo(Runnable action) {
            this.action = action;
        }

        void run() {
            if (!done) {
                done = true;
                action.run();
            }
        }
    }

    Faults(Cluster cluster, Clients clients) {
        this.cluster = cluster;
        this.chance = cluster.chance();
        this.clients = clients;
        this.operator = cluster.program("operator");
        operator.start();
        this.store = cluster.storeClient(cluster.clientNode(), operator);
        this.ambushes = new Ambushes(cluster, clients, this);
        this.traps = new Traps(cluster, clients, this, cluster.chanceOfTraps());
        this.early = chance.oneIn(12);
        this.config = new TreeMap<>(cluster.setup().initialTree());
        this.paceNanos =
                switch (cluster.setup().pace()) {
                    case DENSE -> chance.skewed(800, 20_000) * Events.MILLI;
                    case LONG -> chance.skewed(30_000, 600_000) * Events.MILLI;
                };
        for (Kind kind : Kind.values()) {
            int share = chance.oneIn(2) ? 0 : (int) chance.skewed(1, 12);
            for (int i = 0; i < share; i++) {
                drawn.add(kind);
            }
        }
    }

    void start() {
        traps.start();
        if (!drawn.isEmpty() && !traps.areAlone()) {
            next();
        }
    }

    private void next() {
        cluster.events()
                .after(
                        chance.between(paceNanos / 50, 2 * paceNanos),
                        "chance",
                        "a fault",
                        () -> {
                            if (!over) {
                                next();
                                if (early || cluster.truth().system().isPresent()) {
                                    begin(chance.of(drawn));
                                }
                            }
                        });
    }

    /** Everything is well again, and stays so. */
    void heal() {
        over = true;
        ambushes.leave();
        traps.leave();
        List.copyOf(undos).forEach(Undo::run);
        cluster.members().forEach(m -> m.ailments().heal());
        cluster.store().late(0);
        cluster.store().back();
        // A pause of before may still be on its way to the store, after a lost packet for long.
        for (long seconds : new long[] {0, 5, 20, 40, 60, 90, 120}) {
            operator.after(seconds * Events.SECOND, "unpause", this::unpause);
        }
    }

    /** After every event. */
    void look() {
        ambushes.look();
        traps.look();
    }

    /** In one direction, and fair again after so long. */
    void weather(int from, int to, Network.Weather weather, long nanos) {
        cluster.network().weather(from, to, weather);
        during(nanos, () -> cluster.network().weather(from, to, Network.Weather.FAIR));
    }

    void during(long nanos, Runnable undo) {
        Undo once = new Undo(undo);
        undos.add(once);
        cluster.events()
                .after(
                        nanos,
                        "chance",
                        "a fault ends",
                        () -> {
                            undos.remove(once);
                            once.run();
                        });
    }

    /** From blinks to what outlasts every time-out. */
    private long span() {
        return chance.skewed(50, 90_000) * Events.MILLI;
    }

    private Member anyMember() {
        List<Member> members = cluster.members();
        if (chance.oneIn(2)) {
            // The primary is where it hurts.
            for (Member member : members) {
                if (member.acceptsWrites()) {
                    return member;
                }
            }
        }
        return chance.of(members);
    }

    /** How many faults, orders and wishes of operators there were. */
    long begun() {
        return begun;
    }

    private void begin(Kind kind) {
        begun++;
        Member member = anyMember();
        cluster.note("chance", () -> kind + " " + member.name());
        clients.busyFor(5 * Events.SECOND);
        switch (kind) {
            case HOST_DIES -> hostDies(member);
            case HOST_FREEZES -> {
                member.freeze();
                timeOutSessions(member);
                during(span(), member::thaw);
            }
            case AGENT_DIES -> {
                member.killAgent();
                member.startAgentIn(chance.skewed(300, 60_000) * Events.MILLI);
            }
            case AGENT_STOPS -> stop(member.agentProgram());
            case AGENT_ENDS -> member.agent().ifPresent(a -> a.order(Orders::withShutdown));
            case POSTGRES_DIES -> member.postmasterDies();
            case POSTGRES_STOPS -> {
                stop(member.serverProgram());
                timeOutSessions(member);
            }
            case AGENT_AND_POSTGRES_STOP -> {
                long span = span();
                stop(member.agentProgram(), span);
                stop(member.serverProgram(), span);
                timeOutSessions(member);
            }
            case GUARD_DIES -> member.killGuard();
            case GUARD_DIES_AND_AGENT_STOPS -> {
                member.killGuard();
                stop(member.agentProgram());
            }
            case CUT_OFF -> cutOff(member);
            case CUT_FROM_STORE -> {
                cut(member.node(), cluster.storeNode());
                cut(cluster.storeNode(), member.node());
            }
            case CUT_ONE_WAY -> cutOneWay(member);
            case CUT_BETWEEN_MEMBERS -> {
                Member other = chance.of(cluster.members());
                if (!other.name().equals(member.name())) {
                    cut(member.node(), other.node());
                    cut(other.node(), member.node());
                }
            }
            case BAD_WEATHER -> badWeather(member);
            case STORE_LEADER_LOST ->
                    cluster.store().loseLeader(chance.skewed(200, 5_000) * Events.MILLI);
            case STORE_AWAY -> cluster.store().away(chance.skewed(500, 60_000) * Events.MILLI);
            case STORE_LATE -> {
                cluster.store().late(chance.fraction() * 0.3);
                during(span(), () -> cluster.store().late(0));
            }
            case ANSWERS_LATE -> answersLate(member);
            case RECORDS_DELETED -> deleteRecords();
            case GIFT_LATE -> {
                member.agent()
                        .ifPresent(a ->
                                a.store().holdNextGift(chance.skewed(1_000, 9_000) * Events.MILLI));
                switchover();
            }
            case AMBUSH -> ambushes.lie();
            case WATCHES_BREAK -> member.agent().ifPresent(a -> a.store().breakWatches());
            case STORE_FORGETS ->
                    cluster.store().memory().compact(cluster.store().memory().revision());
            case LEADER_KEY_DELETED -> write(Dcs.Op.delete(Keys.LEADER));
            case CHECKPOINTER_STUCK -> member.ailments().checkpointerStuck(span());
            case REPLAY_SLOW -> member.ailments().slowReplay(span());
            case STOP_SLOW -> member.ailments().slowStop(span());
            case DISK_SLOW -> member.ailments().slowDisk(span());
            case COPIES_FAIL -> cluster.members().forEach(m -> m.ailments().brokenCopy(span()));
            case WAITS_CANCELLED ->
                    member.server()
                            .filter(Postmaster::acceptsWrites)
                            .ifPresent(Postmaster::cancelWaits);
            case SWITCHOVER -> switchover();
            case DISK_HANGS ->
                    member.ailments().diskHangs(chance.skewed(200, 60_000) * Events.MILLI);
            case FAILOVER -> failover(member);
            case PAUSE -> pause();
            case CONFIG_CHANGE -> changeConfig();
            case RESTART -> restart(member);
            case REINITIALIZE ->
                    member.agent()
                            .ifPresent(a ->
                                    a.order(o ->
                                            o.withReinitialize(
                                                    Optional.of(
                                                            new Orders.Reinitialize(
                                                                    member.clock().now(),
                                                                    Orders.CopyOf.ANYBODY)))));
        }
    }

    // --- hosts

    private void hostDies(Member member) {
        hostDies(member, span());
    }

    void hostDies(Member member, long span) {
        member.powerOff();
        int node = member.node();
        during(span, member::powerOn);
        // A host that is back refuses what belongs to a connection of before.
        cluster.events()
                .after(
                        Math.min(SESSION_TIMEOUT, span + chance.between(100, 9_000) * Events.MILLI),
                        "tcp",
                        "connections end",
                        () -> endSessionsWith(node));
    }

    private void stop(Program program) {
        stop(program, span());
    }

    private void stop(Program program, long span) {
        program.stop();
        during(span, program::resume);
    }

    /** Replication that has heard nothing for a minute ends. */
    private void timeOutSessions(Member member) {
        cluster.events()
                .after(
                        SESSION_TIMEOUT,
                        "tcp",
                        "connections time out",
                        () -> {
                            if (member.serverProgram().isStopped()) {
                                endSessionsWith(member.node());
                            }
                        });
    }

    private void endSessionsWith(int node) {
        for (Member other : cluster.members()) {
            if (other.node() != node) {
                other.server().ifPresent(s -> s.silent(node));
            }
        }
    }

    // --- network

    void cut(int from, int to) {
        cut(from, to, span());
    }

    /** In both directions. */
    void part(int one, int other, long span) {
        cut(one, other, span);
        cut(other, one, span);
    }

    void cut(int from, int to, long span) {
        cluster.network().cut(from, to);
        during(span, () -> cluster.network().mend(from, to));
        cluster.events()
                .after(
                        SESSION_TIMEOUT,
                        "tcp",
                        "connections time out",
                        () -> {
                            if (cluster.network().isCut(from, to)) {
                                endBetween(from, to);
                            }
                        });
    }

    private void endBetween(int one, int other) {
        List<Member> members = cluster.members();
        if (one < members.size() && other < members.size()) {
            members.get(one).server().ifPresent(s -> s.silent(other));
            members.get(other).server().ifPresent(s -> s.silent(one));
        }
    }

    private void cutOff(Member member) {
        long span = span();
        for (int other = 0; other <= cluster.clientNode(); other++) {
            if (other != member.node() && !(other == cluster.clientNode() && chance.oneIn(2))) {
                part(member.node(), other, span);
            }
        }
    }

    private void cutOneWay(Member member) {
        int other = chance.below(cluster.storeNode() + 1);
        if (other != member.node()) {
            if (chance.oneIn(2)) {
                cut(member.node(), other);
            } else {
                cut(other, member.node());
            }
        }
    }

    private void badWeather(Member member) {
        Network.Weather bad =
                new Network.Weather(
                        chance.skewed(1, 1_000),
                        chance.oneIn(2) ? 0 : chance.fraction() * 0.5,
                        chance.oneIn(2) ? 0 : chance.fraction() * 0.3);
        int other = chance.below(cluster.storeNode() + 1);
        int node = member.node();
        cluster.network().weather(node, other, bad);
        cluster.network().weather(other, node, bad);
        during(
                span(),
                () -> {
                    cluster.network().weather(node, other, Network.Weather.FAIR);
                    cluster.network().weather(other, node, Network.Weather.FAIR);
                });
    }

    /** What the store answers comes later and later, and then nothing does. */
    private void answersLate(Member member) {
        int node = member.node();
        int storeNode = cluster.storeNode();
        Network.Weather late = new Network.Weather(chance.skewed(1_000, 5_000), 0, 0);
        cluster.network().weather(storeNode, node, late);
        during(
                chance.skewed(500, 12_000) * Events.MILLI,
                () -> {
                    cluster.network().weather(storeNode, node, Network.Weather.FAIR);
                    if (!over) {
                        long span = chance.skewed(2_000, 60_000) * Events.MILLI;
                        part(node, storeNode, span);
                        if (chance.oneIn(2)) {
                            stop(member.agentProgram(), chance.skewed(300, 7_000) * Events.MILLI);
                        }
                    }
                });
    }

    // --- operators

    /**
     * All that says who leads and who led last. Who led last is waited for as long as a lease lasts
     * by the configuration, so that must not have been changed.
     */
    private void deleteRecords() {
        if (!drawn.contains(Kind.CONFIG_CHANGE)) {
            cluster.truth()
                    .leader()
                    .flatMap(l -> cluster.member(l.member()).agent())
                    .ifPresent(a -> a.store().silenceWatches());
            write(Dcs.Op.delete(Keys.LEADER), Dcs.Op.delete(Keys.EPOCH));
        }
    }

    private void write(Dcs.Op... ops) {
        var _ = store.commit(List.of(), List.of(ops));
    }

    private void switchover() {
        ClusterView view = cluster.truth();
        if (view.leader().isPresent()) {
            Optional<MemberName> candidate =
                    chance.oneIn(2)
                            ? Optional.empty()
                            : Optional.of(chance.of(cluster.members()).name());
            write(
                    Dcs.Op.put(
                            Keys.FAILOVER,
                            KeyCodec.write(
                                    new FailoverRequest(
                                            Optional.of(view.leader().get().member()),
                                            candidate,
                                            Optional.empty()))));
        }
    }

    private void failover(Member to) {
        write(
                Dcs.Op.put(
                        Keys.FAILOVER,
                        KeyCodec.write(
                                new FailoverRequest(
                                        Optional.empty(),
                                        Optional.of(to.name()),
                                        Optional.empty()))));
    }

    void restart(Member member) {
        member.server()
                .ifPresent(s ->
                        member.agent()
                                .ifPresent(a ->
                                        a.order(o ->
                                                o.withRestart(
                                                        Optional.of(
                                                                new Orders.Restart(
                                                                        s.startMicros(),
                                                                        MonoTime.BEGINNING,
                                                                        Optional.empty()))))));
    }

    private void pause() {
        change("pause", true);
        during(span(), this::unpause);
    }

    private void unpause() {
        change("pause", false);
    }

    private void changeConfig() {
        switch (chance.below(5)) {
            case 0 -> changeTtl();
            case 1 -> change("synchronous_mode", chance.oneIn(2) ? synchronousMode() : false);
            case 2 -> change("synchronous_mode_strict", chance.oneIn(2));
            case 3 -> change("synchronous_node_count", (int) chance.between(1, 2));
            default -> change("loop_wait", chance.of(List.of(1, 5, 10)));
        }
    }

    /**
     * Not under a leader that stays without its lease: whoever confirmed that may have begun anew
     * since, and counts with the TTL that is configured then.
     */
    private void changeTtl() {
        if (cluster.setup().failsafe()) {
            change("failsafe_mode", chance.oneIn(2));
        } else {
            change("ttl", chance.of(List.of(3, 5, 10, 20, 30)));
        }
    }

    /** On; where the cluster began in quorum mode, that mostly. */
    private Object synchronousMode() {
        Object first = cluster.setup().initialTree().get("synchronous_mode");
        return "quorum".equals(first) && !chance.oneIn(3) ? "quorum" : true;
    }

    /** As the configuration was last written. */
    long ttlNanos() {
        return ((Number) Objects.requireNonNull(config.get("ttl"))).longValue() * Events.SECOND;
    }

    /** For a minute a standby is to take over from a primary that crashes. */
    void handsOverAfterCrash() {
        String key = "primary_start_timeout";
        Object before = Objects.requireNonNull(config.get(key));
        change(key, 0);
        during(60 * Events.SECOND, () -> change(key, before));
    }

    private void change(String key, Object value) {
        config.put(key, value);
        if (cluster.truth().system().isPresent()) {
            write(Dcs.Op.put(Keys.CONFIG, KeyCodec.writeConfig(config)));
        }
    }
}
