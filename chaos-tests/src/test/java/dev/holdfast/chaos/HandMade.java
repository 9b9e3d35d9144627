package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** PostgreSQL as somebody made and started it who had never heard of Holdfast. */
final class HandMade {
    private HandMade() {}

    static void startedIn(TestCluster cluster, Member member) {
        Path passwordFile = member.directory().resolve("password");
        write(passwordFile, Sql.PASSWORD);
        cluster.account().own(passwordFile);
        run(
                cluster,
                "initdb",
                "--pgdata=" + member.dataDirectory(),
                "--username=" + Sql.USER,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8");
        start(cluster, member);
        member.execute("CREATE ROLE replicator REPLICATION LOGIN PASSWORD 'rep-secret'");
        member.execute("CREATE ROLE rewinder LOGIN PASSWORD 'rewind-secret'");
    }

    static void start(TestCluster cluster, Member member) {
        run(
                cluster,
                "pg_ctl",
                "start",
                "--wait",
                "--pgdata=" + member.dataDirectory(),
                "--log=" + member.directory().resolve("by-hand.log"),
                "--options=-p %d -h 127.0.0.1 -k %s"
                        .formatted(member.postgresPort(), member.directory().resolve("run")));
    }

    static void stop(TestCluster cluster, Member member) {
        run(
                cluster,
                "pg_ctl",
                "stop",
                "--wait",
                "--mode=fast",
                "--pgdata=" + member.dataDirectory());
    }

    static void run(TestCluster cluster, String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Programs.postgres().resolve(program).toString());
        command.addAll(List.of(arguments));
        Finished finished = Finished.run(cluster.account(), command);
        assertThat(finished.status()).as(finished.toString()).isZero();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
