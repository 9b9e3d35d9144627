package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.agent.postgres.PendingRestart.Setting;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same value may be written in many ways. */
final class PendingRestartTest {
    private static Setting setting(String type, String value, String unit) {
        return new Setting(
                "p",
                value,
                Optional.ofNullable(unit).filter(u -> !u.isEmpty()),
                type,
                "shown",
                "boot",
                false);
    }

    @ParameterizedTest
    @CsvSource({
        "integer, 16384, 8kB, 128MB",
        "integer, 16384, 8kB, 16384",
        "integer, 16384, 8kB, 131072kB",
        "integer, 16384, 8kB, 0.125GB",
        "integer, 300, s, 5min",
        "integer, 100, '', 100",
        "integer, -1, 8kB, -1",
        "real, 0.5, '', .5",
        "real, 2, ms, 2000us",
        "bool, on, '', TRUE",
        "bool, on, '', 1",
        "bool, off, '', of",
        "enum, replica, '', Replica",
        "string, a b, '', a b",
    })
    void whatIsTheSameNeedsNoRestart(String type, String value, String unit, String wanted) {
        assertThat(PendingRestart.of(List.of(setting(type, value, unit)), Map.of("p", wanted)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "integer, 16384, 8kB, 256MB",
        "integer, 100, '', 200",
        "real, 0.5, '', 0.6",
        "bool, on, '', off",
        "enum, replica, '', logical",
        "string, a, '', A",
    })
    void whatDiffersIsShownAsItIsAndAsItIsWanted(
            String type, String value, String unit, String wanted) {
        assertThat(PendingRestart.of(List.of(setting(type, value, unit)), Map.of("p", wanted)))
                .containsExactly(Map.entry("p", "shown->" + wanted));
    }

    @Test
    void whatWasTakenOutOfTheConfigurationGoesBackToItsDefault() {
        Setting pending = new Setting("p", "5", Optional.empty(), "integer", "5", "0", true);
        assertThat(PendingRestart.of(List.of(pending), Map.of()))
                .containsExactly(Map.entry("p", "5->0"));
    }
}
