package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.STARTED;
import static dev.holdfast.core.decide.Values.leaseOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.decide.Callbacks.Call;
import dev.holdfast.core.decide.Callbacks.Event;
import dev.holdfast.core.decide.Callbacks.Reload;
import dev.holdfast.core.decide.Callbacks.Role;
import dev.holdfast.core.decide.Callbacks.Step;
import dev.holdfast.core.decide.Callbacks.Told;
import dev.holdfast.core.postgres.ServerFiles;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each change is told once, in Patroni's words, whatever became of the agent meanwhile. */
class CallbacksTest {
    private static final Told NOTHING = new Told.Nothing();

    private static Step follow(Told told, Situation situation) {
        return Callbacks.follow(told, situation.observe(), situation.decide(), Reload.NOT_ORDERED);
    }

    private static Situation seen(String what) {
        return switch (what) {
            case "primary" -> Situation.ofPrimary();
            case "replica" -> Situation.ofSyncStandby();
            case "gone" -> Situation.ofPrimary().stopped();
            case "starting" -> Situation.ofPrimary().startingUp();
            case "silent" -> Situation.ofPrimary().silent();
            case "unprobed" -> Situation.ofPrimary().unprobed();
            case "guard away" -> Situation.ofPrimary().guardAway();
            case "primary without proof" -> Situation.ofPrimary().lostLease();
            case "primary that another replaced" -> Situation.ofPrimary().leader(PG2, 200);
            case "replica with the leader key" -> Situation.ofNewLeader();
            case "restore" ->
                    Situation.ofSyncStandby()
                            .initialize(Optional.empty(), Optional.of(leaseOf(PG2)));
            default -> throw new AssertionError(what);
        };
    }

    private static Told told(String what) {
        return switch (what) {
            case "nothing" -> NOTHING;
            case "stopped primary" -> new Told.Stopped(Role.PRIMARY);
            case "stopped replica" -> new Told.Stopped(Role.REPLICA);
            case "primary" -> new Told.Running(STARTED, Role.PRIMARY, Optional.empty());
            case "replica" -> new Told.Running(STARTED, Role.REPLICA, Optional.empty());
            case "earlier primary" -> new Told.Running(5, Role.PRIMARY, Optional.empty());
            case "earlier replica" -> new Told.Running(5, Role.REPLICA, Optional.empty());
            default -> throw new AssertionError(what);
        };
    }

    @ParameterizedTest
    @CsvSource({
        "nothing,         primary,                       on_start primary",
        "nothing,         replica,                       on_start replica",
        "nothing,         gone,                          ",
        "stopped primary, primary,                       on_start primary",
        "stopped primary, replica,                       on_role_change replica",
        "stopped replica, replica,                       on_start replica",
        "stopped replica, primary,                       on_role_change primary",
        "stopped replica, gone,                          ",
        "primary,         primary,                       ",
        "primary,         gone,                          on_stop primary",
        "replica,         gone,                          on_stop replica",
        "replica,         primary,                       on_role_change primary",
        "primary,         replica,                       on_role_change replica",
        "earlier primary, primary,                       on_restart primary",
        "earlier replica, replica,                       on_restart replica",
        "earlier replica, primary,                       on_role_change primary",
        "primary,         starting,                      ",
        "primary,         silent,                        ",
        "primary,         unprobed,                      ",
        "primary,         guard away,                    ",
        "replica,         primary without proof,         ",
        "replica,         primary that another replaced, ",
        "replica,         replica with the leader key,   ",
        "nothing,         restore,                       "
    })
    void whatIsToldLastAndWhatIsSeenNameTheCall(String before, String now, String call) {
        Step step = follow(told(before), seen(now));

        assertThat(step.call().map(c -> c.event().text() + " " + c.role().text()))
                .isEqualTo(Optional.ofNullable(call));
        assertThat(follow(step.told(), seen(now)).call()).as("told twice").isEmpty();
        if (call == null && !told(before).equals(NOTHING)) {
            assertThat(role(step.told())).isEqualTo(role(told(before)));
        }
    }

    private static Role role(Told told) {
        return switch (told) {
            case Told.Running running -> running.role();
            case Told.Stopped stopped -> stopped.role();
            case Told.Nothing _ -> throw new AssertionError("nothing was told");
        };
    }

    @Test
    void anOrderedRestartIsOneCall() {
        Told before = told("primary");
        Situation stopped =
                Situation.ofPrimary()
                        .stopped()
                        .orders(
                                Orders.NONE.withRestart(
                                        Optional.of(
                                                new Orders.Restart(
                                                        STARTED,
                                                        Situation.ofPrimary().now(),
                                                        Optional.empty()))));

        assertThat(follow(before, stopped)).isEqualTo(new Step(before, Optional.empty()));
        assertThat(follow(told("earlier primary"), Situation.ofPrimary()).call())
                .contains(new Call(Event.ON_RESTART, Role.PRIMARY));
        assertThat(follow(before, stopped.shutdown()).call())
                .as("the agent is told to end meanwhile")
                .contains(new Call(Event.ON_STOP, Role.PRIMARY));
    }

    @Test
    void aChangedConfigurationIsToldOnceItIsApplied() {
        Told before = follow(NOTHING, Situation.ofPrimary()).told();
        ServerFiles other =
                new ServerFiles(
                        new TreeMap<>(),
                        List.of("host all all all reject"),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        "\"pg2\"");

        Step step = follow(before, Situation.ofPrimary().applied(Optional.of(other)));

        assertThat(step.call()).contains(new Call(Event.ON_RELOAD, Role.PRIMARY));
        assertThat(
                        follow(
                                        step.told(),
                                        Situation.ofPrimary()
                                                .applied(Optional.of(other.withSyncNames("pg3"))))
                                .call())
                .as("other names of standbys are no operator's change")
                .isEmpty();
    }

    @Test
    void anAgentThatHasJustStartedDoesNotTakeTheConfigurationForAChangedOne() {
        Told before = follow(NOTHING, Situation.ofPrimary()).told();

        Step unknown = follow(before, Situation.ofPrimary().applied(Optional.empty()));

        assertThat(unknown).isEqualTo(new Step(before, Optional.empty()));
        assertThat(follow(unknown.told(), Situation.ofPrimary()).call()).isEmpty();
    }

    @Test
    void anOrderedReloadIsToldWhenNothingIsLeftToApply() {
        Situation calm = Situation.ofPrimary();
        Told before = follow(NOTHING, calm).told();
        Decision applies =
                Say.of(calm.observe(), Reason.Code.LEAD, "")
                        .act(new Action.ApplyFiles(calm.observe().applied().orElseThrow()))
                        .decision();

        assertThat(Callbacks.follow(before, calm.observe(), applies, Reload.ORDERED).call())
                .isEmpty();
        assertThat(Callbacks.follow(before, calm.observe(), calm.decide(), Reload.ORDERED).call())
                .contains(new Call(Event.ON_RELOAD, Role.PRIMARY));
    }
}
