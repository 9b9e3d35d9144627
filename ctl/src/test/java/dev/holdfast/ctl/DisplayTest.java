package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.ctl.ClusterFixture.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What list, topology, history and show-config write, to the letter: scripts read it. */
class DisplayTest {
    private static final String API = "http://127.0.0.1:8008/patroni";
    private final ClusterFixture cluster = new ClusterFixture();

    @BeforeEach
    void members() {
        cluster.primary("pg1", API, 3);
        cluster.standby("pg2", API, "streaming", 3);
        cluster.state("pg3", API, "stopped");
        cluster.put("leader", "pg1");
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void aClusterIsATableWithItsNameInTheUpperRule() {
        assertThat(cluster.run("list", "demo"))
                .isEqualTo(
                        new Result(
                                0,
                                """
                                + Cluster: demo (7423000000000000001) -------+----+-------------+-----+------------+-----+
                                | Member | Host        | Role    | State     | TL | Receive LSN | Lag | Replay LSN | Lag |
                                +--------+-------------+---------+-----------+----+-------------+-----+------------+-----+
                                | pg1    | pg1.example | Leader  | running   |  3 |             |     |            |     |
                                | pg2    | pg2.example | Replica | streaming |  3 |   0/4000060 |   0 |  0/4000060 |   0 |
                                | pg3    | pg3.example | Replica | stopped   |  3 |     unknown |     |    unknown |     |
                                +--------+-------------+---------+-----------+----+-------------+-----+------------+-----+
                                """,
                                ""));
    }

    @Test
    void whatIsUnusualAddsColumnsAndLines() {
        cluster.put("config", "{\"pause\":true,\"synchronous_mode\":true}");
        cluster.put("sync", "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\",\"quorum\":0}");
        cluster.put(
                "failover",
                "{\"leader\":\"pg1\",\"member\":\"pg2\",\"scheduled_at\":\"2026-11-21T10:00:00+01:00\"}");
        cluster.put(
                "members/pg3",
                """
                {"conn_url":"postgres://pg3.example:5433/postgres","api_url":"%s","state":"running","role":"replica",\
                "version":"0.1.0","timeline":2,"xlog_location":60000000,"pending_restart":true,\
                "pending_restart_reason":{"max_connections":{"old_value":"100","new_value":"200"}},\
                "tags":{"nofailover":true,"replicatefrom":"pg2"}}\
                """
                        .formatted(API));

        assertThat(cluster.run("topology", "demo").out())
                .isEqualTo(
                        """
                        + Cluster: demo (7423000000000000001) ------+-----------+----+-------------+-----+------------+-----+-----------------+---------------------------+--------------------+
                        | Member  | Host             | Role         | State     | TL | Receive LSN | Lag | Replay LSN | Lag | Pending restart | Pending restart reason    | Tags               |
                        +---------+------------------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+---------------------------+--------------------+
                        | pg1     | pg1.example:5432 | Leader       | running   |  3 |             |     |            |     |                 |                           |                    |
                        | + pg2   | pg2.example:5432 | Sync Standby | streaming |  3 |   0/4000060 |   0 |  0/4000060 |   0 |                 |                           |                    |
                        |   + pg3 | pg3.example:5433 | Replica      | running   |  2 |     unknown |     |  0/3938700 |   7 | *               | max_connections: 100->200 | nofailover: true   |
                        |         |                  |              |           |    |             |     |            |     |                 |                           | replicatefrom: pg2 |
                        +---------+------------------+--------------+-----------+----+-------------+-----+------------+-----+-----------------+---------------------------+--------------------+
                         Maintenance mode: on
                         Switchover scheduled at: 2026-11-21T10:00:00+01:00
                                            from: pg1
                                              to: pg2
                        """);
    }

    @Test
    void extendedShowsColumnsThatSayNothing() {
        assertThat(
                        cluster.run("list", "-e", "demo")
                                .out()
                                .lines()
                                .skip(1)
                                .findFirst()
                                .orElseThrow())
                .endsWith(
                        "| Lag | Pending restart | Pending restart reason | Scheduled restart | Tags | Settings | Services |");
    }

    @Test
    void machinesReadTheSame() {
        assertThat(cluster.run("list", "demo", "-f", "json").out())
                .isEqualTo(
                        """
                        [{"Cluster":"demo","Member":"pg1","Host":"pg1.example","Role":"Leader","State":"running","TL":3},\
                        {"Cluster":"demo","Member":"pg2","Host":"pg2.example","Role":"Replica","State":"streaming","TL":3,\
                        "Receive LSN":"0/4000060","Receive Lag":0,"Replay LSN":"0/4000060","Replay Lag":0},\
                        {"Cluster":"demo","Member":"pg3","Host":"pg3.example","Role":"Replica","State":"stopped","TL":3,\
                        "Receive LSN":"unknown","Replay LSN":"unknown"}]
                        """);
        assertThat(cluster.run("list", "demo", "-f", "tsv").out().lines().limit(3))
                .containsExactly(
                        "Cluster\tMember\tHost\tRole\tState\tTL\tReceive LSN\tReceive Lag\tReplay LSN\tReplay Lag",
                        "demo\tpg1\tpg1.example\tLeader\trunning\t3\t\t\t\t",
                        "demo\tpg2\tpg2.example\tReplica\tstreaming\t3\t0/4000060\t0\t0/4000060\t0");
        assertThat(cluster.run("list", "demo", "-f", "yaml").out().lines().limit(7))
                .containsExactly(
                        "- Cluster: demo",
                        "  Host: pg1.example",
                        "  Member: pg1",
                        "  Role: Leader",
                        "  State: running",
                        "  TL: 3",
                        "- Cluster: demo");
    }

    @Test
    void watchingShowsItAgainWithTheTime() {
        assertThat(
                        cluster.run("list", "-t", "-w", "1", "demo")
                                .out()
                                .lines()
                                .filter("2026-11-20 18:00:00"::equals))
                .hasSize(2);
    }

    @Test
    void historyIsATable() {
        cluster.put(
                "history",
                "[[1,25623960,\"no recovery target specified\",\"2026-09-23T16:57:57+02:00\",\"pg1\"],[2,25624344,\"x\"]]");

        assertThat(cluster.run("history", "demo").out())
                .isEqualTo(
                        """
                        +----+----------+------------------------------+---------------------------+------------+
                        | TL |      LSN | Reason                       | Timestamp                 | New Leader |
                        +----+----------+------------------------------+---------------------------+------------+
                        |  1 | 25623960 | no recovery target specified | 2026-09-23T16:57:57+02:00 | pg1        |
                        |  2 | 25624344 | x                            |                           |            |
                        +----+----------+------------------------------+---------------------------+------------+
                        """);
        assertThat(cluster.run("history", "demo", "-f", "json").out())
                .startsWith(
                        "[{\"TL\":1,\"LSN\":25623960,\"Reason\":\"no recovery target specified\"");
    }

    @Test
    void theConfigurationIsSortedYaml() {
        assertThat(cluster.run("show-config", "demo").out())
                .isEqualTo(
                        """
                        loop_wait: 10
                        postgresql:
                          parameters:
                            max_connections: 100
                        ttl: 10
                        """);
    }

    @Test
    void versionsOfMembersAreAsked() {
        FakeMember member =
                cluster.member(_ ->
                        new Reply(
                                503,
                                "{\"server_version\":150004,\"patroni\":{\"version\":\"0.1.0\",\"scope\":\"demo\"}}"));
        cluster.standby("pg2", member.apiUrl(), "streaming", 3);

        assertThat(cluster.run("version", "demo", "pg2").out())
                .startsWith("holdfastctl version ")
                .endsWith("\n\npg2: Holdfast 0.1.0 PostgreSQL 15.4\n");
    }
}
