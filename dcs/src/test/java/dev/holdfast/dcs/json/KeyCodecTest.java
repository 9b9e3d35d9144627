package dev.holdfast.dcs.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.dcs.Dcs;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyCodecTest {
    private static final MemberName PG1 = new MemberName("pg1");
    private static final MemberName PG2 = new MemberName("pg2");
    private static final LeaseId LEASE = new LeaseId(0x694d8a1b2c3d4e5fL);
    private static final String PRIMARY =
            "{\"conn_url\":\"postgres://127.0.0.1:5432/postgres\","
                    + "\"api_url\":\"http://127.0.0.1:8008/patroni\",\"state\":\"running\",\"role\":\"primary\",\"version\":\"4.1.0\"";

    @Test
    void aPrimaryIsWrittenAsPatroniWritesIt() {
        MemberRecord member = member(MemberRole.PRIMARY, Optional.empty(), Tags.NONE, Map.of());

        String text = PRIMARY + ",\"xlog_location\":67108960,\"timeline\":1}";
        assertThat(KeyCodec.write(member)).isEqualTo(text);
        assertThat(read(text)).isEqualTo(member);
    }

    @Test
    void aReplicaIsWrittenWithEverythingThatApplies() {
        MemberRecord member =
                new MemberRecord(
                        "postgres://[::1]:5432/postgres",
                        "http://[::1]:8008/patroni",
                        MemberState.RUNNING,
                        MemberRole.REPLICA,
                        "0.1.0",
                        Optional.of(Lsn.of("0/4000060")),
                        Optional.of(new Timeline(2)),
                        Optional.of(Lsn.of("0/4000060")),
                        Optional.of(Lsn.of("FFFFFFFF/FFFFFFFF")),
                        Optional.of("streaming"),
                        new Tags(
                                new TreeMap<>(
                                        Map.of(
                                                "clonefrom",
                                                "true",
                                                "failover_priority",
                                                "2",
                                                "nosync",
                                                "false",
                                                "rack",
                                                "a1",
                                                "weight",
                                                "0.5",
                                                "zip",
                                                "007"))),
                        new TreeMap<>(Map.of("max_connections", "100->200")),
                        Optional.empty(),
                        true,
                        "The disk is nearly full.",
                        MemberRecord.Health.WELL,
                        MemberRecord.Store.CURRENT,
                        0,
                        new TreeMap<>());

        String text =
                "{\"conn_url\":\"postgres://[::1]:5432/postgres\",\"api_url\":\"http://[::1]:8008/patroni\","
                        + "\"state\":\"running\",\"role\":\"replica\",\"version\":\"0.1.0\","
                        + "\"tags\":{\"clonefrom\":true,\"failover_priority\":2,\"nosync\":false,\"rack\":\"a1\",\"weight\":0.5,\"zip\":\"007\"},"
                        + "\"pending_restart\":true,"
                        + "\"pending_restart_reason\":{\"max_connections\":{\"old_value\":\"100\",\"new_value\":\"200\"}},"
                        + "\"xlog_location\":67108960,\"receive_lsn\":67108960,\"replay_lsn\":18446744073709551615,"
                        + "\"replication_state\":\"streaming\",\"timeline\":2,\"pause\":true,\"note\":\"The disk is nearly full.\"}";
        assertThat(KeyCodec.write(member)).isEqualTo(text);
        assertThat(read(text)).isEqualTo(member);
    }

    @Test
    void aMemberThatIsNotWellSaysSo() {
        KeyCodec.Decoded decoded = decode("members/pg1", PRIMARY + ",\"unwell\":true}");
        assertThat(decoded.view().member(PG1))
                .hasValueSatisfying(m -> {
                    assertThat(m.isWell()).isFalse();
                    assertThat(KeyCodec.write(m)).contains("\"unwell\":true");
                });
    }

    @Test
    void aMemberSaysHowOftenItHasSeenTheEpochBegin() {
        KeyCodec.Decoded decoded = decode("members/pg1", PRIMARY + ",\"generation\":3}");
        assertThat(decoded.problems()).isEmpty();
        assertThat(decoded.view().newestGeneration()).isEqualTo(3);
        assertThat(KeyCodec.write(decoded.view().member(PG1).orElseThrow()))
                .contains("\"generation\":3");
    }

    @Test
    void servicesThatFollowTheLeaderAreNamedWithTheirState() {
        KeyCodec.Decoded decoded =
                decode("members/pg1", PRIMARY + ",\"services\":{\"cache\":\"started\"}}");
        assertThat(decoded.problems()).isEmpty();
        MemberRecord member = decoded.view().member(PG1).orElseThrow();
        assertThat(member.services()).containsExactly(Map.entry("cache", "started"));
        assertThat(KeyCodec.write(member)).contains("\"services\":{\"cache\":\"started\"}");
    }

    @Test
    void whatAnOperatorDecidedIsReadAsItWasWritten() {
        for (MemberSettings.Recovery recovery : MemberSettings.Recovery.values()) {
            for (MemberSettings.Duty duty : MemberSettings.Duty.values()) {
                MemberSettings settings = new MemberSettings(recovery, duty);
                KeyCodec.Decoded decoded = decode("settings/pg1", SettingsCodec.write(settings));
                assertThat(decoded.problems()).isEmpty();
                assertThat(decoded.view().settingsOf(PG1)).isEqualTo(settings);
                assertThat(decoded.view().settingsOf(PG2)).isEqualTo(MemberSettings.USUAL);
            }
        }
    }

    @Test
    void aDecisionThatCannotBeReadIsNone() {
        for (String text :
                List.of("nonsense", "{\"standby\":\"maybe\"}", "{\"auto_recovery\":\"off\"}")) {
            KeyCodec.Decoded decoded = decode("settings/pg1", text);
            assertThat(decoded.problems()).hasSize(1);
            assertThat(decoded.view().settingsOf(PG1)).isEqualTo(MemberSettings.USUAL);
        }
        assertThat(decode("settings/a,b", "{}").problems()).hasSize(1);
    }

    @Test
    void failsafeListsMembersWithTheirAddresses() {
        String text = "{\"pg1\":\"http://a:8008/patroni\"}";
        KeyCodec.Decoded decoded = decode("failsafe", text);
        assertThat(decoded.view().failsafe().orElseThrow().value())
                .containsExactly(Map.entry(PG1, "http://a:8008/patroni"));
        assertThat(KeyCodec.writeFailsafe(decoded.view().failsafe().orElseThrow().value()))
                .isEqualTo(text);
    }

    @Test
    void aFailsafeThatCannotBeReadNamesNobody() {
        for (String text : List.of("[]", "{\"pg1\":1}", "nonsense")) {
            KeyCodec.Decoded decoded = decode("failsafe", text);
            assertThat(decoded.view().failsafe().orElseThrow().value()).as(text).isEmpty();
            assertThat(decoded.problems()).as(text).isNotEmpty();
        }
    }

    @Test
    void whatIsUnknownInAMemberDoesNoHarm() {
        KeyCodec.Decoded decoded =
                decode(
                        "members/pg1",
                        PRIMARY
                                + ",\"future\":{\"a\":[1]},\"xlog_location\":67108960,\"timeline\":1}");

        assertThat(decoded.problems()).isEmpty();
        assertThat(decoded.view().member(PG1))
                .contains(member(MemberRole.PRIMARY, Optional.empty(), Tags.NONE, Map.of()));
    }

    @Test
    void aMemberInAnUnknownStateIsThereAndPromisesNothing() {
        KeyCodec.Decoded decoded =
                decode(
                        "members/pg1",
                        "{\"state\":\"pondering\",\"role\":\"wizard\",\"timeline\":\"x\",\"xlog_location\":-1}");

        assertThat(decoded.view().member(PG1))
                .hasValueSatisfying(member -> {
                    assertThat(member.state()).isEqualTo(MemberState.STOPPED);
                    assertThat(member.role()).isEqualTo(MemberRole.UNINITIALIZED);
                    assertThat(member.timeline()).isEmpty();
                    assertThat(member.xlogLocation()).isEmpty();
                });
        assertThat(decoded.problems())
                .hasSize(4)
                .allMatch(problem -> problem.contains("members/pg1"));
    }

    @Test
    void aMemberHangsOnItsLeaseAndKeepsItsRevision() {
        ClusterView view =
                KeyCodec.toView(
                                snapshot(
                                        Map.of(
                                                "members/pg1",
                                                new Dcs.Entry(
                                                        PRIMARY + "}", 3, 7, Optional.of(LEASE)))))
                        .view();

        MemberRecord.Stored stored = view.members().firstEntry().getValue();
        assertThat(stored.name()).isEqualTo(PG1);
        assertThat(stored.revision()).isEqualTo(7);
        assertThat(stored.lease()).contains(LEASE);
    }

    @Test
    void theLeaderIsABareNameAndItsRevisionTheEpoch() {
        assertThat(KeyCodec.write(PG1)).isEqualTo("pg1");
        ClusterView view =
                KeyCodec.toView(
                                snapshot(
                                        Map.of(
                                                "leader",
                                                new Dcs.Entry("pg1", 3, 7, Optional.of(LEASE)))))
                        .view();
        assertThat(view.leader()).contains(new LeaderKey(PG1, new Epoch(7), Optional.of(LEASE)));
        assertThat(view.revision()).isEqualTo(99);
    }

    @Test
    void initializeHoldsTheIdentifierOrNothingYet() {
        ClusterView.Initialize done =
                new ClusterView.Initialize(
                        Optional.of(new SystemIdentifier("7440398203948203948")), Optional.empty());
        ClusterView.Initialize running =
                new ClusterView.Initialize(Optional.empty(), Optional.empty());
        assertThat(KeyCodec.write(done)).isEqualTo("7440398203948203948");
        assertThat(KeyCodec.write(running)).isEmpty();
        assertThat(view("initialize", "7440398203948203948").initialize())
                .contains(new Versioned<>(done, 7));
        assertThat(view("initialize", "").initialize()).contains(new Versioned<>(running, 7));
        assertThat(decode("initialize", "nonsense").view().initialize())
                .contains(new Versioned<>(running, 7));
        assertThat(decode("initialize", "nonsense").problems()).hasSize(1);
        assertThat(
                        KeyCodec.toView(
                                        snapshot(
                                                Map.of(
                                                        "initialize",
                                                        new Dcs.Entry(
                                                                "", 3, 7, Optional.of(LEASE)))))
                                .view()
                                .initialize())
                .contains(
                        new Versioned<>(
                                new ClusterView.Initialize(Optional.empty(), Optional.of(LEASE)),
                                7));
    }

    @Test
    void syncIsWrittenAndReadAsPatroniDoes() {
        both(
                SyncState.of(PG1, List.of(PG2)),
                "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\",\"quorum\":0}");
        both(
                SyncState.of(PG1, List.of(new MemberName("pg3"), PG2)),
                "{\"leader\":\"pg1\",\"sync_standby\":\"pg2,pg3\",\"quorum\":0}");
        both(
                SyncState.of(PG1, List.of()),
                "{\"leader\":\"pg1\",\"sync_standby\":null,\"quorum\":0}");
        both(SyncState.none(), "{\"leader\":null,\"sync_standby\":null,\"quorum\":0}");
        assertThat(view("sync", "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\"}").sync().value())
                .isEqualTo(SyncState.of(PG1, List.of(PG2)));
        assertThat(decode("sync", "{}").problems()).isEmpty();
    }

    private static void both(SyncState sync, String text) {
        assertThat(KeyCodec.write(sync)).isEqualTo(text);
        assertThat(view("sync", text).sync()).isEqualTo(new Versioned<>(sync, 7));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense",
                "[]",
                "{'leader':7,'sync_standby':'pg2'}",
                "{'leader':'a/b','sync_standby':'pg2'}",
                "{'leader':'pg1','sync_standby':['pg2']}",
                "{'leader':'pg1','sync_standby':'pg2,a/b'}",
                "{'leader':'pg1','sync_standby':'pg2','quorum':'x'}",
            })
    void aMalformedSyncEntitlesNobodyAndCanBeReplaced(String text) {
        KeyCodec.Decoded decoded = decode("sync", text.replace('\'', '"'));
        assertThat(decoded.view().sync()).isEqualTo(new Versioned<>(SyncState.none(), 7));
        assertThat(decoded.problems()).hasSize(1);
        assertThat(decoded.problems().getFirst()).contains("sync");
    }

    @Test
    void withoutSyncNobodyIsEntitledAndNothingIsWrong() {
        KeyCodec.Decoded decoded = KeyCodec.toView(snapshot(Map.of()));
        assertThat(decoded.view().sync()).isEqualTo(new Versioned<>(SyncState.none(), 0));
        assertThat(decoded.problems()).isEmpty();
    }

    @Test
    void statusHoldsWhereTheUsersOfSlotsAreAndWhichAreRetained() {
        SlotStatus slots =
                new SlotStatus(
                        new TreeMap<>(Map.of("events", Lsn.of("0/4000060"), "pg2", Lsn.of("0/1"))),
                        new TreeSet<>(List.of("pg1", "pg2")));
        String written = KeyCodec.writeStatus(Lsn.of("0/4000070"), slots);

        assertThat(written)
                .isEqualTo(
                        "{\"optime\":67108976,\"slots\":{\"events\":67108960,\"pg2\":1},\"retain_slots\":[\"pg1\",\"pg2\"]}");
        assertThat(view("status", written).slots()).isEqualTo(slots);
        assertThat(view("status", "{\"optime\":1,\"slots\":[\"x\"],\"retain_slots\":7}").slots())
                .isEqualTo(SlotStatus.NONE);
        assertThat(
                        view("status", "{\"optime\":1,\"retain_slots\":[\"pg1\",\"../pg3\"]}")
                                .slots()
                                .retained())
                .containsExactly("pg1");
    }

    @Test
    void statusHoldsThePositionAsANumber() {
        assertThat(KeyCodec.writeStatus(Lsn.of("0/4000060"), SlotStatus.NONE))
                .isEqualTo("{\"optime\":67108960}");
        assertThat(
                        view(
                                        "status",
                                        "{\"optime\":67108960,\"slots\":{\"pg2\":67108960},\"retain_slots\":[\"pg1\"]}")
                                .optime())
                .contains(Lsn.of("0/4000060"));
    }

    @Test
    void aWishForAnotherLeaderIsWrittenAndReadAsPatroniDoes() {
        both(
                new FailoverRequest(
                        Optional.of(PG1),
                        Optional.of(PG2),
                        Optional.of("2026-11-20T12:00:00+00:00")),
                "{\"leader\":\"pg1\",\"member\":\"pg2\",\"scheduled_at\":\"2026-11-20T12:00:00+00:00\"}");
        both(
                new FailoverRequest(Optional.of(PG1), Optional.empty(), Optional.empty()),
                "{\"leader\":\"pg1\"}");
        both(
                new FailoverRequest(Optional.empty(), Optional.of(PG2), Optional.empty()),
                "{\"member\":\"pg2\"}");
        assertThat(decode("failover", "{}").view().failover()).isEmpty();
        assertThat(decode("failover", "{}").problems()).isEmpty();
        assertThat(
                        decode("failover", "{\"leader\":\"\",\"member\":\"pg2\"}")
                                .view()
                                .failover()
                                .map(Versioned::value))
                .contains(
                        new FailoverRequest(Optional.empty(), Optional.of(PG2), Optional.empty()));
    }

    private static void both(FailoverRequest request, String text) {
        assertThat(KeyCodec.write(request)).isEqualTo(text);
        assertThat(view("failover", text).failover()).contains(new Versioned<>(request, 7));
    }

    @Test
    void aSwitchoverWhoseLeaderCannotBeReadIsNoFailover() {
        KeyCodec.Decoded decoded = decode("failover", "{\"leader\":\"a/b\",\"member\":\"pg2\"}");
        assertThat(decoded.view().failover()).isEmpty();
        assertThat(decoded.problems()).hasSize(1);
    }

    @Test
    void historyIsAListOfLists() {
        List<HistoryEntry> history =
                List.of(
                        new HistoryEntry(
                                new Timeline(1),
                                Lsn.of("0/4000060"),
                                "no recovery target specified",
                                "",
                                ""),
                        new HistoryEntry(
                                new Timeline(2),
                                Lsn.of("0/5000060"),
                                "no recovery target specified",
                                "2026-11-20T12:00:00.123456+00:00",
                                "pg2"));
        String text =
                "[[1,67108960,\"no recovery target specified\"],[2,83886176,\"no recovery target specified\","
                        + "\"2026-11-20T12:00:00.123456+00:00\",\"pg2\"]]";
        assertThat(KeyCodec.write(history)).isEqualTo(text);
        assertThat(view("history", text).history()).isEqualTo(history);
    }

    @Test
    void aLineOfHistoryThatCannotBeReadIsLeftOut() {
        KeyCodec.Decoded decoded = decode("history", "[[1,67108960,\"r\"],[0,1,\"r\"],\"x\"]");
        assertThat(decoded.view().history()).hasSize(1);
        assertThat(decoded.problems()).hasSize(2);
        assertThat(decode("history", "nonsense").problems()).hasSize(1);
    }

    @Test
    void theEpochSaysWhoTookTheLeaderKeyUnderWhichLease() {
        EpochRecord held = new EpochRecord(PG1, LEASE, false, Optional.empty(), 1);
        EpochRecord handed =
                new EpochRecord(PG1, new LeaseId(-1), true, Optional.of(Lsn.of("1/28")), 3);
        String heldText =
                "{\"leader\":\"pg1\",\"lease\":\"694d8a1b2c3d4e5f\",\"released\":false,\"generation\":1}";
        String handedText =
                "{\"leader\":\"pg1\",\"lease\":\"ffffffffffffffff\",\"released\":true,\"handed_over_at\":\"1/28\",\"generation\":3}";
        assertThat(KeyCodec.write(held)).isEqualTo(heldText);
        assertThat(KeyCodec.write(handed)).isEqualTo(handedText);
        assertThat(view("epoch", heldText).epoch()).contains(new Versioned<>(held, 7));
        assertThat(view("epoch", handedText).epoch()).contains(new Versioned<>(handed, 7));
        assertThat(decode("epoch", "{\"leader\":\"pg1\"}").problems()).hasSize(1);
    }

    @Test
    void theTimelineSaysWhoSetOutToCreateIt() {
        TimelineClaim claim =
                new TimelineClaim(new Timeline(2), PG2, new Epoch(42), Lsn.of("0/5000060"), true);
        String text =
                "{\"timeline\":2,\"leader\":\"pg2\",\"epoch\":42,\"switch_lsn\":\"0/5000060\",\"opened\":true}";
        assertThat(KeyCodec.write(claim)).isEqualTo(text);
        assertThat(view("timeline", text).timeline()).contains(new Versioned<>(claim, 7));
        assertThat(decode("timeline", "{\"timeline\":0}").view().timeline()).isEmpty();
    }

    @Test
    void theConfigurationIsReadAndKeepsWhatItHolds() {
        String text =
                "{\"ttl\":20,\"synchronous_mode\":true,\"postgresql\":{\"parameters\":{\"max_connections\":200}}}";
        ClusterConfig config = view("config", text).config().orElseThrow().value();
        assertThat(config.ttl()).isEqualTo(Duration.ofSeconds(20));
        assertThat(config.syncMode()).isEqualTo(SyncMode.ON);
        assertThat(config.parameters()).containsEntry("max_connections", "200");
    }

    @Test
    void aWrongConfigurationLeavesTheLastGoodOneInForce() {
        ClusterConfig good =
                view("config", "{\"ttl\":20,\"synchronous_mode\":true}")
                        .config()
                        .orElseThrow()
                        .value();
        for (String wrong : List.of("{\"ttl\":\"soon\"}", "nonsense")) {
            KeyCodec.Decoded decoded =
                    KeyCodec.toView(snapshot(Map.of("config", entry(wrong))), Optional.of(good));
            assertThat(decoded.view().config()).contains(new Versioned<>(good, 7));
            assertThat(decoded.problems()).hasSize(1);
            assertThat(decoded.problems().getFirst()).contains("config");
        }
        assertThat(view("config", "nonsense").config()).isEmpty();
    }

    @Test
    void keysOfNobodyAreIgnoredAndBadNamesSaid() {
        KeyCodec.Decoded decoded =
                KeyCodec.toView(
                        snapshot(
                                Map.of(
                                        "failsafe",
                                        entry("{}"),
                                        "members/a/b",
                                        entry("{}"),
                                        "leader",
                                        entry(""),
                                        "members2",
                                        entry("x"))));
        assertThat(decoded.view().leader()).isEmpty();
        assertThat(decoded.view().members()).isEmpty();
        assertThat(decoded.problems()).hasSize(2);
    }

    @Test
    void everyKeyOfAClusterStandsUnderItsPrefix() {
        assertThat(Keys.prefix("/service/", "demo")).isEqualTo("/service/demo/");
        assertThat(Keys.prefix("service", "demo")).isEqualTo("/service/demo/");
        assertThat(Keys.prefix("/", "demo")).isEqualTo("/demo/");
        assertThat(Keys.member(PG1)).isEqualTo("members/pg1");
    }

    private static MemberRecord member(
            MemberRole role,
            Optional<String> replicationState,
            Tags tags,
            Map<String, String> pending) {
        return new MemberRecord(
                "postgres://127.0.0.1:5432/postgres",
                "http://127.0.0.1:8008/patroni",
                MemberState.RUNNING,
                role,
                "4.1.0",
                Optional.of(Lsn.of("0/4000060")),
                Optional.of(new Timeline(1)),
                Optional.empty(),
                Optional.empty(),
                replicationState,
                tags,
                new TreeMap<>(pending),
                Optional.empty(),
                false,
                "",
                MemberRecord.Health.WELL,
                MemberRecord.Store.CURRENT,
                0,
                new TreeMap<>());
    }

    @Test
    void anOperationIsReadAsItWasWritten() {
        Operation open =
                new Operation(
                        "20261126T093000.000Z-a1",
                        Operation.Kind.SWITCHOVER,
                        Optional.of(new MemberName("pg1")),
                        Optional.of(new MemberName("pg2")),
                        Optional.of("2026-11-26T10:00:00+00:00"),
                        7,
                        "2026-11-26T09:30:00.000+00:00",
                        Optional.empty());
        Operation ended =
                open.ended(
                        Operation.Outcome.FAILED,
                        "pg1 still leads",
                        "2026-11-26T10:00:01.000+00:00");

        assertThat(OperationCodec.read(open.id(), OperationCodec.write(open))).contains(open);
        assertThat(OperationCodec.read(open.id(), OperationCodec.write(ended))).contains(ended);
    }

    @ParameterizedTest
    @CsvSource({
        "20261126T093000.000Z-a1,{}",
        "20261126T093000.000Z-a1,[1",
        "20261126T093000.000Z-a1,{\"kind\":\"dance\"}",
        "../leader,{\"kind\":\"restart\"}",
    })
    void whatIsNoOperationIsNone(String id, String text) {
        assertThat(OperationCodec.read(id, text)).isEmpty();
    }

    @Test
    void aRequestKeepsTheIdentifierOfItsOperation() {
        FailoverRequest request =
                new FailoverRequest(
                        Optional.of(new MemberName("pg1")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("20261126T093000.000Z-a1"));
        assertThat(KeyCodec.write(request))
                .isEqualTo("{\"leader\":\"pg1\",\"operation\":\"20261126T093000.000Z-a1\"}");
        assertThat(
                        KeyCodec.toView(
                                        new Dcs.Snapshot(
                                                1,
                                                new TreeMap<>(
                                                        Map.of(
                                                                "failover",
                                                                new Dcs.Entry(
                                                                        KeyCodec.write(request),
                                                                        1,
                                                                        1,
                                                                        Optional.empty())))))
                                .view()
                                .failover()
                                .orElseThrow()
                                .value())
                .isEqualTo(request);
    }

    @Test
    void aScheduledRestartIsReadAsItWasWritten() {
        String text =
                "{\"state\":\"running\",\"role\":\"replica\",\"scheduled_restart\":{"
                        + "\"schedule\":\"2026-11-26T12:00:00+01:00\",\"role\":\"replica\","
                        + "\"postgres_version\":\"15.9\",\"restart_pending\":true,"
                        + "\"timeout\":30.5,\"start_micros\":1700000000000001}}";
        ScheduledRestart restart = read(text).scheduledRestart().orElseThrow();

        assertThat(restart)
                .isEqualTo(
                        new ScheduledRestart(
                                "2026-11-26T12:00:00+01:00",
                                new RestartConditions(
                                        Optional.of("replica"), Optional.of("15.9"), true),
                                Optional.of(Duration.ofMillis(30_500)),
                                1_700_000_000_000_001L));
        assertThat(read(KeyCodec.write(read(text))).scheduledRestart()).contains(restart);
    }

    private static MemberRecord read(String text) {
        return view("members/pg1", text).member(PG1).orElseThrow();
    }

    /** Reads a key in which nothing may be wrong. */
    private static ClusterView view(String key, String text) {
        KeyCodec.Decoded decoded = decode(key, text);
        if (!text.equals("nonsense")) {
            assertThat(decoded.problems()).isEmpty();
        }
        return decoded.view();
    }

    private static KeyCodec.Decoded decode(String key, String text) {
        return KeyCodec.toView(snapshot(Map.of(key, entry(text))));
    }

    private static Dcs.Entry entry(String text) {
        return new Dcs.Entry(text, 3, 7, Optional.empty());
    }

    private static Dcs.Snapshot snapshot(Map<String, Dcs.Entry> entries) {
        return new Dcs.Snapshot(99, new TreeMap<>(entries));
    }
}
