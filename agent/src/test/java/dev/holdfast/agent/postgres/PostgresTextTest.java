package dev.holdfast.agent.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.postgres.ControlData;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What PostgreSQL's programs print is read as it is meant. */
final class PostgresTextTest {
    private static final List<String> CONTROL =
            """
            pg_control version number:            1300
            Database system identifier:           7298419849284928492
            Database cluster state:               in archive recovery
            pg_control last modified:             Fri Nov 20 19:05:19 2026
            Latest checkpoint location:           0/3000028
            Latest checkpoint's REDO location:    0/3000000
            Latest checkpoint's REDO WAL file:    000000010000000000000003
            Latest checkpoint's TimeLineID:       1
            Minimum recovery ending location:     1F/A0
            Min recovery ending loc's timeline:   2
            wal_log_hints setting:                on
            max_connections setting:              150
            max_worker_processes setting:         8
            max_wal_senders setting:              10
            max_prepared_xacts setting:           0
            max_locks_per_xact setting:           64
            Data page checksum version:           1
            """
                    .lines()
                    .toList();

    @Test
    void theControlFileIsRead() {
        ControlFile control = ControlFile.parse(CONTROL);
        assertThat(control.data().state()).isEqualTo(ControlData.State.IN_ARCHIVE_RECOVERY);
        assertThat(control.data().system().value()).isEqualTo("7298419849284928492");
        assertThat(control.data().redo()).isEqualTo(Lsn.of("0/3000000"));
        assertThat(control.data().minRecoveryPoint()).isEqualTo(Lsn.of("1F/A0"));
        assertThat(control.data().newestTimeline()).isEqualTo(new Timeline(2));
        assertThat(control.data().checksums()).isTrue();
        assertThat(control.limits())
                .containsEntry("max_connections", 150)
                .containsEntry("max_prepared_transactions", 0)
                .hasSize(5);
    }

    @Test
    void withoutAMinimumItsTimelineIsThatOfTheCheckpoint() {
        List<String> primary = new ArrayList<>(CONTROL);
        primary.replaceAll(l -> l.startsWith("Min recovery") ? l.replace("2", "0") : l);
        assertThat(ControlFile.parse(primary).data().minRecoveryTimeline())
                .isEqualTo(new Timeline(1));
    }

    @Test
    void aMissingOrStrangeLineIsNamed() {
        List<String> cut = new ArrayList<>(CONTROL);
        cut.removeIf(l -> l.startsWith("max_wal_senders"));
        assertThatThrownBy(() -> ControlFile.parse(cut)).hasMessageContaining("max_wal_senders");
        List<String> strange = new ArrayList<>(CONTROL);
        strange.replaceAll(l -> l.replace("in archive recovery", "asleep"));
        assertThatThrownBy(() -> ControlFile.parse(strange)).hasMessageContaining("asleep");
    }

    @Test
    void progressIsReadInBytes() {
        assertThat(InitialData.progress("  23145/ 46290 kB (50%), 0/1 tablespace")).isEmpty();
        assertThat(InitialData.progress(" 23145/46290 kB (50%), 0/1 tablespace (/x/base/1)"))
                .contains(new Postgres.Progress(23145L * 1024, 46290L * 1024));
        assertThat(InitialData.progress("waiting for checkpoint")).isEmpty();
    }

    @Test
    void theVersionIsRead() {
        assertThat(PgVersion.parse("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"))
                .contains(new PgVersion(15, "15.14"));
        assertThat(PgVersion.parse("postgres (PostgreSQL) 18beta2"))
                .contains(new PgVersion(18, "18beta2"));
        assertThat(PgVersion.parse("bash 5")).isEmpty();
        assertThat(new PgVersion(12, "12.1").isSupported()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "*, localhost",
        "0.0.0.0, localhost",
        "'10.0.0.1,localhost', localhost",
        "'10.0.0.1, 10.0.0.2', 10.0.0.1",
        "::, ::1",
        "'', localhost",
    })
    void theServerIsReachedWhereItListens(String listen, String host) {
        assertThat(PostgresSessions.localHost(listen)).isEqualTo(host);
    }

    @Test
    void aWalFilesNameBeginsWithItsTimeline() {
        assertThat(ServerProbe.timelineOf("0000001B0000000000000003")).isEqualTo(new Timeline(27));
    }
}
