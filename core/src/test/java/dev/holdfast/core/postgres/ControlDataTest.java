package dev.holdfast.core.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData.State;
import org.junit.jupiter.api.Test;

class ControlDataTest {
    private static final Lsn CHECKPOINT = new Lsn(0x3018018);

    private static ControlData control(State state, Lsn minRecoveryPoint) {
        return new ControlData(
                new SystemIdentifier("7000000000000000001"),
                state,
                CHECKPOINT,
                new Timeline(1),
                CHECKPOINT,
                minRecoveryPoint,
                new Timeline(1),
                true,
                true);
    }

    @Test
    void aStandbyThatWasShutDownIsNoPrimary() {
        ControlData standby = control(State.SHUT_DOWN_IN_RECOVERY, CHECKPOINT);
        assertThat(standby.wasPrimary()).isFalse();
        assertThat(standby.isShutDown()).isTrue();
    }

    @Test
    void aPrimaryStoppedInItsCrashRecoveryIsOneThoughTheStateIsThatOfAStandby() {
        ControlData primary = control(State.SHUT_DOWN_IN_RECOVERY, Lsn.ZERO);
        assertThat(primary.wasPrimary()).isTrue();
        assertThat(primary.isShutDown()).isFalse();
    }

    @Test
    void onlyAnOrderlyEndLeavesNothingToRecover() {
        assertThat(control(State.SHUT_DOWN, Lsn.ZERO).isShutDown()).isTrue();
        for (State state : State.values()) {
            if (state != State.SHUT_DOWN && state != State.SHUT_DOWN_IN_RECOVERY) {
                assertThat(control(state, CHECKPOINT).isShutDown()).as(state.name()).isFalse();
            }
        }
    }
}
