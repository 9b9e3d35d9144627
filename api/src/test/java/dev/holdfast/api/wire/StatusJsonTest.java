package dev.holdfast.api.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.api.server.Members;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.status.Condition;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class StatusJsonTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    void aPrimaryHasPatronisFields() throws IOException {
        assertThat(status(Members.primary().status()))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"state": "running", "postmaster_start_time": "2025-11-20 18:00:00.123456+00:00", "role": "primary",
                                 "server_version": 150004, "xlog": {"location": 50331904}, "timeline": 2,
                                 "replication": [{"application_name": "pg2", "state": "streaming", "sync_state": "sync", "sync_priority": 1}],
                                 "dcs_last_seen": 1763661700, "database_system_identifier": "7408277255830290455",
                                 "patroni": {"version": "0.1.0", "scope": "demo", "name": "pg1"},
                                 "holdfast": {"reason_code": "leading", "reason": "this member leads and serves", "task": "",
                                              "guard": "armed", "holds_lease": true, "lease_seconds_left": 5.25,
                                              "serves_as_primary": true}}
                                """));
    }

    @Test
    void whatAnOperatorMayWantToLookIntoIsShownWithItsAge() throws IOException {
        Condition condition =
                new Condition(
                        3,
                        "nothing can be written in /data",
                        Optional.of(Members.NOW.minus(Duration.ofSeconds(90))),
                        2,
                        Optional.of(Members.SOON),
                        List.of("synchronous_commit is off for role app"),
                        Optional.of("this host has no watchdog"));
        JsonNode all = status(Members.primary().condition(condition).status());
        assertThat(all.path("failsafe_mode_is_active").booleanValue()).isTrue();
        JsonNode shown = all.path("holdfast");
        assertThat(shown.path("ends_in_a_row").intValue()).isEqualTo(3);
        assertThat(shown.path("unwell").textValue()).isEqualTo("nothing can be written in /data");
        assertThat(shown.path("without_synchronous_standby_seconds").doubleValue()).isEqualTo(90);
        assertThat(shown.path("weaker_synchronous_commit").path(0).textValue())
                .isEqualTo("synchronous_commit is off for role app");
        assertThat(shown.path("without_synchronous_standby_times").intValue()).isEqualTo(2);
        assertThat(shown.path("barred").textValue()).isEqualTo("this host has no watchdog");
    }

    @Test
    void servicesThatFollowTheLeaderAreShown() throws IOException {
        JsonNode shown =
                status(
                                Members.primary()
                                        .services(
                                                List.of(
                                                        new ServiceStatus(
                                                                "cache",
                                                                ServiceStatus.State.STARTED,
                                                                ""),
                                                        new ServiceStatus(
                                                                "queue",
                                                                ServiceStatus.State.STOP_FAILED,
                                                                "no such unit")))
                                        .status())
                        .at("/holdfast/services");
        assertThat(shown)
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                [{"name": "cache", "state": "started"},
                                 {"name": "queue", "state": "stop failed", "failure": "no such unit"}]
                                """));
    }

    /** pg1 with these slots, as far as it is now and as far behind that. */
    private static JsonNode withSlots(Function<Lsn, List<Slot>> slots) throws IOException {
        Server.Primary primary = (Server.Primary) Members.primary().status().server().orElseThrow();
        Server there =
                new Server.Primary(
                        primary.common(),
                        primary.timeline(),
                        primary.flushed(),
                        primary.senders(),
                        slots.apply(primary.flushed()));
        return status(Members.primary().server(there).status()).path("holdfast");
    }

    @Test
    void slotsThatHoldWalForNobodyAreNamed() throws IOException {
        JsonNode shown =
                withSlots(now ->
                        List.of(
                                Slot.physical("pg2", true, Optional.of(now)),
                                Slot.physical("pg3", false, Optional.of(now)),
                                Slot.physical("pg4", false, Optional.empty())));
        assertThat(shown.path("inactive_slots")).isEqualTo(MAPPER.readTree("[\"pg3\"]"));
    }

    @Test
    void howMuchWalSlotsHoldBackIsShown() throws IOException {
        JsonNode shown =
                withSlots(now ->
                        List.of(
                                Slot.physical(
                                        "pg2", true, Optional.of(new Lsn(now.value() - 4096))),
                                Slot.physical("pg4", false, Optional.empty())));
        assertThat(shown.path("wal_held_by_slots")).isEqualTo(MAPPER.readTree("{\"pg2\": 4096}"));
    }

    @Test
    void whatThereIsToSayOfTheHostIsShown() throws IOException {
        JsonNode shown =
                status(
                                Members.primary()
                                        .host(
                                                new HostStatus(
                                                        Optional.of("no watchdog here"),
                                                        Optional.of(
                                                                new HostStatus.Kept(
                                                                        2, 3000, 1000))))
                                        .status())
                        .path("holdfast");
        assertThat(shown.path("unwatched").textValue()).isEqualTo("no watchdog here");
        assertThat(shown.path("kept_directories"))
                .isEqualTo(
                        MAPPER.readTree("{\"count\": 2, \"bytes\": 3000, \"free_bytes\": 1000}"));
    }

    @Test
    void aStandbyHasPatronisFields() throws IOException {
        JsonNode json =
                status(
                        Members.syncStandby()
                                .pauseSeen()
                                .tags(
                                        Map.of(
                                                "clonefrom",
                                                "true",
                                                "failover_priority",
                                                "2",
                                                "zone",
                                                "7"))
                                .pendingRestart(Map.of("max_connections", "100->101"))
                                .scheduledRestart(
                                        new ScheduledRestart(
                                                "2026-11-21T00:00:00+00:00",
                                                new RestartConditions(
                                                        Optional.of("replica"),
                                                        Optional.empty(),
                                                        true),
                                                Optional.empty(),
                                                1))
                                .status());
        assertThat(json.path("role").textValue()).isEqualTo("replica");
        assertThat(json.path("xlog"))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"received_location": 49283328, "replayed_location": 49283072,
                                 "replayed_timestamp": "2026-11-20 18:00:01.5+00", "paused": false}
                                """));
        assertThat(json.path("replication_state").textValue()).isEqualTo("streaming");
        assertThat(json.path("sync_standby").booleanValue()).isTrue();
        assertThat(json.path("pause").booleanValue()).isTrue();
        assertThat(json.path("tags"))
                .isEqualTo(
                        MAPPER.readTree(
                                "{\"clonefrom\": true, \"failover_priority\": 2, \"zone\": \"7\"}"));
        assertThat(json.path("pending_restart").booleanValue()).isTrue();
        assertThat(json.path("pending_restart_reason"))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"max_connections": {"old_value": "100", "new_value": "101"}}
                                """));
        assertThat(json.path("scheduled_restart"))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"schedule": "2026-11-21T00:00:00+00:00", "role": "replica", "restart_pending": true}
                                """));
        assertThat(json.has("cluster_unlocked")).isFalse();
    }

    @Test
    void aStandbyThatReadsTheArchiveRunsAndSaysHowItReplicates() throws IOException {
        JsonNode json =
                status(
                        Members.standby()
                                .state(MemberState.IN_ARCHIVE_RECOVERY)
                                .server(Members.standbyServer(Members::notStreaming))
                                .status());
        assertThat(json.path("state").textValue()).isEqualTo("running");
        assertThat(json.path("replication_state").textValue()).isEqualTo("in archive recovery");
        assertThat(json.path("xlog").path("received_location").longValue()).isEqualTo(0x2F00000);
        assertThat(json.path("xlog").get("replayed_timestamp").isNull()).isTrue();
    }

    @Test
    void aMemberWithoutServerSaysOnlyWhatItKnows() throws IOException {
        JsonNode json =
                status(
                        Members.standby()
                                .state(MemberState.STARTING)
                                .server(
                                        new Server.Rejecting(
                                                "57P03", "the database system is starting up"))
                                .noCluster()
                                .status());
        assertThat(json.path("state").textValue()).isEqualTo("starting");
        assertThat(json.has("server_version")).isFalse();
        assertThat(json.has("xlog")).isFalse();
        assertThat(json.path("cluster_unlocked").booleanValue()).isTrue();
    }

    @Test
    void aMemberThatChangesItsRoleSaysHowLongItMayTake() throws IOException {
        JsonNode holdfast = status(Members.promoting().status()).path("holdfast");
        assertThat(holdfast.path("settles_in_seconds").doubleValue()).isEqualTo(5.25);
        assertThat(holdfast.path("serves_as_primary").booleanValue()).isFalse();
    }

    @Test
    void theClusterHasPatronisFields() throws IOException {
        ClusterView view =
                Clusters.view(
                        Optional.of(Clusters.PG1),
                        Clusters.members(
                                Clusters.primary(Clusters.PG1, "0/3000100"),
                                Clusters.standby(Clusters.PG2, "0/3000100", "0/30000C0"),
                                Clusters.stored(
                                        Clusters.PG3,
                                        Clusters.withTags(
                                                Clusters.record(
                                                        Clusters.PG3,
                                                        MemberState.STOPPED,
                                                        MemberRole.REPLICA,
                                                        Optional.empty()),
                                                Map.of("nofailover", "true"),
                                                Map.of("max_connections", "100->101")))),
                        Clusters.config(SyncMode.ON, Clusters.Pause.ON),
                        SyncState.of(Clusters.PG1, List.of(Clusters.PG2)),
                        Optional.of(
                                new FailoverRequest(
                                        Optional.of(Clusters.PG1),
                                        Optional.of(Clusters.PG2),
                                        Optional.of("2026-11-21T00:00:00+00:00"))),
                        Optional.of(Lsn.of("0/3000100")));
        assertThat(MAPPER.readTree(ClusterJson.cluster("demo", view)))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"members": [
                                   {"name": "pg1", "role": "leader", "state": "running", "api_url": "http://10.0.0.1:8008/patroni",
                                    "host": "10.0.0.1", "port": 5432, "timeline": 2},
                                   {"name": "pg2", "role": "sync_standby", "state": "streaming", "api_url": "http://10.0.0.2:8008/patroni",
                                    "host": "10.0.0.2", "port": 5432, "timeline": 2, "receive_lag": 0, "receive_lsn": "0/3000100",
                                    "replay_lag": 64, "replay_lsn": "0/30000C0", "lag": 0, "lsn": "0/3000100"},
                                   {"name": "pg3", "role": "replica", "state": "stopped", "api_url": "http://10.0.0.3:8008/patroni",
                                    "host": "10.0.0.3", "port": 5432, "timeline": 2, "pending_restart": true,
                                    "pending_restart_reason": {"max_connections": {"old_value": "100", "new_value": "101"}},
                                    "tags": {"nofailover": true}, "receive_lag": "unknown", "receive_lsn": "unknown",
                                    "replay_lag": "unknown", "replay_lsn": "unknown", "lag": "unknown", "lsn": "unknown",
                                    "note": "disk is nearly full"}],
                                 "scope": "demo", "pause": true,
                                 "scheduled_switchover": {"at": "2026-11-21T00:00:00+00:00", "from": "pg1", "to": "pg2"}}
                                """));
        assertThat(MAPPER.readTree(ClusterJson.history(view)))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                [[1, 33554432, "no recovery target specified", "2026-11-20T18:00:00+00:00", "pg1"]]
                                """));
    }

    @Test
    void aSwitchoverThatIsNotScheduledIsNotShownAsOne() throws IOException {
        ClusterView view =
                Clusters.view(
                        Optional.of(Clusters.PG1),
                        Clusters.members(),
                        Clusters.config(SyncMode.OFF, Clusters.Pause.OFF),
                        SyncState.none(),
                        Optional.of(
                                new FailoverRequest(
                                        Optional.of(Clusters.PG1),
                                        Optional.of(Clusters.PG2),
                                        Optional.empty())),
                        Optional.empty());
        assertThat(MAPPER.readTree(ClusterJson.cluster("demo", view)))
                .isEqualTo(MAPPER.readTree("{\"members\": [], \"scope\": \"demo\"}"));
    }

    @Test
    void theJournalIsAnArrayOfLines() throws IOException {
        assertThat(
                        MAPPER.readTree(
                                HoldfastJson.journal(
                                        List.of(
                                                new JournalLine(
                                                        "2026-11-20T18:00:00Z",
                                                        "promote",
                                                        "it \"won\" the race",
                                                        "Promote")))))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                [{"time": "2026-11-20T18:00:00Z", "code": "promote", "sentence": "it \\"won\\" the race",
                                  "actions": "Promote"}]
                                """));
    }

    private static JsonNode status(MemberStatus status) throws IOException {
        return MAPPER.readTree(StatusJson.text(status, Members.NOW));
    }
}
