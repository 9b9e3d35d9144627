package dev.holdfast.agent.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.agent.postgres.RunningServer;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.ClusterConfigReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A configuration that was made here is one that is accepted here. */
final class GenerationTest {
    @TempDir Path directory;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private Generation generation(Map<String, String> environment, Optional<Path> target) {
        return new Generation(
                environment,
                target,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(errors, true, StandardCharsets.UTF_8));
    }

    @Test
    void aSampleIsAcceptedAndHasWhatTheEnvironmentSays() throws IOException {
        Path file = directory.resolve("sample.yml");

        int status =
                generation(
                                Map.of("PATRONI_NAME", "pg7", "PATRONI_REPLICATION_PASSWORD", "p"),
                                Optional.of(file))
                        .sample();

        assertThat(status).as(errors.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(Files.readString(file)).contains("'#FIXME'").startsWith("# Made by");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        AgentConfig config =
                switch (new ConfigFile(Optional.of(file), Map.of()).read()) {
                    case ConfigFile.Result.Usable(AgentConfig usable, var warnings) -> {
                        assertThat(warnings).isEmpty();
                        yield usable;
                    }
                    case ConfigFile.Result.Unusable(var problems) ->
                            throw new AssertionError(problems);
                };
        assertThat(config.name().value()).isEqualTo("pg7");
        assertThat(config.postgresql().replication().password()).isEqualTo("p");
    }

    private static RunningServer server() {
        TreeMap<String, String> settings = new TreeMap<>();
        settings.put("cluster_name", "shop");
        settings.put("listen_addresses", "*");
        settings.put("port", "5433");
        settings.put("work_mem", "8MB");
        settings.put("max_connections", "200");
        settings.put("archive_command", "cp %p /archive/%f");
        settings.put("hba_file", "/etc/postgresql/hba.conf");
        settings.put("ident_file", "/data/shop/pg_ident.conf");
        settings.put("pg_stat_statements.max", "1000");
        return new RunningServer(
                settings,
                "/data/shop",
                List.of("local all all peer"),
                List.of("map os db"),
                Optional.of("copier"),
                Optional.of("/usr/lib/postgresql/15/bin"));
    }

    @Test
    void whatAServerSaysBecomesAMembersAndAClustersConfiguration() {
        Dsn dsn = Dsn.of(Optional.of("user=boss password=secret"), Map.of());

        AgentConfigReader.Read read =
                AgentConfigReader.read(
                        generation(Map.of(), Optional.empty()).configuration(server(), dsn),
                        Map.of());

        assertThat(read.problems()).isEmpty();
        AgentConfig config = read.config().orElseThrow();
        assertThat(config.scope()).isEqualTo("shop");
        assertThat(config.postgresql().listenHosts()).isEqualTo("*");
        assertThat(config.postgresql().port()).isEqualTo(5433);
        assertThat(config.postgresql().dataDir()).isEqualTo("/data/shop");
        assertThat(config.postgresql().binDir()).contains("/usr/lib/postgresql/15/bin");
        assertThat(config.postgresql().superuser().username()).isEqualTo("boss");
        assertThat(config.postgresql().superuser().password()).isEqualTo("secret");
        assertThat(config.postgresql().replication().username()).isEqualTo("copier");
        assertThat(config.postgresql().parameters())
                .containsExactly(
                        Map.entry("archive_command", "cp %p /archive/%f"),
                        Map.entry("hba_file", "/etc/postgresql/hba.conf"));
        assertThat(config.postgresql().pgHba()).isEmpty();
        assertThat(config.postgresql().pgIdent()).containsExactly("map os db");
        assertThat(ClusterConfigReader.read(config.bootstrap().dcs()).config().parameters())
                .containsExactly(
                        Map.entry("max_connections", "200"),
                        Map.entry("pg_stat_statements.max", "1000"),
                        Map.entry("work_mem", "8MB"));
    }

    @Test
    void aServerThatDoesNotAnswerIsSaid() {
        int status =
                generation(Map.of(), Optional.empty())
                        .fromServer(Optional.of("host=127.0.0.1 port=1 password=x"));

        assertThat(status).isEqualTo(1);
        assertThat(errors.toString(StandardCharsets.UTF_8)).contains("127.0.0.1:1");
        assertThat(out.size()).isZero();
    }

    @Test
    void aServerIsNamedByWordsOrAUrlOrVariables() {
        Map<String, String> variables = Map.of("PGHOST", "of-variable", "PGUSER", "u");
        assertThat(Dsn.of(Optional.empty(), variables).address()).hasToString("of-variable:5432");
        Dsn words = Dsn.of(Optional.of("host='db 1' port=5433 password='it\\'s'"), variables);
        assertThat(words.address()).hasToString("db 1:5433");
        assertThat(words.user().username()).isEqualTo("u");
        assertThat(words.user().password()).isEqualTo("it's");
        Dsn url = Dsn.of(Optional.of("postgresql://me:pw@[::1]:5434/app"), variables);
        assertThat(url.address()).hasToString("[::1]:5434");
        assertThat(url.database()).isEqualTo("app");
        assertThat(url.user().password()).isEqualTo("pw");
        assertThat(Dsn.of(Optional.of("host=/run/postgresql"), Map.of()).address())
                .hasToString("localhost:5432");
        assertThatThrownBy(() -> Dsn.of(Optional.of("host db1"), Map.of()))
                .hasMessageContaining("word=value");
        assertThatThrownBy(() -> Dsn.of(Optional.of("port=many"), Map.of()))
                .hasMessageContaining("not a port");
    }
}
