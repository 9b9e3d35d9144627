package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.agent.postgres.Postgres.Role;
import dev.holdfast.agent.postgres.Postgres.Waiting;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.postgres.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** PostgreSQL control on the real server of this machine. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
final class LocalPostgresIT {
    private static final Duration PROMOTION = Duration.ofSeconds(30);

    private final List<TestServer> servers = new ArrayList<>();
    private Path home = Path.of("/nonexistent");
    private Path templateHome = Path.of("/nonexistent");

    /** With the users that a cluster has. */
    @BeforeAll
    void makeTemplate() throws Exception {
        templateHome = TestServer.newHome();
        try (TestServer template = new TestServer(templateHome, "template")) {
            template.makeCluster();
            template.start(template.files(Optional.empty()), Role.PRIMARY);
            template.postgres().createUsers();
            template.stop();
        }
    }

    @AfterAll
    void removeTemplate() throws IOException {
        DurableFiles.deleteTree(templateHome);
    }

    @BeforeEach
    void makeHome() throws IOException {
        home = TestServer.newHome();
    }

    @AfterEach
    void endAll() throws IOException {
        servers.reversed().forEach(TestServer::close);
        servers.clear();
        DurableFiles.deleteTree(home);
    }

    private TestServer server(String name) {
        TestServer server = new TestServer(home, name);
        servers.add(server);
        return server;
    }

    private TestServer startedPrimary(String name) {
        TestServer server = server(name);
        server.copyCluster(templateHome.resolve("template"));
        server.start(server.files(Optional.empty()), Role.PRIMARY);
        return server;
    }

    private TestServer startedStandby(String name, TestServer upstream) {
        TestServer server = server(name);
        upstream.postgres().createSlots(Set.of(server.name.slotName()));
        server.postgres().cloneFrom(upstream.asUpstream(), progress -> {});
        server.start(server.files(Optional.of(upstream)), Role.STANDBY);
        awaitStreaming(server);
        return server;
    }

    private static Server.Standby awaitStreaming(TestServer server) {
        return (Server.Standby)
                server.awaitServer(
                        s -> s instanceof Server.Standby standby && standby.isStreaming());
    }

    private static Server.Primary primary(TestServer server) {
        return (Server.Primary) server.postgres().probe(server.files(Optional.empty()));
    }

    private static Server.Standby standby(TestServer server, TestServer upstream) {
        return (Server.Standby) server.postgres().probe(server.files(Optional.of(upstream)));
    }

    private static DataDirectory.Valid valid(TestServer server) {
        return (DataDirectory.Valid) server.postgres().inspect();
    }

    @Test
    void aClusterIsBornClonedPromotedAndTheOldPrimaryRewound() throws Exception {
        TestServer a = server("a-1");
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Missing.class);
        a.postgres().initdb(List.of("encoding=UTF8"), line -> {});
        assertThat(valid(a).control().checksums()).isTrue();
        assertThat(a.postgres().runningPostmaster()).isEmpty();

        Path archive = home.resolve("archive");
        ServerFiles archived =
                TestServer.with(
                        TestServer.with(a.files(Optional.empty()), "archive_mode", "on"),
                        "archive_command",
                        "test -e '%s.open' && mkdir -p '%s' && cp %%p '%s/%%f'"
                                .formatted(archive, archive, archive));
        a.start(archived, Role.PRIMARY);
        assertThat(a.postgres().runningPostmaster()).contains(a.pid());
        a.postgres().createUsers();
        a.postgres().createUsers();
        assertThat(Files.readString(a.postgres().log())).doesNotContain("SCRAM-SHA-256$");

        a.postgres().createSlots(Set.of("b_1", "gone"));
        a.postgres().createSlots(Set.of("b_1"));
        assertThat(primary(a).slots())
                .extracting(PostgresContract::shown)
                .containsExactly("b_1 reserved", "gone reserved");
        a.postgres().dropSlots(Set.of("gone", "never"));

        assertThat(a.postgres().weakerCommits()).isEmpty();
        a.execute("CREATE ROLE app");
        a.execute("ALTER ROLE app SET synchronous_commit = local");
        a.execute("ALTER ROLE app IN DATABASE postgres SET synchronous_commit = off");
        a.execute("ALTER DATABASE template1 SET synchronous_commit = remote_write");
        a.execute("ALTER DATABASE postgres SET synchronous_commit = remote_apply");
        assertThat(a.postgres().weakerCommits())
                .containsExactly(
                        "synchronous_commit is local for role app",
                        "synchronous_commit is off for role app in database postgres",
                        "synchronous_commit is remote_write for database template1");
        a.execute("DROP ROLE app");
        a.execute("ALTER DATABASE template1 RESET ALL");
        a.execute("ALTER DATABASE postgres RESET ALL");
        a.execute("ALTER SYSTEM SET synchronous_commit = off");
        assertThat(a.postgres().weakerCommits())
                .singleElement()
                .asString()
                .startsWith("synchronous_commit is off for every session, by ");
        a.execute("ALTER SYSTEM RESET synchronous_commit");

        a.execute("CREATE TABLE t (i int)");
        TestServer b = server("b-1");
        List<Postgres.Progress> progress = Collections.synchronizedList(new ArrayList<>());
        b.postgres().cloneFrom(a.asUpstream(), progress::add);
        assertThat(progress.getLast().doneBytes()).isPositive();
        assertThat(valid(b).control().system()).isEqualTo(valid(a).control().system());

        b.start(b.files(Optional.of(a)), Role.STANDBY);
        Server.Standby streaming = awaitStreaming(b);
        assertThat(streaming.timeline()).isEqualTo(new Timeline(1));
        assertThat(streaming.receiver()).map(Server.WalReceiver::port).contains(a.config.port());
        assertThat(primary(a).slots())
                .extracting(PostgresContract::shown)
                .containsExactly("b_1 active reserved");
        assertThat(primary(a).senders())
                .singleElement()
                .satisfies(s -> assertThat(b.name.matches(s.applicationName())).isTrue());
        Lsn written = a.postgres().emitWal();
        await().untilAsserted(
                        () -> assertThat(standby(b, a).position()).isGreaterThanOrEqualTo(written));
        assertThat(b.postgres().sourceHistory(a.asUpstream()))
                .satisfies(source -> {
                    assertThat(source.role()).isEqualTo(Role.PRIMARY);
                    assertThat(source.history().switches()).isEmpty();
                });
        assertThat(a.postgres().sourceHistory(b.asUpstream()).role()).isEqualTo(Role.STANDBY);
        Upstream either =
                Upstream.outside(
                        List.of(
                                b.asUpstream().addresses().getFirst(),
                                a.asUpstream().addresses().getFirst()));
        assertThat(b.postgres().sourceHistory(either).role()).isEqualTo(Role.PRIMARY);

        // Both write now: what a wrote last, nobody else has.
        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(new Timeline(2));
        b.execute("INSERT INTO t VALUES (2)");
        a.execute("INSERT INTO t VALUES (1)");
        String finished = a.query("SELECT pg_walfile_name(pg_switch_wal())");
        a.kill();
        assertThat(archive).as("the archive was away").doesNotExist();
        Files.createFile(home.resolve("archive.open"));
        assertThat(a.postgres().runningPostmaster()).isEmpty();
        assertThat(valid(a).control().state()).isEqualTo(ControlData.State.IN_PRODUCTION);
        Postgres.Source source = a.postgres().sourceHistory(b.asUpstream());
        assertThat(source.timeline()).isEqualTo(new Timeline(2));
        assertThat(source.history().leaves(new Timeline(1))).isPresent();

        List<String> said = Collections.synchronizedList(new ArrayList<>());
        a.postgres().rewind(b.asUpstream(), said::add);
        assertThat(said).anyMatch(line -> line.contains("Done"));
        assertThat(archive.resolve(finished)).as("what pg_rewind would throw away").exists();
        b.postgres().createSlots(Set.of(a.name.slotName()));
        a.start(a.files(Optional.of(b)), Role.STANDBY);
        awaitStreaming(a);
        b.execute("INSERT INTO t VALUES (3)");
        await().untilAsserted(() ->
                assertThat(a.query("SELECT string_agg(i::text, ',' ORDER BY i) FROM t"))
                        .isEqualTo("2,3"));
        assertThat(standby(a, b).timeline()).isEqualTo(new Timeline(2));
    }

    @Test
    void aStandbyKnowsTheTimelineItReplayedAfterItsUpstreamHasGone() throws Exception {
        TestServer a = startedPrimary("a");
        TestServer b = startedStandby("b", a);
        TestServer c = server("c");
        b.postgres().createSlots(Set.of("c"));
        c.postgres().cloneFrom(b.asUpstream(), progress -> {});
        c.start(c.files(Optional.of(b)), Role.STANDBY);
        awaitStreaming(c);
        assertThat(standby(c, b).timeline()).isEqualTo(new Timeline(1));

        b.postgres().promote(PROMOTION);
        Lsn written = b.postgres().emitWal();
        await().untilAsserted(
                        () -> assertThat(standby(c, b).replayed()).isGreaterThanOrEqualTo(written));
        assertThat(standby(c, b).timeline()).isEqualTo(new Timeline(2));

        b.kill();
        c.awaitServer(s -> s instanceof Server.Standby standby && !standby.isStreaming());
        c.reopened();
        Server.Standby alone = standby(c, b);
        assertThat(alone.receiver()).isEmpty();
        assertThat(alone.timeline()).isEqualTo(new Timeline(2));
        // No restart point was made since, so as a rule pg_control names the timeline before.
        assertThat(valid(c).history().timeline()).isEqualTo(new Timeline(2));
        assertThat(valid(c).history().switches()).hasSize(1);
    }

    @Test
    void aPromotionDoesNotWaitForTheNextAttemptToReachAnUpstream() throws Exception {
        TestServer a = startedPrimary("a");
        TestServer b = startedStandby("b", a);
        TestServer nobody = server("nobody");
        ServerFiles patient =
                TestServer.with(b.files(Optional.of(a)), "wal_retrieve_retry_interval", "1h");
        b.postgres().apply(patient, b::reload);
        a.kill();
        b.awaitServer(s -> s instanceof Server.Standby standby && !standby.isStreaming());

        ServerFiles other =
                TestServer.with(b.files(Optional.of(nobody)), "wal_retrieve_retry_interval", "1h");
        b.postgres().apply(other, b::reload);
        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(new Timeline(2));
    }

    @Test
    void namesCountOnlyOnceCommitsWaitForThem() throws Exception {
        TestServer a = startedPrimary("a");
        ServerFiles without = a.files(Optional.empty());
        assertThat(a.postgres().apply(without, a::reload).waiting()).isEqualTo(Waiting.FOR_NOBODY);

        ServerFiles with = without.withSyncNames("ANY 1 (\"nobody\")");
        Postgres.Applied applied = a.postgres().apply(with, a::reload);
        assertThat(applied.waiting()).isEqualTo(Waiting.CONFIRMED);
        assertThat(applied.files().changed()).isTrue();
        assertThat(primary(a).common().syncNames()).isEqualTo(with.syncNames());

        // A client's commit hangs; the agent's own sessions do not.
        AtomicBoolean returned = new AtomicBoolean();
        Thread client =
                Thread.ofPlatform()
                        .start(() -> {
                            a.execute("SET synchronous_commit = on; CREATE TABLE hangs ()");
                            returned.set(true);
                        });
        String waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        await().untilAsserted(() -> assertThat(a.query(waiting)).isEqualTo("1"));
        assertThat(returned).isFalse();
        assertThat(a.postgres().emitWal()).isGreaterThan(Lsn.ZERO);
        a.postgres().createUsers();

        Postgres.Applied again =
                a.postgres()
                        .apply(
                                with,
                                () -> {
                                    throw new AssertionError(
                                            "nothing changed, so nothing is reloaded");
                                });
        assertThat(again.waiting()).isEqualTo(Waiting.CONFIRMED);
        assertThat(again.files().changed()).isFalse();
        assertThat(a.postgres().apply(without, a::reload).waiting()).isEqualTo(Waiting.FOR_NOBODY);
        client.join();
        assertThat(returned).isTrue();
    }

    @Test
    void aReloadThatTheServerRefusesSaysWhichLineIsWrong() throws IOException {
        TestServer a = startedPrimary("a");
        Files.writeString(
                Path.of(a.config.configDir()).resolve("postgresql.base.conf"),
                "\nno_such_parameter = 1\n",
                StandardOpenOption.APPEND);
        ServerFiles wanted = a.files(Optional.empty()).withSyncNames("b");

        assertThatThrownBy(() -> a.postgres().apply(wanted, a::reload))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("no_such_parameter");
    }

    @Test
    void aStandbyFollowsAnotherUpstreamAfterAReload() {
        TestServer a = startedPrimary("a");
        TestServer b = startedStandby("b", a);
        TestServer c = startedStandby("c", a);
        c.postgres().createSlots(Set.of("b"));
        ServerFiles files = b.files(Optional.of(c)).withSyncNames("c");
        assertThat(b.postgres().apply(files, b::reload).waiting()).isEqualTo(Waiting.UNCONFIRMED);
        b.awaitServer(s ->
                s instanceof Server.Standby standby
                        && standby.isStreaming()
                        && standby.receiver().orElseThrow().port() == c.config.port());
    }

    /**
     * It lacks the WAL that it was copied with, as one that was rewound lacks its source's last.
     */
    @Test
    void aStandbyThatTakesNoSessionsYetIsToldWhomToFollow() throws Exception {
        TestServer a = startedPrimary("a");
        TestServer b = server("b");
        a.postgres().createSlots(Set.of("b"));
        b.postgres().cloneFrom(a.asUpstream(), progress -> {});
        try (Stream<Path> segments = Files.list(Path.of(b.config.dataDir()).resolve("pg_wal"))) {
            for (Path segment : segments.filter(Files::isRegularFile).toList()) {
                Files.delete(segment);
            }
        }
        b.launch(b.files(Optional.empty()), Role.STANDBY);
        b.awaitServer(s ->
                s instanceof Server.Rejecting rejecting
                        && rejecting.sqlState().equals(Server.Rejecting.CANNOT_CONNECT_NOW));
        assertThat(b.postgres().apply(b.files(Optional.of(a)), b::reload).waiting())
                .isEqualTo(Waiting.UNCONFIRMED);
        awaitStreaming(b);
    }

    @Test
    void valuesReachTheServerAsTheyAreAndSmuggleNothingIn() {
        TestServer a = server("a");
        a.makeCluster();
        SortedMap<String, String> parameters =
                new TreeMap<>(a.files(Optional.empty()).parameters());
        String hostile = "it's \\ \"q\"\nport = 1\r\n# ' ä";
        parameters.put("holdfast.hostile", hostile);
        parameters.put("log_line_prefix", "%m 'x' \\n ");
        parameters.put("port", "1");
        ServerFiles files =
                new ServerFiles(
                        parameters,
                        TestServer.HBA,
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        "");
        Postgres.Prepared prepared = a.postgres().prepare(files, Role.PRIMARY);
        assertThat(prepared.notes()).anyMatch(note -> note.contains("port is set by Holdfast"));
        assertThat(a.postgres().prepare(files, Role.PRIMARY).changed()).isFalse();
        a.start(files, Role.PRIMARY);
        assertThat(a.query("SHOW holdfast.hostile")).isEqualTo(hostile);
        assertThat(a.query("SHOW log_line_prefix")).isEqualTo("%m 'x' \\n ");
        assertThat(a.query("SHOW port")).isEqualTo(Integer.toString(a.config.port()));
    }

    @Test
    void whatNeedsARestartIsShownAndAStandbyStartsWithTheLimitsItsWalNeeds() throws Exception {
        TestServer a = startedPrimary("a");
        a.stop();
        ServerFiles more = TestServer.with(a.files(Optional.empty()), "max_connections", "150");
        a.start(more, Role.PRIMARY);
        assertThat(((Server.Primary) a.postgres().probe(more)).common().pendingRestart()).isEmpty();
        assertThat(primary(a).common().pendingRestart())
                .containsExactly(java.util.Map.entry("max_connections", "150->100"));

        TestServer b = server("b");
        a.postgres().createSlots(Set.of("b"));
        b.postgres().cloneFrom(a.asUpstream(), progress -> {});
        ServerFiles fewer = b.files(Optional.of(a));
        assertThat(b.postgres().prepare(fewer, Role.STANDBY).notes())
                .anyMatch(note -> note.startsWith("max_connections stays at 150 instead of 100"));
        b.start(fewer, Role.STANDBY);
        assertThat(standby(b, a).common().pendingRestart())
                .containsEntry("max_connections", "150->100");

        // ALTER SYSTEM is no way around.
        b.execute("ALTER SYSTEM SET primary_conninfo = ''");
        b.execute("ALTER SYSTEM SET work_mem = '5MB'");
        Postgres.Applied applied = b.postgres().apply(fewer, b::reload);
        assertThat(applied.files().notes()).anyMatch(note -> note.contains("primary_conninfo"));
        assertThat(b.query("SHOW work_mem")).isEqualTo("5MB");
    }

    @Test
    void aWrongPasswordIsAnAnswerAndLeavesNothingBehind() {
        TestServer a = startedPrimary("a");
        TestServer stranger = new TestServer(home, "stranger", password -> "wrong");
        servers.add(stranger);
        assertThatThrownBy(() -> stranger.postgres().cloneFrom(a.asUpstream(), p -> {}))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("password authentication failed");
        assertThat(stranger.postgres().inspect()).isInstanceOf(DataDirectory.Missing.class);
        assertThatThrownBy(() -> stranger.postgres().sourceHistory(a.asUpstream()))
                .hasMessageContaining("28P01")
                .hasMessageContaining("postgresql.authentication");

        a.execute("ALTER USER postgres PASSWORD 'changed'");
        assertThat(a.postgres().freshProbe())
                .isInstanceOfSatisfying(
                        Server.Rejecting.class,
                        rejecting -> assertThat(rejecting.sqlState()).isEqualTo("28P01"));
    }

    @Test
    void silenceIsToldFromRefusalAndAnAnswerComesBackAfterARestart() throws Exception {
        TestServer a = startedPrimary("a");
        ServerFiles files = a.files(Optional.empty());
        long first = primary(a).common().startMicros();
        assertThat(a.postgres().silence()).isEmpty();
        a.signal("STOP");
        assertThat(a.postgres().silence()).isPresent();
        assertThat(a.postgres().freshProbe()).isInstanceOf(Server.Silent.class);
        a.signal("CONT");
        a.stop();
        assertThat(a.postgres().silence()).isPresent();
        assertThat(a.postgres().probe(files)).isInstanceOf(Server.Silent.class);
        a.start(files, Role.PRIMARY);
        assertThat(primary(a).common().startMicros()).isGreaterThan(first);
        assertThat(a.postgres().silence()).isEmpty();
        assertThat(a.postgres().emitWal()).isGreaterThan(Lsn.ZERO);
        // Of this start only: sessions that came to the stopped server and are ended by the
        // shutdown
        // may complain.
        String log = Files.readString(a.postgres().log());
        assertThat(log.substring(log.lastIndexOf("starting PostgreSQL")))
                .doesNotContain("EOF", "authentication");
    }

    @Test
    void aCancelledCloneEndsItsProgramAndLeavesNothing() throws Exception {
        TestServer a = startedPrimary("a");
        TestServer b = server("b");
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        a.execute(
                "CREATE TABLE large AS SELECT repeat(i::text, 100) FROM generate_series(1, 9000) i");
        Thread worker =
                new Thread(() -> {
                    try {
                        slowly(b).cloneFrom(a.asUpstream(), progress -> {});
                    } catch (RuntimeException e) {
                        thrown.set(e);
                    }
                });
        worker.start();
        await().until(() ->
                Files.exists(b.dataDir.resolve("backup_label"))
                        || Files.exists(b.dataDir.resolve("base")));
        assertThat(b.postgres().inspect()).isInstanceOf(DataDirectory.Broken.class);
        worker.interrupt();
        worker.join();
        assertThat(thrown.get()).isInstanceOf(CancellationException.class);
        assertThat(b.postgres().inspect()).isInstanceOf(DataDirectory.Missing.class);
        await().untilAsserted(() ->
                assertThat(a.query("SELECT count(*) FROM pg_stat_replication")).isEqualTo("0"));
    }

    private LocalPostgres slowly(TestServer server) {
        var c = server.config;
        var slow =
                new dev.holdfast.core.config.AgentConfig.Postgres(
                        c.listenHosts(),
                        c.port(),
                        c.connectAddress(),
                        c.proxyAddress(),
                        c.dataDir(),
                        c.configDir(),
                        c.binDir(),
                        c.pgpass(),
                        c.superuser(),
                        c.replication(),
                        c.rewind(),
                        c.parameters(),
                        c.pgHba(),
                        c.pgIdent(),
                        List.of("max-rate=32k"),
                        c.keepDirectories(),
                        c.keepAside(),
                        c.useUnixSocket(),
                        c.useUnixSocketRepl(),
                        c.pgCtlTimeout(),
                        c.binName(),
                        c.customConf(),
                        c.roles());
        return LocalPostgres.open(
                "the cluster",
                server.name,
                slow,
                home.resolve(server.name + ".guard"),
                TestServer.asUnprivilegedUser());
    }

    @Test
    void aFailedRewindThatChangedNothingLeavesTheDirectoryAsItWas() throws Exception {
        TestServer a = startedPrimary("a");
        TestServer b = startedStandby("b", a);
        assertThatThrownBy(
                        () -> {
                            a.stop();
                            a.postgres().rewind(b.asUpstream(), line -> {});
                        })
                .hasMessageContaining("both on timeline 1");
        b.postgres().promote(PROMOTION);
        assertThat(b.postgres().promote(PROMOTION)).isEqualTo(new Timeline(2));
        b.execute("REVOKE ALL ON FUNCTION pg_read_binary_file(text) FROM \"rew\"\"inder\"");
        assertThatThrownBy(() -> a.postgres().rewind(b.asUpstream(), line -> {}))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("changed nothing")
                .hasMessageContaining("pg_read_binary_file");
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Valid.class);
        b.stop();
        assertThatThrownBy(() -> a.postgres().rewind(b.asUpstream(), line -> {}))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("reachable");
    }

    @Test
    void aSlotThatHasLostItsWalHoldsNothing() {
        TestServer a = server("a");
        a.copyCluster(templateHome.resolve("template"));
        a.start(
                TestServer.with(
                        TestServer.with(a.files(Optional.empty()), "wal_level", "logical"),
                        "max_slot_wal_keep_size",
                        "1MB"),
                Role.PRIMARY);
        a.execute("SELECT pg_create_logical_replication_slot('events', 'pgoutput')");
        assertThat(primary(a).slots()).singleElement().matches(Slot::reserved);
        await().untilAsserted(() -> {
            a.execute("SELECT pg_logical_emit_message(false, '', 'x')");
            a.execute("SELECT pg_switch_wal()");
            a.execute("CHECKPOINT");
            assertThat(primary(a).slots()).singleElement().matches(s -> !s.reserved());
        });
    }

    @Test
    void anotherClusterIsToldByItsSystemIdentifier() {
        TestServer a = startedPrimary("a");
        TestServer other = server("other");
        other.makeCluster();
        assertThatThrownBy(() -> other.postgres().sourceHistory(a.asUpstream()))
                .hasMessageContaining("different clusters");
    }

    @Test
    void aDirectoryThatIsNotWholeIsBrokenAndSetAside() throws Exception {
        TestServer a = server("a");
        a.makeCluster();
        assertThatThrownBy(() -> a.postgres().initdb(List.of(), line -> {}))
                .hasMessageContaining("not empty");
        Files.delete(a.dataDir.resolve("global/pg_control"));
        assertThat(a.postgres().inspect())
                .isInstanceOfSatisfying(
                        DataDirectory.Broken.class,
                        broken -> assertThat(broken.why()).contains("global/pg_control"));
        Path aside = a.postgres().moveAside("Broken, it is");
        assertThat(aside.resolve("PG_VERSION")).exists();
        assertThat(aside.getFileName().toString()).endsWith("Z.broken-it-is");
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Missing.class);
        assertThatThrownBy(() -> a.postgres().moveAside("again")).hasMessageContaining("nothing");
        a.postgres().initdb(List.of(), line -> {});
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Valid.class);
    }

    @Test
    void nothingIsDoneToADirectoryThatAServerRunsIn() {
        TestServer a = startedPrimary("a");
        assertThatThrownBy(() -> a.postgres().moveAside("x")).hasMessageContaining("runs in it");
        assertThatThrownBy(() -> a.postgres().rewind(new Upstream(a.name, "127.0.0.1", 1), l -> {}))
                .hasMessageContaining("runs in it");
        assertThatThrownBy(() -> a.postgres().initdb(List.of(), l -> {}))
                .hasMessageContaining("runs in it");
    }

    @Test
    void initdbRefusesOptionsThatAreNotTheOperatorsAndLeavesNothing() {
        TestServer a = server("a");
        assertThatThrownBy(() -> a.postgres().initdb(List.of("pgdata=/elsewhere"), l -> {}))
                .hasMessageContaining("bootstrap.initdb");
        assertThatThrownBy(() -> a.postgres().initdb(List.of("encoding=NONE"), l -> {}))
                .isInstanceOf(PostgresException.class)
                .hasMessageContaining("NONE");
        assertThat(a.postgres().inspect()).isInstanceOf(DataDirectory.Missing.class);
    }

    @Test
    void aMissingProgramIsNamedWithThePlaceAndTheKey() {
        assertThatThrownBy(() ->
                        PostgresPrograms.locate(
                                Optional.of(home.toString()), Map.of(), "", ProcessRunner.direct()))
                .isInstanceOf(PostgresException.class)
                .hasMessageStartingWith(
                        "postgres was not found in " + home + " (postgresql.bin_dir)");
    }
}
