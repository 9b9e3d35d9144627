package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What doctor finds: each thing that may be wrong on one line, and nothing where nothing is. */
class DoctorTest {
    private static final String WELL =
            "\"reason_code\":\"follow\",\"reason\":\"standby of pg1\",\"guard\":\"standby\",\"serves_as_primary\":true";

    /** A cluster of three that is well, but for what {@code change} makes wrong. */
    record Ill(String name, Consumer<Ward> change, List<String> lines) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** The cluster, and what each member says. */
    static final class Ward implements AutoCloseable {
        private final ClusterFixture cluster = new ClusterFixture();

        Ward() {
            cluster.primary("pg1", saying(WELL), 3);
            cluster.standby("pg2", saying(WELL), "streaming", 3);
            cluster.standby("pg3", saying(WELL), "streaming", 3);
            cluster.put("leader", "pg1");
        }

        /** The address of a member that answers so. */
        String saying(String own) {
            return cluster.member(_ -> new Reply(200, "{\"holdfast\":{" + own + "}}")).apiUrl();
        }

        void put(String key, String value) {
            cluster.put(key, value);
        }

        void record(String name, String fields) {
            put(
                    "members/" + name,
                    "{\"conn_url\":\"postgres://%s.example:5432/postgres\",\"api_url\":\"%s\",\"version\":\"0.1.0\",%s}"
                            .formatted(name, saying(WELL), fields));
        }

        @Override
        public void close() {
            cluster.close();
        }
    }

    private static Stream<Ill> ills() {
        return Stream.of(
                new Ill(
                        "a standby cluster of a synchronous mode whose leader gets no WAL",
                        w -> {
                            w.put(
                                    "config",
                                    "{\"synchronous_mode\":true,\"standby_cluster\":{\"host\":\"east\"}}");
                            w.record(
                                    "pg1",
                                    "\"state\":\"running\",\"role\":\"standby_leader\",\"timeline\":3");
                        },
                        List.of(
                                "pg1: it leads a standby cluster, and does not stream from the other one (follow: standby of pg1): the code stands in OPERATIONS.md")),
                new Ill(
                        "a standby's PostgreSQL is dead",
                        w ->
                                w.cluster.state(
                                        "pg3",
                                        w.saying(
                                                "\"reason_code\":\"start.backoff\",\"reason\":\"the next start waits\",\"ends_in_a_row\":3"),
                                        "start failed"),
                        List.of(
                                "pg3: PostgreSQL ended 3 times in a row soon after its start (start.backoff: the next start waits): PostgreSQL's log says why",
                                "pg3: PostgreSQL is not running, it is \"start failed\" (start.backoff: the next start waits): the code stands in OPERATIONS.md; PostgreSQL's log has more")),
                new Ill(
                        "a standby's agent is dead, and its slot is left",
                        w -> {
                            w.cluster.delete("members/pg3");
                            w.cluster.primary(
                                    "pg1", w.saying(WELL + ",\"inactive_slots\":[\"pg3\"]"), 3);
                        },
                        List.of(
                                "pg1: nobody fetches from the slot pg3, which holds WAL back, and no agent of that name is there: start the agent of that standby if it is to come back, else remove-member; a slot that is no member's is yours to drop")),
                new Ill(
                        "a former primary is gone, and nothing used its slot since",
                        w -> {
                            w.cluster.delete("members/pg3");
                            w.put(
                                    "status",
                                    "{\"optime\":67108960,\"retain_slots\":[\"pg1\",\"pg2\",\"pg3\"]}");
                        },
                        List.of(
                                "demo: pg3 was a member within the last 30 minutes (member_slots_ttl), and no agent of that name is there: start its agent if it is to come back, else remove-member pg3")),
                new Ill(
                        "a watchdog is asked for and not used",
                        w ->
                                w.cluster.standby(
                                        "pg2",
                                        w.saying(
                                                WELL
                                                        + ",\"unwatched\":\"/dev/watchdog cannot be opened\""),
                                        "streaming",
                                        3),
                        List.of(
                                "pg2: watchdog.mode is automatic, and none is used: /dev/watchdog cannot be opened: mend it, then reload; or set watchdog.mode to off")),
                new Ill(
                        "what was set aside takes more room than there is",
                        w ->
                                w.cluster.standby(
                                        "pg2",
                                        w.saying(
                                                WELL
                                                        + ",\"kept_directories\":{\"count\":2,\"bytes\":3145728,\"free_bytes\":1048576}"),
                                        "streaming",
                                        3),
                        List.of(
                                "pg2: data directories that were set aside (2) take 3 MiB, and 1 MiB are free beside them: remove those that nobody needs any more, or lower postgresql.keep_directories")),
                new Ill(
                        "a slot holds much WAL back, and another little",
                        w ->
                                w.cluster.primary(
                                        "pg1",
                                        w.saying(
                                                WELL
                                                        + ",\"wal_held_by_slots\":{\"audit\":3221225472,\"pg2\":1024}"),
                                        3),
                        List.of(
                                "pg1: the slot audit holds 3072 MiB of WAL back: look why its receiver does not fetch; max_slot_wal_keep_size bounds it")),
                new Ill(
                        "nobody could take over",
                        w -> {
                            w.cluster.delete("members/pg3");
                            w.cluster.standby("pg2", w.saying(WELL), "in archive recovery", 3);
                        },
                        List.of(
                                "demo: nobody could take over from pg1: bring back, or add, a standby that streams and has no tag nofailover")),
                new Ill(
                        "nobody leads, and the members say why",
                        w -> {
                            w.cluster.delete("leader");
                            w.cluster.delete("members/pg1");
                            w.cluster.delete("members/pg3");
                            w.cluster.standby(
                                    "pg2",
                                    w.saying(
                                            "\"reason_code\":\"race.not_in_sync\",\"reason\":\"not in /sync\""),
                                    "in archive recovery",
                                    3);
                        },
                        List.of(
                                "demo: nobody leads; pg2 says (race.not_in_sync: not in /sync): what its members wait for is said by the codes, see OPERATIONS.md; failover names one by force")),
                new Ill(
                        "the leader is closed",
                        w ->
                                w.cluster.primary(
                                        "pg1",
                                        w.saying(
                                                "\"reason_code\":\"lead.wait_for_sync_set\",\"reason\":\"waiting\",\"serves_as_primary\":false"),
                                        3),
                        List.of(
                                "pg1: it leads, and does not serve as primary (lead.wait_for_sync_set: waiting): the code stands in OPERATIONS.md")),
                new Ill(
                        "a member does not answer over REST",
                        w -> w.cluster.standby("pg2", "nonsense", "streaming", 3),
                        List.of(
                                "pg2: its agent keeps its record, but does not answer over REST (\"nonsense\" is not the address of a member (http://host:port is expected)): look at restapi.connect_address, the network between, and the certificates")),
                new Ill(
                        "a standby lags",
                        w ->
                                w.record(
                                        "pg2",
                                        "\"state\":\"running\",\"role\":\"replica\",\"timeline\":3,\"xlog_location\":1000,\"replication_state\":\"streaming\""),
                        List.of(
                                "pg2: it is 67107960 bytes behind the leader, more than maximum_lag_on_failover (1048576): look at its disk, its replay and the network")),
                new Ill(
                        "a standby is on another timeline",
                        w -> w.cluster.standby("pg2", w.saying(WELL), "streaming", 2),
                        List.of(
                                "pg2: it is on timeline 2, the leader on 3 (follow: standby of pg1): it catches up by itself, or is rewound; if it stays, its agent's log says why")),
                new Ill(
                        "a standby runs and does not stream",
                        w ->
                                w.record(
                                        "pg2",
                                        "\"state\":\"running\",\"role\":\"replica\",\"timeline\":3,\"xlog_location\":67108960"),
                        List.of(
                                "pg2: PostgreSQL runs, and does not stream from the leader (follow: standby of pg1): look at its PostgreSQL's log, pg_hba.conf and the network to the leader")),
                new Ill(
                        "a synchronous mode has no synchronous standby",
                        w -> {
                            w.put("config", "{\"synchronous_mode\":true}");
                            w.put(
                                    "sync",
                                    "{\"leader\":\"pg1\",\"sync_standby\":null,\"quorum\":0}");
                        },
                        List.of(
                                "demo: no synchronous standby: what is acknowledged now is on pg1 only: bring a standby back, one without the tag nosync",
                                "demo: nobody could take over from pg1: bring back, or add, a standby that streams and has no tag nofailover")),
                new Ill(
                        "there are fewer synchronous standbys than wanted",
                        w -> {
                            w.put(
                                    "config",
                                    "{\"synchronous_mode\":true,\"synchronous_node_count\":2}");
                            w.put(
                                    "sync",
                                    "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\",\"quorum\":0}");
                        },
                        List.of(
                                "demo: 1 synchronous standbys of 2 (synchronous_node_count): bring more standbys back, or ask for fewer")),
                new Ill(
                        "the cluster is paused, and a member has not seen it",
                        w -> {
                            w.put("config", "{\"pause\":true}");
                            for (String member : List.of("pg1", "pg2")) {
                                w.record(
                                        member,
                                        "\"state\":\"running\",\"role\":\"%s\",\"timeline\":3,\"xlog_location\":67108960,\"replication_state\":\"streaming\",\"pause\":true"
                                                .formatted(
                                                        member.equals("pg1")
                                                                ? "primary"
                                                                : "replica"));
                            }
                        },
                        List.of(
                                "demo: paused: nobody fails over, and the guards are disarmed: resume when the maintenance is done",
                                "pg3: it does not act on the cluster's pause: look at its agent's log")),
                new Ill(
                        "agents are of different versions",
                        w ->
                                w.put(
                                        "members/pg3",
                                        "{\"conn_url\":\"postgres://pg3.example:5432/postgres\",\"api_url\":\"%s\",\"version\":\"0.2.0\",\"state\":\"running\",\"role\":\"replica\",\"timeline\":3,\"xlog_location\":67108960,\"replication_state\":\"streaming\"}"
                                                .formatted(w.saying(WELL))),
                        List.of(
                                "demo: the agents are of different versions (pg1 0.1.0, pg2 0.1.0, pg3 0.2.0): finish the upgrade")),
                new Ill(
                        "guard, watchdog and disk of a member are not well",
                        w ->
                                w.cluster.standby(
                                        "pg2",
                                        w.saying(
                                                "\"guard\":\"unreachable\",\"barred\":\"no watchdog\",\"unwell\":\"nothing can be written in /data\""),
                                        "streaming",
                                        3),
                        List.of(
                                "pg2: its guard cannot be reached, so it may not lead: look at the agent's log and guard.dir",
                                "pg2: it may not lead: no watchdog: mend it, then reload; or set watchdog.mode to automatic",
                                "pg2: nothing can be written in /data: look at the host: its disks, stopped processes")),
                new Ill(
                        "commits are weaker than promised",
                        w ->
                                w.cluster.primary(
                                        "pg1",
                                        w.saying(
                                                WELL
                                                        + ",\"weaker_synchronous_commit\":[\"synchronous_commit is off for role app\"]"),
                                        3),
                        List.of(
                                "pg1: synchronous_commit is off for role app: what is committed so may be lost: ALTER ... RESET synchronous_commit")),
                new Ill(
                        "a service that follows the leader did not start",
                        w ->
                                w.cluster.primary(
                                        "pg1",
                                        w.saying(
                                                WELL
                                                        + ",\"services\":[{\"name\":\"a\",\"state\":\"started\"},{\"name\":\"b\",\"state\":\"failed\",\"failure\":\"b ended with status 3\"}]"),
                                        3),
                        List.of(
                                "pg1: b ended with status 3: it is tried again; look at the service on that host")),
                new Ill(
                        "a restart is pending, and a member has a note",
                        w -> {
                            w.record(
                                    "pg2",
                                    "\"state\":\"running\",\"role\":\"replica\",\"timeline\":3,\"xlog_location\":67108960,\"replication_state\":\"streaming\",\"pending_restart\":true,\"pending_restart_reason\":{\"max_connections\":{\"old_value\":\"100\",\"new_value\":\"200\"}}");
                            w.record(
                                    "pg3",
                                    "\"state\":\"running\",\"role\":\"replica\",\"timeline\":3,\"xlog_location\":67108960,\"replication_state\":\"streaming\",\"note\":\"store is older\"");
                        },
                        List.of(
                                "pg2: parameters wait for a restart ({max_connections=100->200}): restart --pending",
                                "pg3: store is older: look at its agent's log")),
                new Ill(
                        "a key of the store cannot be read",
                        w -> w.put("failover", "nonsense"),
                        List.of("demo: etcd holds what cannot be used as it stands (")));
    }

    @ParameterizedTest
    @MethodSource("ills")
    void eachIllIsOneLine(Ill ill) {
        try (Ward ward = new Ward()) {
            ill.change().accept(ward);
            Result result = ward.cluster.run("doctor", "demo");
            assertThat(result.err()).isEmpty();
            assertThat(result.status()).isEqualTo(1);
            List<String> lines = result.out().lines().toList();
            assertThat(lines).hasSameSizeAs(ill.lines());
            for (int i = 0; i < lines.size(); i++) {
                assertThat(lines.get(i)).startsWith(ill.lines().get(i));
            }
        }
    }

    @Test
    void aClusterThatIsWellHasNothingToShow() {
        try (Ward ward = new Ward()) {
            assertThat(ward.cluster.run("doctor", "demo"))
                    .isEqualTo(new Result(0, "demo: all is well\n", ""));
            assertThat(ward.cluster.run("doctor", "demo", "-f", "json"))
                    .isEqualTo(new Result(0, "[]\n", ""));
        }
    }

    @Test
    void whoWasRemovedForGoodIsNotMissed() {
        try (Ward ward = new Ward()) {
            ward.cluster.delete("members/pg3");
            ward.put("status", "{\"optime\":67108960,\"retain_slots\":[\"pg1\",\"pg2\",\"pg3\"]}");
            assertThat(ward.cluster.run("doctor", "demo").out()).contains("pg3");

            ward.put("settings/pg3", "{\"removed\":true}");
            assertThat(ward.cluster.run("doctor", "demo"))
                    .isEqualTo(new Result(0, "demo: all is well\n", ""));
        }
    }

    @Test
    void machinesReadTheSame() {
        try (Ward ward = new Ward()) {
            ward.cluster.standby("pg2", ward.saying(WELL), "streaming", 2);
            assertThat(ward.cluster.run("doctor", "demo", "-f", "json"))
                    .isEqualTo(
                            new Result(
                                    1,
                                    """
                                    [{"Cluster":"demo","Where":"pg2","Code":"timeline.differs",\
                                    "Finding":"it is on timeline 2, the leader on 3 (follow: standby of pg1)",\
                                    "Advice":"it catches up by itself, or is rewound; if it stays, its agent's log says why"}]
                                    """,
                                    ""));
        }
    }
}
