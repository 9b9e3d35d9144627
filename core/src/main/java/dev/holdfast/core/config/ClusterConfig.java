package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The cluster's dynamic configuration (etcd key {@code config}), with Patroni's names and meanings.
 *
 * @param ttl how long a lease lives without renewal; 3 s or more, 10 s by default
 * @param loopWait how often what only drifts (positions) is written, and the longest time between
 *     two looks; 10 s by default
 * @param retryTimeout bound of one operation on PostgreSQL or the store; 10 s by default
 * @param maximumLagOnFailover bytes that a candidate may miss in asynchronous mode; 1 MiB by
 *     default
 * @param primaryStartTimeout how long a primary may take to come back before another takes over;
 *     300 s by default, 0 hands over at once
 * @param primaryStopTimeout how long a stop may take before it is forced; 0 (default) waits
 * @param syncNodeCount how many synchronous standbys to keep; 1 by default
 * @param syncStrict writes block rather than go on without a synchronous standby
 * @param maximumLagOnSyncNode bytes by which a synchronous standby may lag before another is taken
 *     in its place; 0 (default) and less for any number
 * @param failsafe a primary stays while the store is away, if all other members confirm it
 * @param memberSlotsTtl how long the slot of a member that has gone is kept; 30 min by default
 * @param maxTimelinesHistory how many lines {@code history} keeps; 0 (default) keeps all
 * @param parameters PostgreSQL parameters by name, values as PostgreSQL's configuration file would
 *     have them, without quotes
 * @param pgHba lines of pg_hba.conf; empty means that the member's own or the default are used
 * @param roles what is for one role of PostgreSQL only
 * @param slots replication slots beside those of the members
 * @param standbyCluster the cluster that this one follows; empty for one of its own
 */
public record ClusterConfig(
        Duration ttl,
        Duration loopWait,
        Duration retryTimeout,
        long maximumLagOnFailover,
        Duration primaryStartTimeout,
        Duration primaryStopTimeout,
        SyncMode syncMode,
        int syncNodeCount,
        boolean syncStrict,
        long maximumLagOnSyncNode,
        boolean checkTimeline,
        boolean pause,
        boolean failsafe,
        boolean usePgRewind,
        boolean useSlots,
        Duration memberSlotsTtl,
        int maxTimelinesHistory,
        SortedMap<String, String> parameters,
        List<String> pgHba,
        List<String> pgIdent,
        RoleSettings.ByRole roles,
        SlotSettings slots,
        Optional<StandbyCluster> standbyCluster) {

    public ClusterConfig {
        parameters = FrozenMap.copyOf(parameters);
        pgHba = List.copyOf(pgHba);
        pgIdent = List.copyOf(pgIdent);
    }

    /** What holds where the configuration says nothing. */
    public static ClusterConfig defaults() {
        return new ClusterConfig(
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                Duration.ofSeconds(10),
                1_048_576,
                Duration.ofSeconds(300),
                Duration.ZERO,
                SyncMode.OFF,
                1,
                false,
                -1,
                false,
                false,
                false,
                true,
                true,
                Duration.ofMinutes(30),
                0,
                new TreeMap<>(),
                List.of(),
                List.of(),
                RoleSettings.ByRole.none(),
                SlotSettings.NONE,
                Optional.empty());
    }

    public boolean synchronous() {
        return syncMode != SyncMode.OFF;
    }

    /** Commits wait for any {@code syncNodeCount} of the standbys. */
    public boolean quorum() {
        return syncMode == SyncMode.QUORUM;
    }
}
