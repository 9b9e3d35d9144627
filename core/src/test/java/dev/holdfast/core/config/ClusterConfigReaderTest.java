package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.HostPort;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterConfigReaderTest {
    private static ClusterConfigReader.Read read(String yaml) {
        return ClusterConfigReader.read(Yaml.tree(yaml));
    }

    private static List<String> sentences(String yaml) {
        return Yaml.sentences(read(yaml).problems());
    }

    @Test
    void anEmptyDocumentGivesTheDefaults() {
        ClusterConfigReader.Read read = ClusterConfigReader.read(new TreeMap<>());

        assertThat(read.config()).isEqualTo(ClusterConfig.defaults());
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void everyKeyIsRead() {
        ClusterConfigReader.Read read =
                read(
                        """
                        ttl: 30
                        loop_wait: 5
                        retry_timeout: "3s"
                        maximum_lag_on_failover: 2MB
                        primary_start_timeout: 0
                        primary_stop_timeout: -1
                        synchronous_mode: on
                        synchronous_node_count: 2
                        synchronous_mode_strict: true
                        check_timeline: yes
                        pause: true
                        failsafe_mode: true
                        member_slots_ttl: 30min
                        max_timelines_history: 50
                        postgresql:
                          use_pg_rewind: false
                          use_slots: no
                          parameters: {Max_Connections: 300, archive_mode: true, archive_command: "cp %p /a/%f", work_mem: 4MB, random_page_cost: 1.1}
                          pg_hba: [local all all peer]
                          pg_ident: ["m os pg"]
                        """);

        TreeMap<String, String> parameters = new TreeMap<>();
        parameters.put("archive_command", "cp %p /a/%f");
        parameters.put("archive_mode", "on");
        parameters.put("max_connections", "300");
        parameters.put("random_page_cost", "1.1");
        parameters.put("work_mem", "4MB");
        assertThat(read.problems()).isEmpty();
        assertThat(read.config())
                .isEqualTo(
                        new ClusterConfig(
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(3),
                                2 << 20,
                                Duration.ZERO,
                                Duration.ZERO,
                                SyncMode.ON,
                                2,
                                true,
                                -1,
                                true,
                                true,
                                true,
                                false,
                                false,
                                Duration.ofMinutes(30),
                                50,
                                parameters,
                                List.of("local all all peer"),
                                List.of("m os pg"),
                                RoleSettings.ByRole.none(),
                                SlotSettings.NONE,
                                Optional.empty()));
    }

    @Test
    void aNullMeansTheDefault() {
        ClusterConfigReader.Read read =
                read(
                        "{ttl: null, synchronous_mode: null, postgresql: {parameters: {max_connections: null}}}");

        assertThat(read.config()).isEqualTo(ClusterConfig.defaults());
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void allProblemsAreSaidAtOnceAndTheDefaultsStandIn() {
        ClusterConfigReader.Read read =
                read(
                        """
                        ttl: 2
                        loop_wait: soon
                        maximum_lag_on_failover: -1
                        synchronous_mode: some
                        synchronous_node_count: 0
                        pause: maybe
                        postgresql:
                          use_slots: 2
                          parameters: {max_connections: 5, wal_level: minimal, wal_keep_size: 1, track_commit_timestamp: 7, work_mem: [1], "bad name": 1, archive_command: "a\\nb"}
                          pg_hba: [1, "x\\ny"]
                        """);

        assertThat(read.config()).isEqualTo(ClusterConfig.defaults());
        assertThat(read.hasErrors()).isTrue();
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "ERROR ttl: found 2, expected a whole number of seconds from 3 to 86400.",
                        "ERROR loop_wait: found \"soon\", expected a duration from 1 to 86400 seconds, such as 10, \"10s\" or \"1min\".",
                        "ERROR maximum_lag_on_failover: found -1, expected a whole number of bytes from 0 to 9223372036854775807,"
                                + " or text such as \"16MB\".",
                        "ERROR synchronous_mode: found \"some\", expected on, off or quorum.",
                        "ERROR synchronous_node_count: found 0, expected a whole number from 1 to 1000.",
                        "ERROR pause: found \"maybe\", expected true or false (or on, off, yes, no).",
                        "ERROR postgresql.use_slots: found 2, expected true or false (or on, off, yes, no).",
                        "ERROR postgresql.parameters.work_mem: found a list, expected text on one line, a number, true or false.",
                        "ERROR postgresql.parameters.bad name: found a name with other characters, expected the name of a PostgreSQL"
                                + " parameter.",
                        "ERROR postgresql.parameters.archive_command: found \"a?b\", expected text on one line, a number, true or false.",
                        "ERROR postgresql.parameters.max_connections: found \"5\", expected a whole number from 25 to 2147483647.",
                        "ERROR postgresql.parameters.track_commit_timestamp: found \"7\", expected on or off.",
                        "ERROR postgresql.parameters.wal_keep_size: found \"1\", expected an amount of at least 16MB, such as \"128MB\".",
                        "ERROR postgresql.parameters.wal_level: found \"minimal\", expected one of replica, hot_standby, logical.",
                        "ERROR postgresql.pg_hba[0]: found 1, expected one line of text.",
                        "ERROR postgresql.pg_hba[1]: found \"x?y\", expected one line of text.");
    }

    @ParameterizedTest
    @CsvSource({
        "3,3",
        "'3',3",
        "3.0,3",
        "10s,10",
        "1min,60",
        "3000ms,3",
        "1d,86400",
        "' 1 h ',3600",
        "0.1h,360"
    })
    void aTtlIsReadInSecondsOrWithAUnit(String text, long seconds) {
        assertThat(read("ttl: \"" + text + "\"").config().ttl())
                .isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource({
        "2",
        "2.9",
        "3.5",
        "3500ms",
        "-10",
        "1.1d",
        "10 seconds",
        "''",
        "[10]",
        "true",
        "99999999999999999999"
    })
    void aTtlThatCannotBeKeptIsRefused(String text) {
        ClusterConfigReader.Read read = read("ttl: " + (text.isEmpty() ? "\"\"" : text));

        assertThat(read.config().ttl()).isEqualTo(ClusterConfig.defaults().ttl());
        assertThat(read.problems())
                .singleElement()
                .matches(Problem::isError)
                .matches(p -> p.path().equals("ttl"));
    }

    @Test
    void numbersThatAreNoneOrBeyondAllBoundsAreRefused() {
        for (Number number :
                List.of(
                        Double.NaN,
                        Double.POSITIVE_INFINITY,
                        Float.NEGATIVE_INFINITY,
                        Double.MAX_VALUE,
                        new BigInteger("9".repeat(40)),
                        new BigDecimal("1E-2000"))) {
            TreeMap<String, Object> tree = new TreeMap<>();
            tree.put("loop_wait", number);
            tree.put("maximum_lag_on_failover", number);

            assertThat(ClusterConfigReader.read(tree).problems()).as(number.toString()).hasSize(2);
        }
    }

    @Test
    void parametersThatHoldfastSetsAreIgnoredAndSaid() {
        ClusterConfigReader.Read read =
                read(
                        "postgresql: {parameters: {synchronous_standby_names: '*', port: 1, hot_standby: off, Cluster_Name: x}}");

        assertThat(read.config().parameters()).isEmpty();
        assertThat(read.hasErrors()).isFalse();
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING postgresql.parameters.synchronous_standby_names: found \"*\", which is set by Holdfast and is ignored.",
                        "WARNING postgresql.parameters.port: found 1, which is set by Holdfast and is ignored.",
                        "WARNING postgresql.parameters.hot_standby: found false, which is set by Holdfast and is ignored.",
                        "WARNING postgresql.parameters.Cluster_Name: found \"x\", which is set by Holdfast and is ignored.");
    }

    @Test
    void unknownKeysAndThoseNotSupportedYetAreNamed() {
        assertThat(
                        sentences(
                                """
                                tll: 30
                                maximum_lag_on_syncnode: 1000
                                postgresql: {use_slotz: true, data_dir: /x, pg_hosts: [a]}
                                """))
                .containsExactly(
                        "WARNING postgresql.pg_hosts: found a list, which is not supported yet and is ignored.",
                        "WARNING postgresql.data_dir: found \"/x\", which belongs in each member's own file and is ignored here.",
                        "WARNING tll: found a key that Holdfast does not know, which is ignored.",
                        "WARNING postgresql.use_slotz: found a key that Holdfast does not know, which is ignored.");
    }

    @Test
    void aSettingThatIsNotSupportedAndSwitchesNothingOnIsNoProblem() {
        assertThat(
                        sentences(
                                "{maximum_lag_on_syncnode: -1, slots: {}, ignore_slots: [], standby_cluster: null}"))
                .isEmpty();
    }

    @Test
    void theOldNamesOfTimeoutsAreReadAndTheNewOnesWin() {
        ClusterConfigReader.Read read =
                read("{master_start_timeout: 5, master_stop_timeout: 6, primary_stop_timeout: 7}");

        assertThat(read.config().primaryStartTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(read.config().primaryStopTimeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING master_start_timeout: found the old name of primary_start_timeout, which is read as the new one.",
                        "WARNING master_stop_timeout: found 6, which is ignored, because primary_stop_timeout is there too.");
    }

    @Test
    void whatPostgresql13HasRenamedIsTranslated() {
        String segments = "postgresql: {parameters: {wal_keep_segments: %s}}";
        ClusterConfigReader.Read read = read(segments.formatted("10"));

        assertThat(read.config().parameters()).containsExactly(Map.entry("wal_keep_size", "160MB"));
        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "WARNING postgresql.parameters.wal_keep_segments: found \"10\", which PostgreSQL 13 and newer do not know; it is"
                                + " read as wal_keep_size 160MB.");
        assertThat(sentences(segments.formatted("0")))
                .containsExactly(
                        "ERROR postgresql.parameters.wal_keep_segments: found \"0\", expected a whole number from 1, or rather"
                                + " wal_keep_size, such as \"128MB\".");
        assertThat(sentences(segments.formatted("10, wal_keep_size: 1GB")))
                .containsExactly(
                        "WARNING postgresql.parameters.wal_keep_segments: found \"10\", which is ignored, because wal_keep_size is there"
                                + " too.");
    }

    @Test
    void aSectionOfAnotherShapeIsAnError() {
        assertThat(sentences("postgresql: [1]"))
                .containsExactly(
                        "ERROR postgresql: found a list, expected a map of keys and values.");
        assertThat(sentences("postgresql: {pg_hba: all, parameters: 7}"))
                .containsExactly(
                        "ERROR postgresql.parameters: found 7, expected a map of keys and values.",
                        "ERROR postgresql.pg_hba: found \"all\", expected a list of lines.");
    }

    @Test
    void sharedParametersHaveDefaultsThatTheConfigurationOverrides() {
        assertThat(
                        SharedParameter.effective(
                                read("postgresql: {parameters: {max_connections: 300, wal_level: logical}}")
                                        .config()))
                .containsEntry("max_connections", "300")
                .containsEntry("wal_level", "logical")
                .containsEntry("max_wal_senders", "10")
                .hasSize(SharedParameter.ALL.size());
    }

    @Test
    void aStandbyClusterIsRead() {
        StandbyCluster read =
                read("""
                standby_cluster:
                  host: 10.0.0.1, fe80::1
                  port: 5433
                  primary_slot_name: from_east
                  create_replica_methods: [wal_g, basebackup]
                  restore_command: fetch %f "%p"
                  archive_cleanup_command: clean %r
                  recovery_min_apply_delay: 5min
                """)
                        .config()
                        .standbyCluster()
                        .orElseThrow();

        assertThat(read)
                .isEqualTo(
                        new StandbyCluster(
                                List.of(
                                        new HostPort("10.0.0.1", 5433),
                                        new HostPort("fe80::1", 5433)),
                                Optional.of("from_east"),
                                List.of("wal_g", "basebackup"),
                                new TreeMap<>(
                                        Map.of(
                                                "restore_command", "fetch %f \"%p\"",
                                                "archive_cleanup_command", "clean %r")),
                                new TreeMap<>(Map.of("recovery_min_apply_delay", "5min"))));
        assertThat(
                        read("standby_cluster: {host: \"a,b\", port: \"1,2\"}")
                                .config()
                                .standbyCluster()
                                .orElseThrow()
                                .hosts())
                .containsExactly(new HostPort("a", 1), new HostPort("b", 2));
        assertThat(
                        read("standby_cluster: {port: 5555}")
                                .config()
                                .standbyCluster()
                                .orElseThrow()
                                .hosts())
                .containsExactly(new HostPort("localhost", 5555));
        assertThat(read("standby_cluster: {}").config().standbyCluster()).isEmpty();
        assertThat(read("standby_cluster: null").config().standbyCluster()).isEmpty();
    }

    @Test
    void aStandbyClusterThatFollowsNobodyIsAnErrorAndNotAClusterOfItsOwn() {
        for (String wrong :
                List.of(
                        "standby_cluster: {primary_slot_name: x}",
                        "standby_cluster: true",
                        "standby_cluster: {host: \"a,,b\"}",
                        "standby_cluster: {host: a, port: 70000}",
                        "standby_cluster: {host: \"a,b,c\", port: \"1,2\"}",
                        "standby_cluster: {host: a, primary_slot_name: Big-One}",
                        "standby_cluster: {host: a, restore_command: \"two\\nlines\"}")) {
            ClusterConfigReader.Read read = read(wrong);
            assertThat(read.hasErrors()).as(wrong).isTrue();
            assertThat(read.config().standbyCluster()).as(wrong).isPresent();
        }
    }
}
