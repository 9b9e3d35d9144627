package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The programs that an operator names, in one cluster's life: it begins as a server that is lost
 * but for a backup and an archive, and is recovered to a point in time.
 */
@Tag("long")
final class OperatorProgramsIT {
    private final TestCluster cluster =
            TestCluster.prepare(new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON));
    private final Member first = cluster.member("pg1");
    private final Member second = cluster.member("pg2");
    private Path directory = cluster.directory();

    @BeforeEach
    void makeBackup() throws IOException {
        directory = Files.createDirectories(cluster.directory().resolve("backups"));
        Files.createDirectories(directory.resolve("archive"));
        cluster.account().own(directory);
        HandMade.startedIn(cluster, second);
        second.execute("ALTER SYSTEM SET archive_mode = on");
        second.execute(
                "ALTER SYSTEM SET archive_command = 'cp %%p %s/archive/%%f'".formatted(directory));
        HandMade.stop(cluster, second);
        HandMade.start(cluster, second);
        HandMade.run(
                cluster,
                "pg_basebackup",
                "--dbname=postgresql://replicator:rep-secret@127.0.0.1:" + second.postgresPort(),
                "--checkpoint=fast",
                "--pgdata=" + directory.resolve("base"));
        second.execute("CREATE TABLE kept AS SELECT 42 AS answer");
        second.sql("SELECT pg_create_restore_point('before the accident')");
        second.execute("CREATE TABLE accident ()");
        second.sql("SELECT pg_switch_wal()");
        HandMade.stop(cluster, second);
        Files.move(second.dataDirectory(), second.directory().resolve("lost"));
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void aClusterIsRecoveredAndItsProgramsAreCalled() throws IOException {
        try {
            recoversToAPointInTime();
            copiesByTheFirstMethodThatSucceeds();
            tellsASwitchover();
            tellsNothingTwice();
            isHeldBackByPrePromote();
            tellsAnEnd();
        } catch (RuntimeException | Error e) {
            System.err.println(cluster.logs());
            throw e;
        }
    }

    private void recoversToAPointInTime() throws IOException {
        configure(first);
        configure(second);
        first.startAgent();
        assertThat(cluster.awaitPrimaryOf(List.of(first))).isEqualTo(first);
        assertThat(first.sql("SELECT answer FROM kept")).isEqualTo("42");
        assertThat(first.sql("SELECT to_regclass('accident') IS NULL")).isEqualTo("t");
        assertThat(first.sql("SELECT note FROM made_after_bootstrap")).isEqualTo("pg1");
        assertThat(cluster.key("initialize"))
                .contains(first.sql("SELECT system_identifier FROM pg_control_system()"));
        assertThat(said("restore"))
                .containsExactly(
                        "pg1 "
                                + directory.resolve("base")
                                + " --scope="
                                + MemberFile.SCOPE
                                + " --datadir="
                                + first.dataDirectory()
                                + " --level=3");
        awaitCalls(first, "on_start primary");
    }

    private void copiesByTheFirstMethodThatSucceeds() throws IOException {
        second.startAgent();
        assertThat(cluster.awaitHealthy()).isEqualTo(first);
        assertThat(second.sql("SELECT answer FROM kept")).isEqualTo("42");
        assertThat(said("copy"))
                .singleElement()
                .asString()
                .startsWith("pg2 --scope=" + MemberFile.SCOPE + " --role=replica --datadir=")
                .contains("--connstring=")
                .contains(String.valueOf(first.relay().port()))
                .endsWith("--speed=high");
        awaitCalls(second, "on_start replica");
    }

    private void tellsASwitchover() throws IOException {
        switchover(second);
        assertThat(cluster.awaitHealthy()).isEqualTo(second);
        awaitCalls(first, "on_stop primary", "on_role_change replica");
        awaitCalls(second, "on_role_change primary");
        assertThat(said("before_stop")).containsExactly("pg1");
        assertThat(said("pre_promote")).containsExactly("pg2");
    }

    private void tellsNothingTwice() throws IOException {
        second.signalAgent(Signal.KILL);
        int _ = second.awaitAgentExit();
        second.startAgent();
        assertThat(cluster.awaitHealthy()).isEqualTo(second);
        ctl("reload", MemberFile.SCOPE, second.name(), "--force");
        awaitCalls(second, "on_reload primary");
        ctl("restart", MemberFile.SCOPE, second.name(), "--force");
        awaitCalls(second, "on_restart primary");
        assertThat(cluster.awaitHealthy()).isEqualTo(second);
    }

    /** Whoever may not lead gives way, and the former primary serves again. */
    private void isHeldBackByPrePromote() throws IOException {
        Files.createFile(directory.resolve("forbidden-pg1"));
        Finished _ = switchoverTo(first);
        assertThat(cluster.awaitHealthy()).isEqualTo(second);
        assertThat(said("pre_promote")).startsWith("pg2", "pg1");
        assertThat(first.rest().get("/holdfast/journal").body()).contains("ended with status 4");
        awaitCalls(second, "on_stop primary", "on_role_change replica", "on_role_change primary");
    }

    private void tellsAnEnd() throws IOException {
        Files.deleteIfExists(directory.resolve("calls-pg1"));
        first.signalAgent(Signal.TERM);
        assertThat(first.awaitAgentExit()).isZero();
        assertThat(said("calls-pg1")).containsExactly("on_stop replica " + MemberFile.SCOPE);
    }

    private void switchover(Member to) {
        Finished ctl = switchoverTo(to);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
    }

    private Finished switchoverTo(Member to) {
        return cluster.ctl("switchover", "--force", "--candidate", to.name());
    }

    private void ctl(String... arguments) {
        Finished ctl = cluster.ctl(arguments);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
    }

    /** These, and nothing else, since this was last asked. */
    private void awaitCalls(Member member, String... calls) throws IOException {
        Path file = directory.resolve("calls-" + member.name());
        List<String> wanted =
                List.of(calls).stream().map(call -> call + " " + MemberFile.SCOPE).toList();
        Await.until(
                member + " calls " + wanted + ", not " + file,
                () -> said("calls-" + member.name()).size() >= wanted.size());
        assertThat(said("calls-" + member.name())).containsExactlyElementsOf(wanted);
        Files.delete(file);
    }

    private List<String> said(String what) throws IOException {
        Path file = directory.resolve(what);
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    // --- the operator's files

    private void configure(Member member) throws IOException {
        String name = member.name();
        String bin = Programs.postgres().toString();
        String restore =
                script(
                        member,
                        "restore",
                        "for arg; do case $arg in --datadir=*) dir=${arg#*=};; esac; done",
                        "cp -a \"$1\"/. \"$dir\"");
        String copy =
                script(
                        member,
                        "copy",
                        "for arg; do case $arg in --datadir=*) dir=${arg#*=};; --connstring=*) from=${arg#*=};; esac; done",
                        "exec %s/pg_basebackup --dbname=\"$from\" --pgdata=\"$dir\" --checkpoint=fast"
                                .formatted(bin));
        String after =
                script(
                        member,
                        "post_bootstrap",
                        "exec %s/psql \"$1\" -c \"CREATE TABLE made_after_bootstrap AS SELECT '%s' AS note\""
                                .formatted(bin, name));
        String forbid =
                script(
                        member,
                        "pre_promote",
                        "[ ! -e %s/forbidden-%s ] || exit 4".formatted(directory, name));
        member.writeFile(
                Files.readString(member.yamlFile())
                                .replace(
                                        "  initdb:\n",
                                        """
                                          method: pitr
                                          pitr:
                                            command: %s %s/base
                                            level: 3
                                            recovery_conf:
                                              recovery_target_name: before the accident
                                              restore_command: cp %s/archive/%%f %%p
                                          post_bootstrap: %s
                                          initdb:
                                        """
                                                .formatted(restore, directory, directory, after))
                        + """
                          create_replica_methods: [broken, copy, basebackup]
                          broken: {command: /bin/false}
                          copy: {command: %1$s, speed: high}
                          callbacks:
                            on_start: %4$s
                            on_stop: %4$s
                            on_restart: %4$s
                            on_reload: %4$s
                            on_role_change: %4$s
                          pre_promote: %2$s
                          before_stop: %3$s
                        """
                                .formatted(
                                        copy,
                                        forbid,
                                        script(member, "before_stop"),
                                        script(member, "calls-" + name)));
    }

    /** Writes its arguments down, with the member's name before them but for callbacks. */
    private String script(Member member, String what, String... lines) throws IOException {
        Path file = member.directory().resolve(what + ".sh");
        String who = what.startsWith("calls") ? "" : member.name() + "${1:+ }";
        Files.writeString(
                file,
                "#!/bin/sh\necho \"%s$*\" >> %s/%s\n%s\n"
                        .formatted(who, directory, what, String.join("\n", lines)));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        cluster.account().own(file);
        return file.toString();
    }
}
