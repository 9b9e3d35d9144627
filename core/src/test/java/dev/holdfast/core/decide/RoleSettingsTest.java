package dev.holdfast.core.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.postgres.ServerFiles;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A server has what is configured for the role that it is in. */
final class RoleSettingsTest {
    private static RoleSettings settings(String workMem, String... hba) {
        return new RoleSettings(
                new TreeMap<>(Map.of("work_mem", workMem)), List.of(hba), List.of());
    }

    private static final RoleSettings.ByRole OF_CLUSTER =
            new RoleSettings.ByRole(
                    settings("1MB", "host primary all all trust"),
                    settings("2MB", "host replica all all trust"),
                    settings("4MB", "host standby_leader all all trust"));

    private static ServerFiles primary(Situation situation) {
        return Files.forPrimary(situation.config(c -> c.roles(OF_CLUSTER)).observe(), "");
    }

    private static ServerFiles standby(Situation situation) {
        Observation o = situation.config(c -> c.roles(OF_CLUSTER)).observe();
        return Files.forStandby(o, o.cluster().orElseThrow(), Optional.empty());
    }

    @Test
    void eachRoleHasItsOwnParametersAndLines() {
        assertThat(primary(Situation.ofPrimary()).parameters()).containsEntry("work_mem", "1MB");
        assertThat(primary(Situation.ofPrimary()).hba())
                .containsExactly("host primary all all trust");
        assertThat(standby(Situation.ofSyncStandby()).parameters())
                .containsEntry("work_mem", "2MB");
        assertThat(standby(Situation.ofSyncStandby()).hba())
                .containsExactly("host replica all all trust");
    }

    @Test
    void theMembersOwnWinOverTheClusters() {
        RoleSettings.ByRole own =
                new RoleSettings.ByRole(
                        RoleSettings.none(),
                        settings("3MB", "local all all peer"),
                        RoleSettings.none());

        assertThat(primary(Situation.ofPrimary().roles(own)).parameters())
                .containsEntry("work_mem", "1MB");
        assertThat(standby(Situation.ofSyncStandby().roles(own)).parameters())
                .containsEntry("work_mem", "3MB");
        assertThat(standby(Situation.ofSyncStandby().roles(own)).hba())
                .containsExactly("local all all peer");
    }

    @Test
    void aPromotedServerGetsWhatIsForAPrimary() {
        Situation promoted =
                Situation.ofPrimary()
                        .config(c -> c.roles(OF_CLUSTER))
                        .applied(Optional.of(standby(Situation.ofSyncStandby())));

        assertThat(Decide.decide(promoted.observe()).actions())
                .filteredOn(Action.ApplyFiles.class::isInstance)
                .singleElement()
                .satisfies(action ->
                        assertThat(((Action.ApplyFiles) action).files().parameters())
                                .containsEntry("work_mem", "1MB"));
    }
}
