package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server itself is asked which parameters it takes, and starts whatever was configured. */
final class ParametersIT {
    private Path home = Path.of("/nonexistent");

    @BeforeEach
    void makeHome() throws IOException {
        home = TestServer.newHome();
    }

    @AfterEach
    void removeHome() throws IOException {
        DurableFiles.deleteTree(home);
    }

    @Test
    void whatPostgresqlDoesNotTakeIsRefusedWithItsOwnWords() {
        ParameterCheck check =
                new ParameterCheck(
                        PostgresPrograms.locate(
                                Optional.of(TestServer.binDir().toString()),
                                Map.of(),
                                "",
                                TestServer.asUnprivilegedUser()));
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("work_mem", "8MB");
        parameters.put("wrk_mem", "8MB");
        parameters.put("max_connections", "-3");
        parameters.put("shared_buffers", "much");
        // Not in the sample file, so that --describe-config would not know it.
        parameters.put("zero_damaged_pages", "off");
        parameters.put("my_extension.colour", "green");
        parameters.put("search_path", "\"$user\", public");
        // What comes after it in order would not be told on standard error any more.
        parameters.put("log_destination", "syslog");

        ParameterCheck.Checked checked = check.of(parameters);

        assertThat(checked.refused())
                .containsOnlyKeys("max_connections", "shared_buffers", "wrk_mem");
        assertThat(checked.refused().get("wrk_mem"))
                .isEqualTo("unrecognized configuration parameter \"wrk_mem\"");
        assertThat(checked.taken()).hasSize(5).doesNotContainKey("wrk_mem");
    }

    @Test
    void aStandbyWithLowerLimitsThanItsPrimaryIsTellingAndStartsWithTheHigherOnes()
            throws Exception {
        try (TestServer a = new TestServer(home, "a");
                TestServer b = new TestServer(home, "b")) {
            a.makeCluster();
            a.start(
                    TestServer.with(a.files(Optional.empty()), "max_connections", "60"),
                    Postgres.Role.PRIMARY);
            a.postgres().createUsers();
            a.postgres().createSlots(Set.of(b.name.slotName()));
            b.postgres().cloneFrom(a.asUpstream(), progress -> {});
            ServerFiles following =
                    TestServer.with(b.files(Optional.of(a)), "max_connections", "60");
            b.start(following, Postgres.Role.STANDBY);

            a.stop();
            a.start(
                    TestServer.with(a.files(Optional.empty()), "max_connections", "90"),
                    Postgres.Role.PRIMARY);
            b.reload();

            await().atMost(Duration.ofSeconds(30))
                    .until(() ->
                            b.postgres().probe(following) instanceof Server.Standby s
                                    && s.replay() == Server.Replay.NEEDS_HIGHER_LIMITS);
            b.stop();
            b.start(following, Postgres.Role.STANDBY);
            assertThat(b.query("SHOW max_connections")).isEqualTo("90");
            assertThat(((Server.Standby) b.postgres().probe(following)).replay())
                    .isEqualTo(Server.Replay.ON);
        }
    }

    @Test
    void aServerStartsWithoutWhatItDoesNotKnowAndTellsWhatItHas() throws Exception {
        try (TestServer server = new TestServer(home, "a")) {
            Path own = home.resolve("own_hba.conf");
            Files.write(own, TestServer.HBA);
            server.makeCluster();
            ServerFiles files = server.files(Optional.empty());
            SortedMap<String, String> parameters = new TreeMap<>(files.parameters());
            parameters.put("wrk_mem", "8MB");
            parameters.put("work_mem", "9MB");
            parameters.put("hba_file", own.toString());
            ServerFiles wanted =
                    new ServerFiles(
                            parameters,
                            List.of("local all all reject"),
                            List.of(),
                            Optional.empty(),
                            Optional.empty(),
                            "");

            assertThat(server.postgres().prepare(wanted, Postgres.Role.PRIMARY).notes())
                    .anyMatch(note -> note.startsWith("the parameter wrk_mem is left out"));
            server.start(wanted, Postgres.Role.PRIMARY);

            assertThat(server.query("SHOW work_mem")).isEqualTo("9MB");
            assertThat(server.query("SHOW hba_file")).isEqualTo(own.toString());
            assertThat(server.postgres().freshProbe()).isInstanceOf(Server.Primary.class);
            server.postgres().createUsers();
            RunningServer told =
                    RunningServer.ask(
                            server.config.connectAddress(),
                            new Credentials(
                                    server.config.superuser().username(),
                                    server.config.superuser().password()),
                            "postgres");
            assertThat(told.settings())
                    .containsEntry("work_mem", "9MB")
                    .containsEntry("port", String.valueOf(server.config.port()))
                    .doesNotContainKey("server_version");
            assertThat(told.dataDirectory()).isEqualTo(server.dataDir.toString());
            assertThat(told.hba()).isEqualTo(TestServer.HBA);
            assertThat(told.replicationUser()).contains("repli'cator");
            assertThat(told.binDir()).contains(TestServer.binDir().toString());
        }
    }
}
