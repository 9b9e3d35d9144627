package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.Scripts.Data;
import dev.holdfast.core.config.Scripts.Leader;
import dev.holdfast.core.config.Scripts.NewCluster;
import dev.holdfast.core.config.Scripts.Parameters;
import dev.holdfast.core.config.Scripts.Recovery;
import dev.holdfast.core.config.Scripts.ReplicaMethod;
import dev.holdfast.core.config.Scripts.Script;
import dev.holdfast.core.config.Scripts.Service;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The operator's programs are named as Patroni's documentation names them. */
class ScriptsReaderTest {
    private static Scripts read(String yaml) {
        ConfigTree root = ConfigTree.of(Yaml.tree(yaml));
        Scripts scripts = ScriptsReader.read(root);
        root.finish();
        assertThat(Yaml.sentences(root.problems())).isEmpty();
        return scripts;
    }

    private static List<String> problems(String yaml) {
        ConfigTree root = ConfigTree.of(Yaml.tree(yaml));
        Scripts _ = ScriptsReader.read(root);
        root.finish();
        return Yaml.sentences(root.problems());
    }

    @Test
    void aFileWithoutProgramsComesToTheDefaults() {
        assertThat(read("postgresql: {}")).isEqualTo(Scripts.NONE);
        assertThat(read("postgresql: {create_replica_methods: [basebackup]}"))
                .isEqualTo(Scripts.NONE);
    }

    @Test
    void callbacksAndHooksHaveAMinuteUnlessTheFileSaysOtherwise() {
        Scripts scripts =
                read(
                        """
                        postgresql:
                          callbacks:
                            on_start: /etc/cb --quiet 'a b'
                            on_role_change: >
                              /etc/cb
                                  --switch-when
                                  promoted
                          callback_timeout: 90
                          pre_promote: /etc/fence
                          pre_promote_timeout: 5
                          before_stop: /etc/drain
                        """);
        assertThat(scripts.callbacks())
                .isEqualTo(
                        new TreeMap<>(
                                Map.of(
                                        "on_start",
                                        new Script(
                                                List.of("/etc/cb", "--quiet", "a b"),
                                                Duration.ofSeconds(90)),
                                        "on_role_change",
                                        new Script(
                                                List.of("/etc/cb", "--switch-when", "promoted"),
                                                Duration.ofSeconds(90)))));
        assertThat(scripts.prePromote())
                .contains(new Script(List.of("/etc/fence"), Duration.ofSeconds(5)));
        assertThat(scripts.beforeStop())
                .contains(new Script(List.of("/etc/drain"), Duration.ofSeconds(60)));
    }

    @Test
    void servicesThatFollowTheLeaderAreReadInTheirOrder() {
        Scripts scripts =
                read(
                        """
                        follow_leader:
                          queue:
                            unit: rabbitmq-server.service
                          cache:
                            start: /etc/cache up
                            stop: /etc/cache down
                            start_timeout: 5
                            stop_timeout: 2
                        """);
        assertThat(scripts.services())
                .containsExactly(
                        new Service(
                                "queue",
                                new Script(
                                        List.of("systemctl", "start", "rabbitmq-server.service"),
                                        Duration.ofSeconds(60)),
                                new Script(
                                        List.of("systemctl", "stop", "rabbitmq-server.service"),
                                        Duration.ofSeconds(10))),
                        new Service(
                                "cache",
                                new Script(List.of("/etc/cache", "up"), Duration.ofSeconds(5)),
                                new Script(List.of("/etc/cache", "down"), Duration.ofSeconds(2))));
    }

    @Test
    void aServiceHasAUnitOrBothCommands() {
        for (String service :
                List.of(
                        "{}",
                        "{start: /bin/x}",
                        "{stop: /bin/x}",
                        "{unit: a.service, start: /bin/x}",
                        "{unit: a.service, start: /bin/x, stop: /bin/y}")) {
            assertThat(problems("follow_leader: {cache: " + service + "}"))
                    .singleElement()
                    .asString()
                    .startsWith("ERROR follow_leader.cache.unit: ")
                    .endsWith("either a unit of systemd here, or both start and stop.");
        }
        assertThat(problems("follow_leader: {'a b': {unit: a.service}}")).hasSize(1);
    }

    @Test
    void aCallbackOfAnotherNameIsNamed() {
        assertThat(problems("postgresql: {callbacks: {on_strat: /bin/x}}"))
                .containsExactly(
                        "WARNING postgresql.callbacks.on_strat: found a key that Holdfast does not know, which is ignored.");
    }

    @Test
    void aPointInTimeBootstrapPromotesAtItsTarget() {
        Scripts scripts =
                read(
                        """
                        bootstrap:
                          method: pitr
                          pitr:
                            command: /etc/restore now
                            no_params: false
                            arg1: value1
                            level: 3
                            recovery_conf:
                              recovery_target_time: 2026-01-01 00:00:00
                              restore_command: cp /a/%f %p
                          post_init: /etc/after
                        """);
        TreeMap<String, String> recovery = new TreeMap<>();
        recovery.put("recovery_target_time", "2026-01-01 00:00:00");
        recovery.put("restore_command", "cp /a/%f %p");
        recovery.put("recovery_target_action", "promote");
        assertThat(scripts.newCluster())
                .contains(
                        new NewCluster(
                                "pitr",
                                List.of("/etc/restore", "now"),
                                List.of("--arg1=value1", "--level=3"),
                                Parameters.PASSED,
                                new Recovery.Settings(recovery)));
        assertThat(scripts.postBootstrap()).contains(List.of("/etc/after"));
    }

    @Test
    void whatAMethodWroteItselfIsKeptWhereTheFileSaysSo() {
        assertThat(
                        read("bootstrap: {method: m, m: {command: /m, no_params: true, keep_existing_recovery_conf: true}}")
                                .newCluster())
                .map(NewCluster::recovery)
                .contains(new Recovery.Existing());
    }

    @Test
    void aTargetThatIsNotPromotedAtIsRefused() {
        assertThat(
                        problems(
                                "bootstrap: {method: m, m: {command: /m, recovery_conf: {recovery_target_action: pause}}}"))
                .containsExactly(
                        "ERROR bootstrap.m.recovery_conf.recovery_target_action: found \"pause\", expected promote: the new cluster's"
                                + " first member is to lead.");
    }

    @Test
    void replicaMethodsAreReadInTheirOrder() {
        Scripts scripts =
                read(
                        """
                        postgresql:
                          create_replica_methods: [pgbackrest, wal_e, basebackup]
                          pgbackrest:
                            command: /usr/bin/pgbackrest --stanza=demo --delta restore
                            keep_data: true
                            no_params: true
                          wal_e:
                            command: wale_restore
                            no_leader: 1
                            envdir: /etc/wal
                        """);
        assertThat(scripts.replicas())
                .containsExactly(
                        new ReplicaMethod.Command(
                                "pgbackrest",
                                List.of(
                                        "/usr/bin/pgbackrest",
                                        "--stanza=demo",
                                        "--delta",
                                        "restore"),
                                List.of(),
                                Parameters.OMITTED,
                                Leader.NEEDED,
                                Data.KEPT),
                        new ReplicaMethod.Command(
                                "wal_e",
                                List.of("wale_restore"),
                                List.of("--envdir=/etc/wal"),
                                Parameters.PASSED,
                                Leader.NOT_NEEDED,
                                Data.REPLACED),
                        new ReplicaMethod.BaseBackup());
        assertThat(scripts.copiesWithoutLeader()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "'a", "\"a", "a\\"})
    void aCommandThatIsNoneIsRefused(String command) {
        assertThat(ShellWords.split(command)).isEmpty();
    }

    @Test
    void wordsAreSplitAsAShellSplitsThem() {
        assertThat(ShellWords.split(" a  b\t'c d' \"e \\\" \\n\" f\\ g '' h'i'\"j\" "))
                .isEqualTo(Optional.of(List.of("a", "b", "c d", "e \" \\n", "f g", "", "hij")));
    }

    @Test
    void methodsThatOnlyTheDynamicConfigurationNamesAreKnownToo() {
        Scripts scripts =
                read(
                        """
                        postgresql:
                          create_replica_methods: [barman]
                          barman: {command: /b}
                          wal_g: {command: /w, no_leader: true}
                        """);
        assertThat(scripts.replicas()).hasSize(1);
        assertThat(scripts.named()).containsOnlyKeys("barman", "basebackup", "wal_g");
        assertThat(scripts.named().get("barman")).isEqualTo(scripts.replicas().getFirst());
    }
}
