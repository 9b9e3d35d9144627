package dev.holdfast.api.wire;

import static dev.holdfast.api.wire.Clusters.PG1;
import static dev.holdfast.api.wire.Clusters.PG2;
import static dev.holdfast.api.wire.Clusters.PG3;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.SyncMode;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterRowsTest {

    @Test
    void eachMemberHasItsRoleAndItsLag() {
        assertThat(ClusterRows.rows(Clusters.synchronous()))
                .extracting(
                        MemberRow::name,
                        row -> row.role().title(),
                        MemberRow::state,
                        MemberRow::lagBytes)
                .containsExactly(
                        tuple(PG1, "Leader", "running", Optional.empty()),
                        tuple(PG2, "Sync Standby", "streaming", Optional.of(0x40L)),
                        tuple(PG3, "Replica", "streaming", Optional.of(0x100000L)));
    }

    @Test
    void receivedAndReplayedAreCountedApart() {
        MemberRow pg3 = ClusterRows.rows(Clusters.synchronous()).get(2);
        assertThat(pg3.received()).contains(new MemberRow.Place(Lsn.of("0/2F00100"), 0x100000));
        assertThat(pg3.replayed()).contains(new MemberRow.Place(Lsn.of("0/2F00000"), 0x100100));
    }

    @Test
    void aStandbyPastWhatTheLeaderPublishedHasNoLag() {
        ClusterView view = asynchronous(Clusters.standby(PG2, "0/3000500", "0/3000500"));
        assertThat(ClusterRows.rows(view).get(1).lagBytes()).contains(0L);
    }

    @Test
    void aMemberWithoutServerHasUnknownLag() {
        MemberRow row = ClusterRows.rows(asynchronous(Clusters.stopped(PG2))).get(1);
        assertThat(row.lagBytes()).isEmpty();
        assertThat(row.received()).isEmpty();
        assertThat(row.state()).isEqualTo("stopped");
    }

    @Test
    void nobodyIsLeaderWhileNobodyHoldsTheKey() {
        ClusterView view =
                Clusters.view(
                        Optional.empty(),
                        Clusters.members(
                                Clusters.primary(PG1, "0/3000100"),
                                Clusters.standby(PG2, "0/3000000", "0/3000000")),
                        Clusters.config(SyncMode.OFF, Clusters.Pause.OFF),
                        SyncState.none(),
                        Optional.empty(),
                        Optional.of(Lsn.of("0/3000100")));
        assertThat(ClusterRows.rows(view))
                .extracting(MemberRow::role)
                .containsOnly(MemberRow.Role.REPLICA);
        assertThat(ClusterRows.rows(view)).noneMatch(MemberRow::leads);
    }

    @Test
    void whoStandsInSyncIsNoSynchronousStandbyOnceTheModeIsOff() {
        ClusterView view =
                Clusters.view(
                        Optional.of(PG1),
                        Clusters.synchronous().members(),
                        Clusters.config(SyncMode.OFF, Clusters.Pause.OFF),
                        SyncState.of(PG1, List.of(PG2)),
                        Optional.empty(),
                        Optional.empty());
        assertThat(ClusterRows.rows(view).get(1).role()).isEqualTo(MemberRow.Role.REPLICA);
    }

    @Test
    void theLeadersOwnRecordCountsWhereStatusIsOlder() {
        ClusterView view =
                Clusters.view(
                        Optional.of(PG1),
                        Clusters.synchronous().members(),
                        Clusters.config(SyncMode.OFF, Clusters.Pause.OFF),
                        SyncState.none(),
                        Optional.empty(),
                        Optional.of(Lsn.of("0/1000000")));
        assertThat(view.published()).isEqualTo(Lsn.of("0/3000100"));
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://10.0.0.1:5432/postgres,10.0.0.1,5432,10.0.0.1:5432",
        "postgres://pg_1:5433/postgres,pg_1,5433,pg_1:5433",
        "postgres://user:p@db.example:6432/postgres?sslmode=require,db.example,6432,db.example:6432",
        "postgres://[fd00::7]:5432/postgres,fd00::7,5432,[fd00::7]:5432",
        "postgres://[fd00::7]/postgres,fd00::7,,[fd00::7]",
        "postgres://db.example,db.example,,db.example",
        "'','',,''",
    })
    void theAddressIsReadFromTheConnectionUrl(
            String url, String host, @Nullable Integer port, String address) {
        ClusterView view =
                asynchronous(
                        Clusters.stored(
                                PG2,
                                Clusters.withConnUrl(
                                        Clusters.record(
                                                PG2,
                                                MemberState.STOPPED,
                                                MemberRole.REPLICA,
                                                Optional.empty()),
                                        url)));
        MemberRow row = ClusterRows.rows(view).get(1);
        assertThat(row.host()).isEqualTo(host);
        assertThat(row.port()).isEqualTo(Optional.ofNullable(port));
        assertThat(row.address()).isEqualTo(address);
    }

    private static ClusterView asynchronous(MemberRecord.Stored second) {
        return Clusters.view(
                Optional.of(PG1),
                Clusters.members(Clusters.primary(PG1, "0/3000100"), second),
                Clusters.config(SyncMode.OFF, Clusters.Pause.OFF),
                SyncState.none(),
                Optional.empty(),
                Optional.of(Lsn.of("0/3000100")));
    }
}
