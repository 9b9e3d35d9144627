package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.SyncState;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Chains of faults, each of which makes a state in which one wrong order of two steps costs what
 * was acknowledged. Chance hardly ever puts such a chain together. Some runs have them, and half of
 * those have nothing else. They draw from a stream of their own, so that all other runs are what
 * they were without them.
 */
final class Traps {
    private enum Kind {
        STANDBY_JOINS,
        STANDBY_LOST,
        STRANGER_LEFT,
        BACKENDS_LINGER,
        PRIMARY_WAKES,
        AGENT_FORGETS,
        STRANGER_COMES
    }

    private static final List<Kind> EVERYWHERE =
            List.of(
                    Kind.STANDBY_JOINS,
                    Kind.STANDBY_LOST,
                    Kind.STRANGER_LEFT,
                    Kind.BACKENDS_LINGER);

    private static final List<Kind> IN_FAILSAFE_MODE =
            List.of(Kind.AGENT_FORGETS, Kind.STRANGER_COMES);

    private record Wait(BooleanSupplier comes, Runnable then, long untilNanos) {}

    private final Cluster cluster;
    private final Chance chance;
    private final Clients clients;
    private final Faults faults;
    private final boolean laid;
    private final boolean alone;
    private Optional<Wait> wait = Optional.empty();
    private long busyUntil;
    private boolean left;

    Traps(Cluster cluster, Clients clients, Faults faults, Chance chance) {
        this.cluster = cluster;
        this.clients = clients;
        this.faults = faults;
        this.chance = chance;
        this.laid = chance.oneIn(5);
        this.alone = laid && chance.oneIn(2);
    }

    /** Whether nothing else goes wrong in this run. */
    boolean areAlone() {
        return alone;
    }

    void start() {
        if (laid) {
            next();
        }
    }

    private void next() {
        later(
                chance.skewed(2_000, 20_000) * Events.MILLI,
                () -> {
                    next();
                    if (wait.isEmpty() && cluster.events().nowNanos() >= busyUntil) {
                        lay();
                    }
                });
    }

    /** For good. */
    void leave() {
        left = true;
        wait = Optional.empty();
    }

    /** After every event. */
    void look() {
        if (wait.isEmpty()) {
            return;
        }
        Wait now = wait.get();
        if (now.comes().getAsBoolean()) {
            wait = Optional.empty();
            now.then().run();
        } else if (cluster.events().nowNanos() > now.untilNanos()) {
            wait = Optional.empty();
        }
    }

    private void await(BooleanSupplier comes, Runnable then) {
        wait =
                Optional.of(
                        new Wait(comes, then, cluster.events().nowNanos() + 4 * ttl() + minute()));
    }

    private void later(long nanos, Runnable action) {
        cluster.events()
                .after(
                        nanos,
                        "chance",
                        "a trap",
                        () -> {
                            if (!left) {
                                action.run();
                            }
                        });
    }

    private long ttl() {
        return faults.ttlNanos();
    }

    private static long minute() {
        return 60 * Events.SECOND;
    }

    /** Long enough for somebody else to take over, however late he may. */
    private long longAway() {
        return 4 * ttl() + chance.between(10, 40) * Events.SECOND;
    }

    private void lay() {
        SyncState sync = cluster.truth().sync().value();
        Optional<Member> primary =
                cluster.members().stream()
                        .filter(m -> m.acceptsWrites() && cluster.truth().isLeader(m.name()))
                        .findFirst();
        if (primary.isEmpty()) {
            return;
        }
        Kind kind = anyKind(sync);
        boolean recorded = sync.leader().equals(Optional.of(primary.get().name()));
        switch (kind) {
            case STANDBY_JOINS -> {
                if (recorded) {
                    standbyJoins(primary.get());
                }
            }
            case STANDBY_LOST -> {
                if (recorded && !sync.standbys().isEmpty()) {
                    standbyLost(primary.get(), sync.standbys());
                }
            }
            case STRANGER_LEFT -> {
                if (recorded && !sync.standbys().isEmpty()) {
                    strangerLeft(primary.get(), sync.standbys());
                }
            }
            case BACKENDS_LINGER -> backendsLinger(primary.get());
            case PRIMARY_WAKES -> {
                if (recorded) {
                    primaryWakes(primary.get());
                }
            }
            case AGENT_FORGETS -> agentForgets(primary.get(), sync.standbys());
            case STRANGER_COMES -> {
                if (!recorded) {
                    strangerComes(primary.get());
                }
            }
        }
    }

    private Kind anyKind(SyncState sync) {
        if (cluster.truth().failsafe().isPresent() && chance.oneIn(2)) {
            return chance.of(IN_FAILSAFE_MODE);
        }
        return sync.quorum() > 0 && chance.oneIn(2) ? Kind.PRIMARY_WAKES : chance.of(EVERYWHERE);
    }

    private List<Member> othersThan(Member member) {
        return cluster.members().stream().filter(m -> m != member).toList();
    }

    private void noteLaid(Kind kind, Member primary) {
        cluster.note("chance", () -> "a trap at " + primary.name() + ": " + kind);
    }

    /**
     * All standbys are away for so long that nobody is waited for, and one comes back to a primary
     * that hears from the store late. It streams, gets no further, and is all that is left.
     */
    private void standbyJoins(Member primary) {
        noteLaid(Kind.STANDBY_JOINS, primary);
        Member joining = chance.of(othersThan(primary));
        long away = ttl() + chance.between(3, 15) * Events.SECOND;
        for (Member other : othersThan(primary)) {
            faults.hostDies(other, other == joining ? away : away + 2 * longAway());
        }
        int storeNode = cluster.storeNode();
        int node = primary.node();
        later(
                away,
                () ->
                        faults.weather(
                                storeNode,
                                node,
                                new Network.Weather(chance.skewed(100, 1_000), 0, 0),
                                minute()));
        if (chance.oneIn(2)) {
            await(
                    () -> streams(primary, joining),
                    () -> {
                        faults.cut(primary.node(), joining.node(), minute());
                        awaitRecorded(primary, joining);
                    });
        } else {
            awaitRecorded(primary, joining);
        }
    }

    private static boolean streams(Member primary, Member standby) {
        return primary.server().stream()
                .flatMap(s -> s.senders().stream())
                .anyMatch(s -> s.standby.memberName().equals(standby.name()) && s.flushed > 0);
    }

    private void awaitRecorded(Member primary, Member joining) {
        long written = cluster.truth().sync().revision();
        await(
                () ->
                        cluster.truth().sync().revision() != written
                                && cluster.truth()
                                        .sync()
                                        .value()
                                        .standbys()
                                        .contains(joining.name()),
                () -> {
                    faults.cut(primary.node(), joining.node(), minute());
                    dies(primary);
                });
    }

    /**
     * Whoever is synchronous is away for longer than its lease lasts. When the names change the
     * primary reaches the store no more; it dies, with all who could have taken the place, and who
     * was away comes back alone.
     */
    private void standbyLost(Member primary, List<MemberName> standbys) {
        noteLaid(Kind.STANDBY_LOST, primary);
        List<Member> others =
                othersThan(primary).stream().filter(m -> !standbys.contains(m.name())).toList();
        for (MemberName lost : standbys) {
            faults.hostDies(
                    cluster.member(lost), 2 * ttl() + chance.between(5, 20) * Events.SECOND);
        }
        Postmaster server = primary.server().orElseThrow();
        String names = server.files().syncNames();
        await(
                () -> !server.files().syncNames().equals(names),
                () -> {
                    faults.cut(primary.node(), cluster.storeNode(), minute());
                    diesWith(primary, others);
                });
    }

    /** Who is not synchronous falls behind, and then it is all that is left. */
    private void strangerLeft(Member primary, List<MemberName> standbys) {
        noteLaid(Kind.STRANGER_LEFT, primary);
        for (Member other : othersThan(primary)) {
            if (standbys.contains(other.name())) {
                later(
                        chance.skewed(300, 2_000) * Events.MILLI,
                        () -> faults.hostDies(other, longAway()));
            } else {
                faults.cut(primary.node(), other.node(), minute());
            }
        }
        dies(primary);
    }

    /** Clients write there and read, and soon its host is away for long. */
    private void dies(Member primary) {
        diesWith(primary, List.of());
    }

    private void diesWith(Member primary, List<Member> others) {
        long away = longAway();
        busyUntil = cluster.events().nowNanos() + away;
        clients.storm(primary);
        later(
                chance.skewed(100, 1_500) * Events.MILLI,
                () -> {
                    faults.hostDies(primary, away);
                    others.forEach(other -> faults.hostDies(other, away));
                });
    }

    /**
     * A postmaster is lost whose backends take their time to end, where a standby is to take over
     * rather than that the primary starts again.
     */
    private void backendsLinger(Member primary) {
        noteLaid(Kind.BACKENDS_LINGER, primary);
        faults.handsOverAfterCrash();
        busyUntil = cluster.events().nowNanos() + minute();
        later(
                chance.between(3, 15) * Events.SECOND,
                () -> {
                    primary.ailments().slowKill(10 * Events.SECOND);
                    primary.orphanServer();
                    clients.storm(primary);
                });
    }

    /**
     * The primary's whole host stands still until another member has been elected by the word of
     * the voters, and can hear nobody for a moment. Then it wakes, and clients write there: a voter
     * that still streams from it would confirm what the elected one has not.
     */
    private void primaryWakes(Member primary) {
        noteLaid(Kind.PRIMARY_WAKES, primary);
        long away = longAway();
        busyUntil = cluster.events().nowNanos() + away;
        primary.freeze();
        await(
                () ->
                        cluster.truth()
                                .leader()
                                .filter(l -> !l.member().equals(primary.name()))
                                .isPresent(),
                () -> {
                    Member elected =
                            cluster.member(cluster.truth().leader().orElseThrow().member());
                    long deaf = chance.between(2, 6) * Events.SECOND;
                    othersThan(elected)
                            .forEach(other -> faults.cut(other.node(), elected.node(), deaf));
                    primary.thaw();
                    clients.storm(primary);
                });
        faults.during(away, primary::thaw);
    }

    /**
     * The primary is parted from the store and stays by the others' word until its lease is gone
     * there. Then one of those who may lead begins anew, and does not hear from it for a moment.
     */
    private void agentForgets(Member primary, List<MemberName> standbys) {
        noteLaid(Kind.AGENT_FORGETS, primary);
        Member forgetful =
                standbys.isEmpty()
                        ? chance.of(othersThan(primary))
                        : cluster.member(chance.of(standbys));
        staysWithoutStore(
                primary,
                () -> {
                    faults.cut(primary.node(), forgetful.node(), ttl());
                    forgetful.killAgent();
                    forgetful.startAgentIn(chance.skewed(100, 2_000) * Events.MILLI);
                });
    }

    /**
     * Who is away is not in the key failsafe any more. It comes back when the primary is parted
     * from the store and stays by the word of those who are left.
     */
    private void strangerComes(Member primary) {
        noteLaid(Kind.STRANGER_COMES, primary);
        Member stranger = chance.of(othersThan(primary));
        faults.hostDies(stranger, 2 * ttl() + chance.between(3, 15) * Events.SECOND);
        await(
                () ->
                        cluster.truth()
                                .failsafe()
                                .filter(key -> !key.value().containsKey(stranger.name()))
                                .isPresent(),
                () -> staysWithoutStore(primary, () -> {}));
    }

    /** Its lease runs out in the store; then comes {@code next}, and clients write there. */
    private void staysWithoutStore(Member primary, Runnable next) {
        long away = longAway();
        busyUntil = cluster.events().nowNanos() + away;
        faults.part(primary.node(), cluster.storeNode(), away);
        await(
                () -> cluster.truth().leader().isEmpty(),
                () -> {
                    clients.storm(primary);
                    next.run();
                });
    }
}
