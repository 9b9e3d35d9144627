package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with a member's file or place is said in one sentence, and nothing is touched. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class BadFileIT {
    private final TestCluster cluster =
            TestCluster.prepare(new ClusterPlan(List.of("pg1"), 10, ClusterPlan.Sync.ON));
    private final Member member = cluster.member("pg1");
    private final String good = read(member.yamlFile());

    @AfterAll
    void end() {
        cluster.close();
    }

    @Test
    void aFileThatIsNotThere() {
        Finished agent = agent(member.directory().resolve("nowhere.yml"));

        assertRefused(agent, "nowhere.yml");
    }

    @Test
    void aFileThatMayNotBeRead() throws IOException {
        Path secret = member.directory().resolve("secret.yml");
        Files.writeString(secret, good);
        Files.setPosixFilePermissions(secret, Set.of());
        cluster.account().own(secret);

        Finished agent = agent(secret);

        assertRefused(agent, "secret.yml");
    }

    @Test
    void noFileAtAllIsWrongUsage() {
        Finished agent =
                Finished.run(cluster.account(), List.of(Checkout.found().agent().toString()));

        assertThat(agent.status()).as(agent.toString()).isEqualTo(2);
        assertThat(agent.err()).startsWith("usage: holdfast-agent");
    }

    /** Each line: a piece of the good file, what stands there instead, a word of the sentence. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    scope: demo      | scope: [demo             | YAML
                    scope: demo      | scope:                   | scope
                    name: pg1        | name: "p,g"              | name
                    ttl: 10          | ttl: soon                | bootstrap.dcs.ttl
                    ttl: 10          | ttl: 1                   | bootstrap.dcs.ttl
                    synchronous_mode: on | synchronous_mode: maybe | synchronous_mode
                    use_pg_rewind: true | use_pg_rewind: perhaps | use_pg_rewind
                    max_connections: 60 | max_connections: many | max_connections
                    username: replicator | usernam: replicator  | replication.username
                    """)
    void aWrongValueIsNamedWithItsPlace(String piece, String instead, String word) {
        Finished agent = started(text -> text.replace(piece, instead));

        assertRefused(agent, word);
    }

    @Test
    void aDirectoryOfProgramsThatIsNotThere() {
        Finished agent =
                started(text -> text.replace(Programs.postgres().toString(), "/nonexistent/bin"));

        assertRefused(agent, "/nonexistent/bin");
    }

    @Test
    void anEtcdThatNobodyKnows() {
        Finished agent = started(text -> text.replaceAll("hosts: .*", "hosts: etcd.invalid:2379"));

        assertRefused(agent, "etcd.invalid");
    }

    @Test
    void anEtcdThatDoesNotAnswer() {
        int silent = Ports.free(1).next();

        Finished agent =
                started(text -> text.replaceAll("hosts: .*", "hosts: 127.0.0.1:" + silent));

        assertRefused(agent, String.valueOf(silent));
    }

    @Test
    void aRestPortThatIsTaken() throws IOException {
        try (ServerSocket _ =
                new ServerSocket(member.restPort(), 1, InetAddress.getLoopbackAddress())) {
            assertRefused(started(UnaryOperator.identity()), String.valueOf(member.restPort()));
        }
    }

    @Test
    void aPostgresqlPortThatIsTaken() throws IOException {
        try (ServerSocket _ =
                new ServerSocket(member.postgresPort(), 1, InetAddress.getLoopbackAddress())) {
            assertRefused(started(UnaryOperator.identity()), String.valueOf(member.postgresPort()));
        }
    }

    private Finished started(UnaryOperator<String> change) {
        String changed = change.apply(good);
        Path file = member.directory().resolve("changed.yml");
        try {
            Files.writeString(file, changed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cluster.account().own(file);
        return agent(file);
    }

    private Finished agent(Path file) {
        return Finished.run(
                cluster.account(), List.of(Checkout.found().agent().toString(), file.toString()));
    }

    /** One line, and neither a data directory nor a key in etcd. */
    private void assertRefused(Finished agent, String word) {
        assertThat(agent.status()).as(agent.toString()).isEqualTo(1);
        List<String> sentences = agent.err().lines().filter(line -> line.contains(word)).toList();
        assertThat(sentences).as(agent.err()).hasSize(1);
        assertThat(agent.err()).doesNotContain("\tat ").doesNotContain("Exception");
        assertThat(member.dataDirectory()).doesNotExist();
        assertThat(cluster.etcd().list(cluster.prefix())).isEmpty();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
