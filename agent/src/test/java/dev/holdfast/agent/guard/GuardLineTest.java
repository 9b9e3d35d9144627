package dev.holdfast.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.MonoTime;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuardLineTest {
    @Test
    void understandsStates() throws IOException {
        assertThat(GuardLine.parse("event\tstate\tarmed\t123\t45\trunning"))
                .isEqualTo(
                        new GuardLine.State(
                                new GuardState(
                                        new GuardState.Armed(new MonoTime(123)),
                                        45,
                                        GuardState.Phase.RUNNING)));
        assertThat(GuardLine.parse("event\tstate\tpaused\t0\t0\tnone"))
                .isEqualTo(
                        new GuardLine.State(
                                new GuardState(new GuardState.Paused(), 0, GuardState.Phase.NONE)));
    }

    @Test
    void understandsAnswers() throws IOException {
        assertThat(GuardLine.parse("7\tok\t99")).isEqualTo(new GuardLine.Done("7", List.of("99")));
        assertThat(GuardLine.parse("8\terror\tnot now"))
                .isEqualTo(new GuardLine.Refused("8", "not now"));
    }

    @Test
    void passesOverWhatANewerGuardSays() throws IOException {
        assertThat(GuardLine.parse("event\twatchdog\tfed")).isInstanceOf(GuardLine.Unheard.class);
    }

    @Test
    void refusesAKnownLineWithAWrongField() {
        for (String wrong :
                List.of(
                        "",
                        "event",
                        "event\tgone",
                        "event\tgone\tx",
                        "event\tstate\tasleep\t0\t0\tnone",
                        "event\texited\t1\texit",
                        "3\terror")) {
            assertThatThrownBy(() -> GuardLine.parse(wrong))
                    .as(wrong)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("protocol");
        }
    }
}
