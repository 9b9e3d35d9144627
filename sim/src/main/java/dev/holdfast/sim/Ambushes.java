package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import java.util.List;
import java.util.Optional;

/**
 * Faults that wait for an instant that counts, since by chance they would come too early or too
 * late. They provoke it, and when it has come nothing of the primary reaches its standbys or the
 * store, clients write all the same, and it dies.
 */
final class Ambushes {
    /** What is waited for. */
    private enum Moment {
        NAMES_CHANGE,
        SYNC_IS_WRITTEN,
        PRIMARY_OPENS
    }

    /**
     * @param server where the names change
     * @param names as they were
     * @param written the revision of {@code /sync}
     * @param openings how many there were
     */
    private record Ambush(
            Moment moment, Postmaster server, String names, long written, long openings) {}

    private final Cluster cluster;
    private final Chance chance;
    private final Clients clients;
    private final Faults faults;
    private Optional<Ambush> ambush = Optional.empty();
    private boolean left;

    Ambushes(Cluster cluster, Clients clients, Faults faults) {
        this.cluster = cluster;
        this.chance = cluster.chance();
        this.clients = clients;
        this.faults = faults;
    }

    /** For good. */
    void leave() {
        left = true;
        ambush = Optional.empty();
    }

    void lie() {
        for (Member member : cluster.members()) {
            if (member.acceptsWrites()) {
                Postmaster server = member.server().orElseThrow();
                ambush =
                        Optional.of(
                                new Ambush(
                                        chance.of(List.of(Moment.values())),
                                        server,
                                        server.files().syncNames(),
                                        cluster.truth().sync().revision(),
                                        cluster.promises().openings()));
                provoke(ambush.get().moment(), member);
                return;
            }
        }
    }

    /** Has come what is waited for. */
    private void provoke(Moment moment, Member primary) {
        switch (moment) {
            case NAMES_CHANGE, SYNC_IS_WRITTEN -> {
                if (chance.oneIn(2)) {
                    slowLinksFrom(primary);
                }
                for (MemberName standby : cluster.truth().sync().value().standbys()) {
                    faults.hostDies(
                            cluster.member(standby), chance.skewed(500, 20_000) * Events.MILLI);
                }
            }
            case PRIMARY_OPENS -> {
                if (chance.oneIn(2)) {
                    faults.restart(primary);
                } else {
                    primary.postmasterDies();
                }
            }
        }
    }

    /** Standbys stream, and are behind. */
    private void slowLinksFrom(Member primary) {
        Network.Weather slow = new Network.Weather(chance.skewed(100, 4_000), 0, 0);
        for (Member other : cluster.members()) {
            if (other != primary) {
                faults.weather(
                        primary.node(),
                        other.node(),
                        slow,
                        chance.skewed(2_000, 40_000) * Events.MILLI);
            }
        }
    }

    /** After every event. */
    void look() {
        if (ambush.isPresent() && hasCome(ambush.get())) {
            ambush = Optional.empty();
            for (Member member : cluster.members()) {
                if (member.acceptsWrites()) {
                    strike(member);
                    return;
                }
            }
        }
    }

    private boolean hasCome(Ambush waiting) {
        return switch (waiting.moment()) {
            case NAMES_CHANGE -> !waiting.server().files().syncNames().equals(waiting.names());
            case SYNC_IS_WRITTEN -> cluster.truth().sync().revision() != waiting.written();
            case PRIMARY_OPENS -> cluster.promises().openings() != waiting.openings();
        };
    }

    /**
     * From now on what the primary writes reaches no standby, or what it sends not the store, or
     * neither; clients write all the same, and it dies.
     */
    private void strike(Member member) {
        cluster.note("chance", () -> "strikes from ambush at " + member.name());
        int what = chance.below(3);
        if (what != 0) {
            cluster.members().stream()
                    .filter(other -> other != member)
                    .forEach(other -> faults.cut(member.node(), other.node()));
        }
        if (what != 1) {
            faults.cut(member.node(), cluster.storeNode());
        }
        clients.storm(member);
        cluster.events()
                .after(
                        chance.skewed(3, 1_500) * Events.MILLI,
                        "chance",
                        "the host dies",
                        () -> {
                            if (!left) {
                                faults.hostDies(
                                        member, chance.skewed(5_000, 120_000) * Events.MILLI);
                            }
                        });
    }
}
