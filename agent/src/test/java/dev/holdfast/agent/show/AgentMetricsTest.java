package dev.holdfast.agent.show;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.Condition;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Dashboards and alerts made for Patroni find what they ask for. */
class AgentMetricsTest {
    private static String scraped(MemberState state) {
        Server.Standby standby =
                new Server.Standby(
                        new Server.Common(1_000_000, 150_018, "", new TreeMap<>()),
                        new Timeline(1),
                        Optional.of(new Lsn(7)),
                        new Lsn(5),
                        Optional.of("2026-11-26 11:00:00.500000+00:00"),
                        Server.Replay.ON,
                        Optional.empty(),
                        "",
                        List.of(),
                        List.of());
        MemberStatus status =
                new MemberStatus(
                        "demo",
                        new MemberName("pg1"),
                        "1.2.3-SNAPSHOT",
                        state,
                        MemberRole.REPLICA,
                        Optional.of(standby),
                        Optional.empty(),
                        Optional.empty(),
                        0,
                        MonoTime.BEGINNING,
                        MonoTime.BEGINNING,
                        MonoTime.BEGINNING,
                        false,
                        false,
                        new Tags(new TreeMap<>()),
                        Collections.emptySortedMap(),
                        Optional.empty(),
                        "follow",
                        "a standby",
                        "",
                        "standby",
                        Condition.FINE,
                        List.of(),
                        HostStatus.UNKNOWN);
        return new AgentMetrics("demo", "pg1", () -> status, () -> new MonoTime(1)).scrape();
    }

    @Test
    void theStateIsThereAsPatronisNumber() {
        assertThat(scraped(MemberState.RUNNING))
                .containsPattern("patroni_postgres_state\\{.*} 5.0");
        assertThat(scraped(MemberState.CRASHED))
                .containsPattern("patroni_postgres_state\\{.*} 14.0");
    }

    @Test
    void aStandbyTellsWhetherItReplaysFromTheArchiveAndHowFar() {
        assertThat(scraped(MemberState.IN_ARCHIVE_RECOVERY))
                .containsPattern("patroni_postgres_in_archive_recovery\\{.*} 1.0")
                .containsPattern("patroni_postgres_running\\{.*} 1.0")
                .containsPattern("patroni_postgres_streaming\\{.*} 0.0")
                .containsPattern("patroni_xlog_replayed_timestamp\\{.*} 1.7956908005E9");
        assertThat(scraped(MemberState.RUNNING))
                .containsPattern("patroni_postgres_in_archive_recovery\\{.*} 0.0");
    }

    @Test
    void theVersionIsANumber() {
        assertThat(scraped(MemberState.RUNNING)).containsPattern("patroni_version\\{.*} 10203.0");
    }
}
