package dev.holdfast.core.decide;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.WalSender;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Standbys whose sessions look alive and that confirm nothing of what the primary has. So it looks
 * from here when the network between is gone: PostgreSQL ends such a session only after {@code
 * wal_sender_timeout}, and TCP tries again ever more rarely, while commits wait.
 */
final class Stalls {
    private Stalls() {}

    /** Since when each standby has confirmed no more although there was more. */
    static SortedMap<MemberName, Memory.Stall> remember(Observation o, ClusterView cluster) {
        SortedMap<MemberName, Memory.Stall> stalls = new TreeMap<>();
        if (o.server().orElse(null) instanceof Server.Primary primary && cluster.isLeader(o.me())) {
            for (MemberName member : Files.eligible(o, cluster)) {
                session(primary, member)
                        .filter(s -> s.flushed().isBefore(primary.flushed()))
                        .ifPresent(s -> stalls.put(member, stall(o, member, s)));
            }
        }
        return stalls;
    }

    private static Optional<WalSender> session(Server.Primary primary, MemberName member) {
        return WalSender.only(primary.senders(), member).filter(WalSender::isStreaming);
    }

    private static Memory.Stall stall(Observation o, MemberName member, WalSender sender) {
        Memory.Stall before = o.memory().stalls().get(member);
        return before != null
                        && before.pid() == sender.pid()
                        && before.flushed().equals(sender.flushed())
                ? before
                : new Memory.Stall(sender.pid(), sender.flushed(), o.serverAskedAt());
    }

    /** Who has confirmed nothing for so long that others are better off. */
    static SortedSet<MemberName> lasting(Observation o) {
        SortedSet<MemberName> lasting = new TreeSet<>();
        o.memory()
                .stalls()
                .forEach((member, stall) -> {
                    if (!o.serverAskedAt().isBefore(stall.since().plus(o.deadlines().patience()))) {
                        lasting.add(member);
                    }
                });
        return lasting;
    }

    /**
     * As one sentence, that this primary hears from no standby while at least two live by the
     * store: whoever of them led could have the other for a synchronous standby. Empty while one
     * confirms what it gets, and in an asynchronous mode, where nobody waits.
     */
    static Optional<String> complaint(Observation o, ClusterView cluster) {
        if (!o.config().synchronous()
                || !(o.server().orElse(null) instanceof Server.Primary primary)) {
            return Optional.empty();
        }
        SortedSet<MemberName> living = Files.eligible(o, cluster);
        SortedSet<MemberName> streaming = new TreeSet<>(living);
        streaming.removeIf(member -> session(primary, member).isEmpty());
        boolean unheard = !streaming.isEmpty() && lasting(o).containsAll(streaming);
        return unheard && living.size() > 1
                ? Optional.of(
                        "no standby has confirmed anything for "
                                + Words.seconds(o.deadlines().patience())
                                + ", though "
                                + living
                                + " live")
                : Optional.empty();
    }
}
