package dev.holdfast.api.server;

import dev.holdfast.api.wire.StatusJson;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.MemberStatus;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Which status a health check gets. Pure: the same picture of the member at the same instant gets
 * the same answer. What cannot be shown is answered 503: a balancer that is told no asks another
 * member, one that is told a wrong yes serves wrong data.
 */
public final class HealthChecks {
    private HealthChecks() {}

    /**
     * An answer.
     *
     * @param status 200, 503, 400 for a query that cannot be read, or 404 for a path that is no
     *     health check
     * @param problem one sentence with a 400 and a 404, else empty
     */
    public record Answer(int status, String problem) {
        static final Answer YES = new Answer(200, "");
        static final Answer NO = new Answer(503, "");

        static Answer of(boolean healthy) {
            return healthy ? YES : NO;
        }

        public boolean isHealthy() {
            return status == 200;
        }
    }

    /**
     * Answers {@code path}, which may be any, with its decoded query parameters.
     *
     * @param ranAt when the member's loop ran last
     */
    public static Answer answer(
            String path,
            Iterable<Map.Entry<String, String>> parameters,
            MemberStatus status,
            MonoTime ranAt,
            MonoTime now) {
        Optional<HealthPath> check = HealthPath.of(path);
        if (check.isEmpty()) {
            return new Answer(404, "there is no health check \"" + path + "\"");
        }
        if (!check.get().readsQuery()) {
            return answer(check.get(), HealthQuery.NONE, status, ranAt, now);
        }
        return switch (HealthQuery.parse(parameters)) {
            case HealthQuery.Parsed.Valid(HealthQuery query) ->
                    answer(check.get(), query, status, ranAt, now);
            case HealthQuery.Parsed.Invalid(String sentence) -> new Answer(400, sentence);
        };
    }

    /**
     * Answers a check.
     *
     * @param ranAt when the member's loop ran last
     */
    public static Answer answer(
            HealthPath check,
            HealthQuery query,
            MemberStatus status,
            MonoTime ranAt,
            MonoTime now) {
        return Answer.of(
                switch (check) {
                    case PRIMARY -> status.servesAsPrimary(now);
                    case LEADER -> status.holdsLease(now);
                    case STANDBY_LEADER -> leadsStandbyCluster(status, now);
                    case REPLICA -> isReplica(query, status) && hasTags(query, status);
                    case READ_ONLY ->
                            (mayReadLeader(status, now) || isReplica(query, status))
                                    && hasTags(query, status);
                    case SYNC ->
                            status.isSyncStandby()
                                    && isReplica(query, status)
                                    && hasTags(query, status);
                    case READ_ONLY_SYNC ->
                            (mayReadLeader(status, now)
                                            || (status.isSyncStandby() && isReplica(query, status)))
                                    && hasTags(query, status);
                    case ASYNC ->
                            isAsyncStandby(status)
                                    && isReplica(query, status)
                                    && hasTags(query, status);
                    case QUORUM ->
                            status.isQuorumStandby()
                                    && isReplica(query, status)
                                    && hasTags(query, status);
                    case READ_ONLY_QUORUM ->
                            (mayReadLeader(status, now)
                                            || (status.isQuorumStandby()
                                                    && isReplica(query, status)))
                                    && hasTags(query, status);
                    case HEALTH -> status.state().isRunning() && hasTags(query, status);
                    case LIVENESS -> isAlive(status, ranAt, now);
                    case READINESS -> isReady(query, status, now);
                });
    }

    /**
     * By Patroni's bounds. A loop that hangs renews no lease and changes no status, so the role is
     * the one that it had.
     */
    private static boolean isAlive(MemberStatus status, MonoTime ranAt, MonoTime now) {
        Duration ttl = config(status).ttl();
        Duration longest =
                switch (status.role()) {
                    case PRIMARY, STANDBY_LEADER -> ttl;
                    case REPLICA, UNINITIALIZED, DEMOTED, PROMOTED -> ttl.multipliedBy(2);
                };
        return !now.isAfter(ranAt.plus(longest));
    }

    private static boolean leadsStandbyCluster(MemberStatus status, MonoTime now) {
        return status.holdsLease(now) && status.role() == MemberRole.STANDBY_LEADER;
    }

    private static boolean mayReadLeader(MemberStatus status, MonoTime now) {
        return status.servesAsPrimary(now) || leadsStandbyCluster(status, now);
    }

    private static boolean isReplica(HealthQuery query, MemberStatus status) {
        return status.role() == MemberRole.REPLICA
                && status.state().isRunning()
                && status.server().orElse(null) instanceof Server.Standby standby
                && !status.tags().noLoadBalance()
                && lagBytes(status, standby.replayed())
                        <= query.maxLagBytes().orElse(Long.MAX_VALUE)
                && (query.replicationState().isEmpty()
                        || query.replicationState().equals(StatusJson.replicationState(status)));
    }

    private static long lagBytes(MemberStatus status, Lsn at) {
        return status.cluster().map(ClusterView::published).orElse(Lsn.ZERO).bytesPast(at);
    }

    private static boolean isAsyncStandby(MemberStatus status) {
        return status.cluster().isPresent() && !status.syncStandby();
    }

    private static boolean hasTags(HealthQuery query, MemberStatus status) {
        return query.tags().entrySet().stream()
                .allMatch(tag -> tag.getValue().equals(status.tags().values().get(tag.getKey())));
    }

    private static boolean isReady(HealthQuery query, MemberStatus status, MonoTime now) {
        if (status.holdsLease(now)) {
            return true;
        }
        if (!status.state().isRunning()
                || status.cluster().isEmpty()
                || !(status.server().orElse(null) instanceof Server.Standby standby)
                || !standby.isStreaming()) {
            return false;
        }
        long allowed = query.maxLagBytes().orElseGet(() -> config(status).maximumLagOnFailover());
        Lsn at =
                switch (query.mode()) {
                    case APPLY -> standby.replayed();
                    case WRITE -> standby.position();
                };
        return lagBytes(status, at) <= allowed;
    }

    private static ClusterConfig config(MemberStatus status) {
        return status.cluster()
                .flatMap(ClusterView::config)
                .map(Versioned::value)
                .orElseGet(ClusterConfig::defaults);
    }
}
