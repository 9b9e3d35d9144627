package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The files of docs/examples with the programs they are for: a cluster is made out of a backup up
 * to a restore point, and a standby is copied from a backup.
 */
@Tag("long")
final class BackupToolsIT {
    private final TestCluster cluster =
            TestCluster.prepare(new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.OFF));
    private final Member first = cluster.member("pg1");
    private final Member second = cluster.member("pg2");
    private Path directory = cluster.directory();

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createDirectories(cluster.directory().resolve("backups"));
        for (String each : List.of("repository", "log", "lock", "conf")) {
            Files.createDirectories(directory.resolve(each));
        }
        write(
                "pass",
                "*:*:*:%s:%s\n*:*:*:replicator:rep-secret\n".formatted(Sql.USER, Sql.PASSWORD));
        cluster.account().own(directory);
    }

    @AfterEach
    void end() {
        cluster.close();
    }

    @Test
    void pgBackRest() throws IOException {
        new PgBackRest().passes();
    }

    @Test
    void barman() throws IOException {
        new Barman().passes();
    }

    private abstract sealed class Tool permits PgBackRest, Barman {
        abstract String name();

        /** What archives on this member. */
        abstract String archiveCommand(Member member);

        /** The server of this member is the one whose backups are made from now on. */
        abstract void follows(Member member) throws IOException;

        abstract void backup(Member member);

        /** The example, with the places of this test for its own. */
        abstract String example(Member member) throws IOException;

        void passes() throws IOException {
            boolean installed =
                    List.of(System.getenv("PATH").split(":")).stream()
                            .anyMatch(place -> Files.isExecutable(Path.of(place, name())));
            assumeTrue(installed, name() + " is not installed: scripts/deps.sh chaos installs it");
            try {
                losesItsServerButForABackup();
                isMadeOutOfTheBackup();
                isCopiedFromABackup();
            } catch (RuntimeException | Error e) {
                System.err.println(cluster.logs());
                throw e;
            }
        }

        private void losesItsServerButForABackup() throws IOException {
            HandMade.startedIn(cluster, second);
            HandMade.stop(cluster, second);
            Path settings = second.dataDirectory().resolve("postgresql.conf");
            Files.writeString(
                    settings,
                    Files.readString(settings)
                            + "archive_mode = on\narchive_command = '%s'\n"
                                    .formatted(archiveCommand(second)));
            follows(second);
            HandMade.start(cluster, second);
            backup(second);
            second.execute("CREATE TABLE kept AS SELECT 42 AS answer");
            second.sql("SELECT pg_create_restore_point('before-the-accident')");
            second.execute("CREATE TABLE accident ()");
            second.sql("SELECT pg_switch_wal()");
            HandMade.stop(cluster, second);
            archived();
            Files.move(second.dataDirectory(), second.directory().resolve("lost"));
        }

        void archived() {}

        private void isMadeOutOfTheBackup() throws IOException {
            for (Member member : cluster.members()) {
                configure(member, example(member), archiveCommand(member));
            }
            follows(first);
            first.startAgent();
            assertThat(cluster.awaitPrimaryOf(List.of(first))).isEqualTo(first);
            assertThat(first.sql("SELECT answer FROM kept")).isEqualTo("42");
            assertThat(first.sql("SELECT to_regclass('accident') IS NULL")).isEqualTo("t");
        }

        private void isCopiedFromABackup() throws IOException {
            backup(first);
            first.execute("CREATE TABLE later AS SELECT 43 AS answer");
            second.startAgent();
            assertThat(cluster.awaitHealthy()).isEqualTo(first);
            Await.until(
                    "the standby has what came after the backup",
                    () -> second.sql("SELECT answer FROM later").equals("43"));
            assertThat(Files.readString(second.log()))
                    .contains("postgresql." + name())
                    .doesNotContain("a copy was not made");
        }
    }

    private final class PgBackRest extends Tool {
        @Override
        String name() {
            return "pgbackrest";
        }

        private Path configuration(Member member) {
            return directory.resolve(member.name() + ".conf");
        }

        private String at(Member member) {
            return "pgbackrest --config=" + configuration(member);
        }

        @Override
        String archiveCommand(Member member) {
            return at(member) + " --stanza=demo archive-push %p";
        }

        @Override
        void follows(Member member) throws IOException {
            for (Member each : cluster.members()) {
                write(
                        each.name() + ".conf",
                        Files.readString(docs("pgbackrest/pgbackrest.conf"))
                                .replace("/var/lib/pgbackrest", directory + "/repository")
                                .replace("/srv/pg/data", each.dataDirectory().toString())
                                .replace("=5432", "=" + each.postgresPort())
                                .replace("/run/postgresql", each.directory() + "/run")
                                .replace(
                                        "[demo]",
                                        "log-path=%1$s/log\nlock-path=%1$s/lock\n[demo]\npg1-user=%2$s"
                                                .formatted(directory, Sql.USER)));
            }
        }

        @Override
        void backup(Member member) {
            run(
                    "pgbackrest",
                    "--config=" + configuration(member),
                    "--stanza=demo",
                    "stanza-create");
            run("pgbackrest", "--config=" + configuration(member), "--stanza=demo", "backup");
        }

        @Override
        String example(Member member) throws IOException {
            return Files.readString(docs("pgbackrest/holdfast.yml"))
                    .replace("command: pgbackrest", "command: " + at(member));
        }
    }

    private final class Barman extends Tool {
        @Override
        String name() {
            return "barman";
        }

        @Override
        String archiveCommand(Member member) {
            return "cp %p " + directory + "/repository/demo/incoming/%f";
        }

        @Override
        void follows(Member member) throws IOException {
            write(
                    "barman.conf",
                    """
                    [barman]
                    barman_home = %1$s/repository
                    barman_user = %2$s
                    log_file = %1$s/log/barman.log
                    configuration_files_directory = %1$s/conf
                    """
                            .formatted(directory, Files.getOwner(member.directory()).getName()));
            write(
                    "conf/demo.conf",
                    Files.readString(docs("barman/barman-demo.conf"))
                            .replace("port=5432", "port=" + member.postgresPort())
                            .replace("user=postgres", "user=" + Sql.USER)
                            .replace("/usr/lib/postgresql/15/bin", Programs.postgres().toString()));
            write(
                    "barman-here",
                    "#!/bin/sh\nexec /usr/bin/barman -c %s/barman.conf \"$@\"\n"
                            .formatted(directory));
            write(
                    "restore.sh",
                    Files.readString(docs("barman/restore.sh"))
                            .replace("exec barman", "exec " + directory + "/barman-here"));
            for (String script : List.of("barman-here", "restore.sh")) {
                Files.setPosixFilePermissions(
                        directory.resolve(script), PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            Files.createDirectories(directory.resolve("repository/demo/incoming"));
            cluster.account().own(directory);
        }

        private void barman(String... arguments) {
            List<String> command = new ArrayList<>(List.of(directory + "/barman-here"));
            command.addAll(List.of(arguments));
            run(command.toArray(String[]::new));
        }

        @Override
        void backup(Member member) {
            member.sql("SELECT pg_switch_wal()");
            Await.until(
                    "a segment is archived",
                    () -> !member.sql("SELECT archived_count FROM pg_stat_archiver").equals("0"));
            archived();
            barman("backup", "--wait", "demo");
        }

        @Override
        void archived() {
            barman("archive-wal", "demo");
        }

        @Override
        String example(Member member) throws IOException {
            return Files.readString(docs("barman/holdfast.yml"))
                    .replace("/etc/holdfast/restore.sh", directory + "/restore.sh");
        }
    }

    private static Path docs(String name) {
        return Checkout.found().directory().resolve("docs/examples").resolve(name);
    }

    private void write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        cluster.account().own(file);
    }

    private void run(String... command) {
        List<String> all = new ArrayList<>(List.of("env", "PGPASSFILE=" + directory + "/pass"));
        all.addAll(List.of(command));
        Finished finished = Finished.run(cluster.account(), all);
        assertThat(finished.status()).as(finished.toString()).isZero();
    }

    /** The two sections of the example become a part of the member's file. */
    private static void configure(Member member, String example, String archiveCommand)
            throws IOException {
        int postgresql = example.indexOf("postgresql:\n", example.indexOf("bootstrap:\n"));
        String bootstrap =
                example.substring(
                        example.indexOf("bootstrap:\n") + "bootstrap:\n".length(), postgresql);
        member.writeFile(
                Files.readString(member.yamlFile())
                                .replace("  initdb:\n", bootstrap + "  initdb:\n")
                        + "    archive_mode: on\n    archive_command: "
                        + archiveCommand
                        + "\n"
                        + example.substring(postgresql + "postgresql:\n".length()));
    }
}
