package dev.holdfast.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
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
    void understandsTheWatchdog() throws IOException {
        assertThat(GuardLine.parse("event\twatchdog\trequired\t5\t"))
                .isEqualTo(
                        new GuardLine.Watchdog(
                                new WatchdogState(AgentConfig.Watchdog.Mode.REQUIRED, 5, "")));
        assertThat(GuardLine.parse("event\twatchdog\tautomatic\t0\tthere is none"))
                .isEqualTo(
                        new GuardLine.Watchdog(
                                new WatchdogState(
                                        AgentConfig.Watchdog.Mode.AUTOMATIC, 0, "there is none")));
    }

    @Test
    void understandsAnswers() throws IOException {
        assertThat(GuardLine.parse("7\tok\t99")).isEqualTo(new GuardLine.Done("7", List.of("99")));
        assertThat(GuardLine.parse("8\terror\tnot now"))
                .isEqualTo(new GuardLine.Refused("8", "not now"));
    }

    @Test
    void passesOverWhatANewerGuardSays() throws IOException {
        assertThat(GuardLine.parse("event\tweather\tfine")).isInstanceOf(GuardLine.Unheard.class);
    }

    @Test
    void refusesAKnownLineWithAWrongField() {
        for (String wrong :
                List.of(
                        "",
                        "event",
                        "event\tgone",
                        "event\tgone\tx",
                        "event\thello\t2\t7\tboot",
                        "event\twatchdog\tnever\t0\t",
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
