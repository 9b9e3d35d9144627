package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which parameter goes where, and with which value. */
final class ServerParametersTest {
    private static final ServerParameters.Own OWN =
            new ServerParameters.Own("127.0.0.1,::1", 5433, "demo");

    @Test
    void withoutConfigurationTheDefaultsHold() {
        ServerParameters parameters = ServerParameters.of(Map.of(), OWN, Map.of());
        assertThat(parameters.arguments())
                .containsExactly(
                        "--cluster_name=demo",
                        "--hot_standby=on",
                        "--listen_addresses=127.0.0.1,::1",
                        "--max_connections=100",
                        "--max_locks_per_transaction=64",
                        "--max_prepared_transactions=0",
                        "--max_replication_slots=10",
                        "--max_wal_senders=10",
                        "--max_worker_processes=8",
                        "--port=5433",
                        "--restart_after_crash=off",
                        "--track_commit_timestamp=off",
                        "--wal_level=replica",
                        "--wal_log_hints=on");
        assertThat(parameters.configuration()).containsExactly(Map.entry("wal_keep_size", "128MB"));
        assertThat(parameters.notes()).isEmpty();
    }

    @Test
    void whatMustAgreeAcrossMembersGoesOnTheCommandLine() {
        ServerParameters parameters =
                ServerParameters.of(
                        Map.of("Max_Connections", "200", "wal_level", "logical", "work_mem", "8MB"),
                        OWN,
                        Map.of());
        assertThat(parameters.commandLine())
                .containsEntry("max_connections", "200")
                .containsEntry("wal_level", "logical");
        assertThat(parameters.configuration())
                .containsEntry("work_mem", "8MB")
                .doesNotContainKey("max_connections");
        assertThat(parameters.all()).containsKeys("work_mem", "max_connections");
    }

    @Test
    void whatCannotBeIsReplacedAndSaid() {
        ServerParameters parameters =
                ServerParameters.of(
                        Map.of(
                                "max_wal_senders",
                                "0",
                                "wal_level",
                                "minimal",
                                "max_connections",
                                "x"),
                        OWN,
                        Map.of());
        assertThat(parameters.commandLine())
                .containsEntry("max_wal_senders", "10")
                .containsEntry("max_connections", "100")
                .containsEntry("wal_level", "replica");
        assertThat(parameters.notes()).hasSize(3).allMatch(note -> note.contains("used"));
    }

    @Test
    void holdfastsOwnAreNotTakenFromTheConfiguration() {
        ServerParameters parameters =
                ServerParameters.of(
                        Map.of("port", "1", "restart_after_crash", "on", "primary_conninfo", "x"),
                        OWN,
                        Map.of());
        assertThat(parameters.all())
                .containsEntry("port", "5433")
                .containsEntry("restart_after_crash", "off")
                .doesNotContainKey("primary_conninfo");
        assertThat(parameters.notes()).hasSize(3);
    }

    @Test
    void recoveryRaisesALimitAndNeverLowersOne() {
        ServerParameters parameters =
                ServerParameters.of(
                        Map.of("max_connections", "50", "max_worker_processes", "20"),
                        OWN,
                        Map.of("max_connections", 80, "max_worker_processes", 8));
        assertThat(parameters.commandLine())
                .containsEntry("max_connections", "80")
                .containsEntry("max_worker_processes", "20");
        assertThat(parameters.notes())
                .singleElement()
                .asString()
                .startsWith("max_connections stays at 80 instead of 50");
    }

    @Test
    void anArgumentHoldsNoLineBreak() {
        assertThatThrownBy(() ->
                        ServerParameters.of(
                                Map.of(),
                                new ServerParameters.Own("localhost", 1, "a\nb"),
                                Map.of()))
                .hasMessageContaining("cluster_name");
    }
}
