package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.wire.Clusters;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.SyncMode;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.MemberStatus;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HealthChecksTest {

    /** One row of the table. */
    record Case(String situation, MemberStatus status, String uri, int expected) {
        @Override
        public String toString() {
            return situation + ": " + uri + " -> " + expected;
        }
    }

    @ParameterizedTest
    @MethodSource
    void aCheckIsAnsweredByWhatTheMemberIs(Case row) {
        assertThat(answer(row.uri(), row.status()).status()).isEqualTo(row.expected());
    }

    static Stream<Case> aCheckIsAnsweredByWhatTheMemberIs() {
        return Stream.of(
                        rows("a primary that serves", Members.primary().status())
                                .yes("/", "/primary", "/read-write", "/master", "/leader")
                                .yes(
                                        "/read-only",
                                        "/read-only-sync",
                                        "/read-only-synchronous",
                                        "/read-only-quorum")
                                .yes(
                                        "/health",
                                        "/liveness",
                                        "/readiness",
                                        "/primary?lag=nonsense&tag_zone=b")
                                .no(
                                        "/replica",
                                        "/sync",
                                        "/synchronous",
                                        "/async",
                                        "/asynchronous",
                                        "/quorum")
                                .no("/standby-leader", "/standby_leader", "/read-only?tag_zone=b"),
                        rows("a leader that may not serve yet", Members.promoting().status())
                                .yes("/leader", "/readiness", "/health", "/liveness")
                                .no(
                                        "/",
                                        "/primary",
                                        "/read-write",
                                        "/master",
                                        "/read-only",
                                        "/replica"),
                        rows(
                                        "a primary whose lease ran out",
                                        Members.primary()
                                                .leaderUntil(Members.NOW)
                                                .primaryUntil(Members.NOW)
                                                .status())
                                .yes("/health", "/liveness")
                                .no("/", "/primary", "/leader", "/read-only", "/readiness"),
                        rows("an asynchronous standby", Members.standby().status())
                                .yes(
                                        "/replica",
                                        "/read-only",
                                        "/async",
                                        "/asynchronous",
                                        "/health",
                                        "/liveness")
                                .yes(
                                        "/replica?lag=1048832",
                                        "/replica?lag=2MB",
                                        "/replica?lag=2%20mb")
                                .yes(
                                        "/replica?lag=1.5MB",
                                        "/async?lag=1GB",
                                        "/replica?replication_state=streaming")
                                .yes(
                                        "/readiness?lag=2MB",
                                        "/readiness?mode=write",
                                        "/readiness?lag=1MB&mode=write")
                                .no(
                                        "/",
                                        "/primary",
                                        "/leader",
                                        "/sync",
                                        "/quorum",
                                        "/read-only-sync")
                                .no(
                                        "/replica?lag=1048831",
                                        "/replica?lag=1MB",
                                        "/async?lag=1024kB",
                                        "/read-only?lag=0")
                                .no(
                                        "/replica?replication_state=in+archive+recovery",
                                        "/read-only-quorum")
                                .no(
                                        "/readiness",
                                        "/readiness?lag=1MB&mode=apply",
                                        "/readiness?lag=10kB&mode=write"),
                        rows("a synchronous standby", Members.syncStandby().status())
                                .yes(
                                        "/replica",
                                        "/sync",
                                        "/synchronous",
                                        "/read-only-sync",
                                        "/read-only")
                                .no(
                                        "/async",
                                        "/asynchronous",
                                        "/quorum",
                                        "/read-only-quorum",
                                        "/primary"),
                        rows(
                                        "a voter of a quorum",
                                        Members.syncStandby().cluster(quorum()).status())
                                .yes("/quorum", "/read-only-quorum", "/replica")
                                .no("/sync", "/read-only-sync", "/async"),
                        rows(
                                        "a standby with tags",
                                        Members.standby()
                                                .tags(Map.of("zone", "b", "clonefrom", "true"))
                                                .status())
                                .yes(
                                        "/replica?tag_zone=b",
                                        "/replica?tag_zone=b&tag_clonefrom=true")
                                .yes(
                                        "/read-only?tag_zone=b",
                                        "/async?tag_zone=b",
                                        "/health?tag_zone=b")
                                .no(
                                        "/replica?tag_zone=a",
                                        "/replica?tag_rack=1",
                                        "/replica?tag_zone=b&tag_rack=1"),
                        rows(
                                        "a standby not to be balanced to",
                                        Members.standby()
                                                .tags(Map.of("noloadbalance", "true"))
                                                .status())
                                .yes("/health", "/readiness?lag=2MB")
                                .no("/replica", "/read-only", "/async"),
                        rows(
                                        "a standby that reads the archive",
                                        Members.standby()
                                                .state(MemberState.IN_ARCHIVE_RECOVERY)
                                                .server(
                                                        Members.standbyServer(
                                                                Members::notStreaming))
                                                .status())
                                .yes(
                                        "/replica",
                                        "/health",
                                        "/replica?replication_state=in%20archive%20recovery")
                                .no("/replica?replication_state=streaming", "/readiness?lag=1GB"),
                        rows(
                                        "a standby whose server gave no answer",
                                        Members.standby()
                                                .server(new Server.Silent("no answer within 2 s"))
                                                .status())
                                .no("/replica", "/read-only", "/async", "/readiness?lag=1GB"),
                        rows(
                                        "a standby that stopped",
                                        Members.standby()
                                                .state(MemberState.STOPPED)
                                                .noServer()
                                                .status())
                                .yes("/liveness")
                                .no("/health", "/replica", "/read-only", "/async", "/readiness"),
                        rows(
                                        "a standby that never heard of the store",
                                        Members.standby().noCluster().status())
                                .yes("/replica", "/health", "/liveness")
                                .no("/async", "/sync", "/quorum", "/readiness?lag=1GB"),
                        rows(
                                        "a leader of a standby cluster",
                                        Members.standby()
                                                .role(MemberRole.STANDBY_LEADER)
                                                .leaderUntil(Members.SOON)
                                                .status())
                                .yes(
                                        "/leader",
                                        "/standby-leader",
                                        "/standby_leader",
                                        "/read-only",
                                        "/readiness")
                                .no("/", "/primary", "/replica"),
                        rows("any member", Members.standby().status())
                                .bad(
                                        "/replica?lag=",
                                        "/replica?lag=much",
                                        "/replica?lag=-1",
                                        "/replica?lag=10MiB")
                                .bad(
                                        "/replica?lag=99999999999999999TB",
                                        "/readiness?mode=read",
                                        "/async?lag=1e3")
                                .bad("/replica?replication_state=steaming", "/health?lag=x")
                                .add(404, "/replicas", "/primary/x", "/patroni"))
                .flatMap(rows -> rows.cases.stream());
    }

    @Test
    void aBadQueryIsAnsweredByASentenceThatNamesIt() {
        assertThat(answer("/replica?lag=much", Members.standby().status()).problem())
                .isEqualTo(
                        "query parameter \"lag\": found \"much\", expected bytes, or a number with the unit kB,"
                                + " MB, GB or TB, such as 10MB");
    }

    @Test
    void thePrimaryStopsServingAtTheInstantItMayNotProve() {
        MemberStatus status = Members.primary().status();
        MonoTime lastMoment = Members.SOON.minus(Duration.ofNanos(1));
        assertThat(
                        HealthChecks.answer(
                                        HealthPath.PRIMARY,
                                        HealthQuery.NONE,
                                        status,
                                        lastMoment,
                                        lastMoment)
                                .isHealthy())
                .isTrue();
        assertThat(
                        HealthChecks.answer(
                                        HealthPath.PRIMARY,
                                        HealthQuery.NONE,
                                        status,
                                        Members.SOON,
                                        Members.SOON)
                                .isHealthy())
                .isFalse();
    }

    @Test
    void aMemberWhoseLoopHangsIsAliveForOneTtlAsPrimaryAndForTwoElse() {
        Duration ttl = ClusterConfig.defaults().ttl();

        assertThat(aliveAfter(Members.primary().status(), ttl)).isTrue();
        assertThat(aliveAfter(Members.primary().status(), ttl.plusMillis(1))).isFalse();
        assertThat(aliveAfter(Members.standby().status(), ttl.multipliedBy(2))).isTrue();
        assertThat(aliveAfter(Members.standby().status(), ttl.multipliedBy(2).plusMillis(1)))
                .isFalse();
    }

    private static boolean aliveAfter(MemberStatus status, Duration silence) {
        return HealthChecks.answer(
                        HealthPath.LIVENESS,
                        HealthQuery.NONE,
                        status,
                        Members.NOW,
                        Members.NOW.plus(silence))
                .isHealthy();
    }

    private static HealthChecks.Answer answer(String uri, MemberStatus status) {
        String[] parts = uri.split("\\?", 2);
        List<Map.Entry<String, String>> parameters =
                parts.length == 1
                        ? List.of()
                        : Stream.of(parts[1].split("&"))
                                .map(parameter -> parameter.split("=", 2))
                                .map(pair ->
                                        Map.entry(
                                                pair[0],
                                                URLDecoder.decode(pair[1], StandardCharsets.UTF_8)))
                                .toList();
        return HealthChecks.answer(parts[0], parameters, status, Members.NOW, Members.NOW);
    }

    private static ClusterView quorum() {
        return Clusters.view(
                Optional.of(Clusters.PG1),
                Clusters.synchronous().members(),
                Clusters.config(SyncMode.QUORUM, Clusters.Pause.OFF),
                new SyncState(Optional.of(Clusters.PG1), List.of(Clusters.PG2), 1),
                Optional.empty(),
                Optional.empty());
    }

    private static Rows rows(String situation, MemberStatus status) {
        return new Rows(situation, status);
    }

    private static final class Rows {
        private final String situation;
        private final MemberStatus status;
        private final List<Case> cases = new ArrayList<>();

        Rows(String situation, MemberStatus status) {
            this.situation = situation;
            this.status = status;
        }

        Rows yes(String... uris) {
            return add(200, uris);
        }

        Rows no(String... uris) {
            return add(503, uris);
        }

        Rows bad(String... uris) {
            return add(400, uris);
        }

        Rows add(int expected, String... uris) {
            for (String uri : uris) {
                cases.add(new Case(situation, status, uri, expected));
            }
            return this;
        }
    }
}
