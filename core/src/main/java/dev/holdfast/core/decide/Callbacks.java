package dev.holdfast.core.decide;

import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Which callback scripts follow from what is seen, given what the scripts were told last. All of it
 * rests on facts: an agent that knows what its predecessor told goes on from there, neither telling
 * twice nor leaving out.
 */
public final class Callbacks {
    private Callbacks() {}

    /** Patroni's names of what a script is called for. */
    public enum Event {
        ON_START,
        ON_STOP,
        ON_RESTART,
        ON_RELOAD,
        ON_ROLE_CHANGE;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Patroni's names of what a server is. */
    public enum Role {
        PRIMARY,
        REPLICA,
        STANDBY_LEADER;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** One call of a script. */
    public record Call(Event event, Role role) {}

    /** What the scripts know. */
    public sealed interface Told {
        /** No script was ever called for this member. */
        record Nothing() implements Told {}

        /**
         * A server runs.
         *
         * @param startMicros which one
         * @param settings stands for the configuration that it reread last; empty while not known
         */
        record Running(long startMicros, Role role, Optional<Integer> settings) implements Told {}

        /** No server runs; the last one had this role. */
        record Stopped(Role role) implements Told {}
    }

    /** Whether an operator ordered that the configuration be read anew. */
    public enum Reload {
        ORDERED,
        NOT_ORDERED
    }

    /** What the scripts know from now on, and the call, if any, that tells them. */
    public record Step(Told told, Optional<Call> call) {}

    /** The next step; {@code told} itself where there is nothing new. */
    public static Step follow(Told told, Observation o, Decision decided, Reload reload) {
        if (gone(o)) {
            return whenGone(told, o);
        }
        return running(o)
                .map(now -> whenRunning(told, now, isDue(reload, decided)))
                .orElseGet(() -> new Step(told, Optional.empty()));
    }

    private static boolean gone(Observation o) {
        return o.guard() instanceof GuardFact.Present present && present.isEmpty();
    }

    /** The stop within a restart that an operator ordered is a part of the restart. */
    private static Step whenGone(Told told, Observation o) {
        boolean restarts =
                told instanceof Told.Running last
                        && !o.orders().shutdown()
                        && o.orders()
                                .restart()
                                .filter(r -> r.startMicros() == last.startMicros())
                                .isPresent();
        return told instanceof Told.Running last && !restarts
                ? step(new Told.Stopped(last.role()), Event.ON_STOP, last.role())
                : new Step(told, Optional.empty());
    }

    /**
     * A server that takes sessions. A primary counts once it may be one: what is about to be fenced
     * must not be announced. So does a standby, unless a new cluster is being recovered in it.
     */
    private static Optional<Told.Running> running(Observation o) {
        Optional<Integer> settings = o.applied().map(Callbacks::settings);
        return switch (o.server().orElse(null)) {
            case null -> Optional.empty();
            case Server.Rejecting _, Server.Silent _ -> Optional.empty();
            case Server.Standby standby ->
                    o.cluster().filter(c -> !BootstrapRules.isClaimedByMe(o, c)).isEmpty()
                            ? Optional.empty()
                            : Optional.of(
                                    new Told.Running(
                                            standby.common().startMicros(),
                                            leadsStandbyCluster(o)
                                                    ? Role.STANDBY_LEADER
                                                    : Role.REPLICA,
                                            settings));
            case Server.Primary primary ->
                    o.mayStay() && o.cluster().filter(c -> c.isLeader(o.me())).isPresent()
                            ? Optional.of(
                                    new Told.Running(
                                            primary.common().startMicros(), Role.PRIMARY, settings))
                            : Optional.empty();
        };
    }

    private static boolean leadsStandbyCluster(Observation o) {
        return o.cluster().filter(c -> StandbyLeaderRules.leads(o, c)).isPresent();
    }

    /** What an operator configures; whom to follow and wait for changes by itself. */
    private static int settings(ServerFiles files) {
        return Objects.hash(files.parameters(), files.hba(), files.ident());
    }

    /** An ordered reload is done once nothing is left to apply. */
    private static boolean isDue(Reload reload, Decision decided) {
        return reload == Reload.ORDERED
                && decided.actions().stream().noneMatch(Action.ApplyFiles.class::isInstance);
    }

    private static Step whenRunning(Told told, Told.Running seen, boolean reloadIsDue) {
        return switch (told) {
            case Told.Nothing _ -> step(seen, Event.ON_START, seen.role());
            case Told.Stopped(Role before) ->
                    step(
                            seen,
                            before == seen.role() ? Event.ON_START : Event.ON_ROLE_CHANGE,
                            seen.role());
            case Told.Running last -> {
                Told.Running now =
                        new Told.Running(
                                seen.startMicros(),
                                seen.role(),
                                seen.settings().or(last::settings));
                if (last.role() != now.role()) {
                    yield step(now, Event.ON_ROLE_CHANGE, now.role());
                }
                if (last.startMicros() != now.startMicros()) {
                    yield step(now, Event.ON_RESTART, now.role());
                }
                boolean changed =
                        last.settings().isPresent() && !last.settings().equals(now.settings());
                yield changed || reloadIsDue
                        ? step(now, Event.ON_RELOAD, now.role())
                        : new Step(now, Optional.empty());
            }
        };
    }

    private static Step step(Told told, Event event, Role role) {
        return new Step(told, Optional.of(new Call(event, role)));
    }
}
