package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.config.AgentConfig.HostPort;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The section {@code standby_cluster} of the dynamic configuration: while it is there, the cluster
 * follows another one, and none of its members is promoted.
 *
 * @param hosts servers of the other cluster, to stream from and to copy from; empty where its WAL
 *     comes from an archive only
 * @param slot {@code primary_slot_name}, a slot on the other cluster's primary
 * @param createReplicaMethods how a copy of the other cluster is made: names of methods in each
 *     member's file; empty for pg_basebackup
 * @param parameters {@code restore_command} and {@code archive_cleanup_command}, for every member
 * @param leaderParameters {@code recovery_min_apply_delay}, for the standby leader alone
 */
public record StandbyCluster(
        List<HostPort> hosts,
        Optional<String> slot,
        List<String> createReplicaMethods,
        SortedMap<String, String> parameters,
        SortedMap<String, String> leaderParameters) {
    public StandbyCluster {
        hosts = List.copyOf(hosts);
        createReplicaMethods = List.copyOf(createReplicaMethods);
        parameters = FrozenMap.copyOf(parameters);
        leaderParameters = FrozenMap.copyOf(leaderParameters);
    }
}
