package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.postgres.Server;
import java.util.List;
import java.util.Optional;

/**
 * Which addresses this host is to hold, by what is known now: that of the writers from when {@code
 * /primary} has opened, that of the readers on a replica that is not behind. The leader of a
 * standby cluster is neither, and has none. Never both, and each only until an instant that lies
 * before the end of the lease: whoever holds them gives them up then, whether or not anybody says
 * so.
 *
 * <p>Of the readers' address every replica that is fit wants to be the holder, and the one that
 * nobody else answers for has it: it stays where it is while it may.
 */
public final class ClientAddresses {
    private ClientAddresses() {}

    /**
     * What is to be held.
     *
     * @param addresses none where {@code until} is {@link MonoTime#BEGINNING}
     */
    public record Wanted(List<String> addresses, MonoTime until) {
        public static final Wanted NONE = new Wanted(List.of(), MonoTime.BEGINNING);

        public Wanted {
            addresses = List.copyOf(addresses);
        }

        private static Wanted of(List<String> addresses, MonoTime until) {
            return addresses.isEmpty() ? NONE : new Wanted(addresses, until);
        }
    }

    /** What follows from a turn. */
    public static Wanted wanted(Routing.Vip vip, Observation o, Decision decided) {
        if (isEnding(o, decided)) {
            return Wanted.NONE;
        }
        return switch (o.server().orElse(null)) {
            case Server.Primary primary ->
                    hasOpened(o, decided, primary) && o.mayStay()
                            ? Wanted.of(vip.writer(), o.killAt())
                            : Wanted.NONE;
            case Server.Standby standby ->
                    isFit(vip, o, standby)
                            ? Wanted.of(vip.reader(), o.deadlines().kill(o.lease().goodUntil()))
                            : Wanted.NONE;
            case Server.Rejecting _, Server.Silent _ -> Wanted.NONE;
            case null -> Wanted.NONE;
        };
    }

    /**
     * What {@code /primary} rests on, once it has opened. In a switchover health checks are told no
     * while this server still takes writes, and its clients need not leave before it ends.
     */
    private static boolean hasOpened(Observation o, Decision decided, Server.Primary primary) {
        return decided.memory()
                .gate()
                .filter(gate ->
                        gate.open()
                                && gate.startMicros() == primary.common().startMicros()
                                && o.lease().leaderEpoch().equals(Optional.of(gate.epoch())))
                .isPresent();
    }

    private static boolean isEnding(Observation o, Decision decided) {
        return (o.task() instanceof Task.Running running && running.action() instanceof Action.Stop)
                || decided.actions().stream()
                        .anyMatch(action ->
                                action instanceof Action.Stop
                                        || action instanceof Action.Kill
                                        || action instanceof Action.Exit);
    }

    /**
     * Only what streams is known not to be behind by more than it shows, and only a view of the
     * store that is fresh shows where the leader is.
     */
    private static boolean isFit(Routing.Vip vip, Observation o, Server.Standby standby) {
        return standby.isStreaming()
                && !o.self().tags().noLoadBalance()
                && o.now().isBefore(o.deadlines().kill(o.lease().goodUntil()))
                && o.cluster()
                        .filter(cluster ->
                                cluster.leader().isPresent() && !cluster.isLeader(o.me()))
                        .filter(cluster ->
                                Lsn.max(cluster.published(), standby.position())
                                                .bytesPast(standby.replayed())
                                        <= vip.maximumLagBytes())
                        .isPresent();
    }
}
